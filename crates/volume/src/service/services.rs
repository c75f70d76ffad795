//! Services as Cinder's administrators know them: one for each backend, one that places, one that makes backups. All of them
//! are this process; what is said of a backend's decides whether anything new comes to it.

use kogge_clock::Timestamp;
use kogge_db::{Executor, Record as _, Tx};
use kogge_storage::Facts;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::quota::Usage;
use crate::store::services::{self as store, Said};
use crate::store::usage;

/// What serves volumes of a backend.
pub(crate) const VOLUME: &str = "cinder-volume";
/// What places volumes.
pub(crate) const SCHEDULER: &str = "cinder-scheduler";
/// What makes backups.
pub(crate) const BACKUP: &str = "cinder-backup";

/// A service.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    /// What it is.
    pub(crate) kind: &'static str,
    /// Where it runs.
    pub(crate) host: String,
    /// The backend that it serves.
    pub(crate) backend: Option<String>,
    /// It takes nothing new.
    pub(crate) disabled: bool,
    /// Why.
    pub(crate) reason: Option<String>,
    /// Nothing on it is to be changed.
    pub(crate) frozen: bool,
    /// When something was said of it; nothing while nothing was.
    pub(crate) said_at: Option<Timestamp>,
}

/// A backend with what it is and has; nothing where it does not answer.
pub(crate) struct Pool {
    /// Its name.
    pub(crate) backend: String,
    /// What it is and has.
    pub(crate) facts: Option<Facts>,
}

/// What is said of a service.
#[derive(Debug, Clone)]
pub(crate) enum Word {
    /// It takes new volumes.
    Enable,
    /// It takes none, for this reason.
    Disable(Option<String>),
    /// Nothing on it is to be changed.
    Freeze,
    /// That is over.
    Thaw,
}

impl Volumes {
    /// All services with what was said of them.
    pub(crate) async fn services(&self, db: impl Executor) -> Result<Vec<Service>> {
        let said = store::all(db).await?;
        let host = &self.config().host;
        let mut all = vec![service(&said, SCHEDULER, host.clone(), None)];
        for (backend, _) in self.backends() {
            all.push(service(&said, VOLUME, format!("{host}@{backend}"), Some(backend.clone())));
        }
        all.push(service(&said, BACKUP, host.clone(), None));
        Ok(all)
    }

    /// Says something of the service of this kind and host.
    pub(crate) async fn say_of_service(&self, kind: &str, host: &str, word: Word) -> Result<Service> {
        let mut tx = self.db().begin().await?;
        let found =
            self.services(&mut tx).await?.into_iter().find(|one| one.kind == kind && one.host == host);
        let missing = || Error::NotFound(format!("Service {kind} could not be found on host {host}."));
        let mut service = found.ok_or_else(missing)?;
        let key = (service.host.clone(), service.kind.to_owned());
        // whoever said something before is done
        if let Some(before) = Said::lock(&mut tx, &key).await? {
            (service.disabled, service.frozen) = (before.disabled, before.frozen);
            service.reason = before.reason;
        }
        match word {
            Word::Enable => (service.disabled, service.reason) = (false, None),
            Word::Disable(reason) => {
                service.disabled = true;
                service.reason = reason.or(service.reason);
            }
            Word::Freeze | Word::Thaw if service.backend.is_none() => return Err(missing()),
            Word::Freeze if service.frozen => return Err(frozen(host, false)),
            Word::Thaw if !service.frozen => return Err(frozen(host, true)),
            Word::Freeze => service.frozen = true,
            Word::Thaw => service.frozen = false,
        }
        service.said_at = Some(self.now());
        let said = Said {
            host: service.host.clone(),
            kind: service.kind.to_owned(),
            disabled: service.disabled,
            reason: service.reason.clone(),
            frozen: service.frozen,
            updated_at: self.now(),
        };
        store::put(&mut tx, &said).await?;
        tx.commit().await?;
        Ok(service)
    }

    /// The backends to which nothing new comes.
    pub(crate) async fn closed_backends(&self, tx: &mut Tx) -> Result<Vec<String>> {
        let services = self.services(&mut *tx).await?.into_iter();
        Ok(services.filter(|one| one.disabled || one.frozen).filter_map(|one| one.backend).collect())
    }

    /// What of each project is on a backend: volumes, and snapshots.
    pub(crate) async fn on_backend(&self, backend: &str) -> Result<Vec<(String, Usage, Usage)>> {
        Ok(usage::on_backend(self.db(), backend).await?)
    }

    /// The backends, each with what it is and has.
    pub(crate) async fn pools(&self) -> Vec<Pool> {
        let ask = self.backends().iter().map(|(name, backend)| async move {
            Pool { backend: name.clone(), facts: backend.facts().await.ok() }
        });
        futures_util::future::join_all(ask).await
    }
}

fn frozen(host: &str, wanted: bool) -> Error {
    let wanted = if wanted { "True" } else { "False" };
    Error::input(format!("frozen in {host} must be {wanted} to failover."))
}

fn service(said: &[Said], kind: &'static str, host: String, backend: Option<String>) -> Service {
    let own = said.iter().find(|one| one.kind == kind && one.host == host);
    Service {
        kind,
        backend,
        disabled: own.is_some_and(|one| one.disabled),
        reason: own.and_then(|one| one.reason.clone()),
        frozen: own.is_some_and(|one| one.frozen),
        said_at: own.map(|one| one.updated_at),
        host,
    }
}
