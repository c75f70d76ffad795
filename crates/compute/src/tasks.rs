//! What happens behind the requests.

mod converge;
mod follow;
mod place;
mod quarantine;
mod reap;
mod register;
mod tell;

use std::sync::Arc;

use kogge_db::DbError;
use kogge_ids::ServerId;
use kogge_task::Task;

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::server::Server;
use crate::store::{actions, servers as store};

/// Actions that a guest may hold up.
const INTERFACE_ACTIONS: [&str; 2] = ["attach_interface", "detach_interface"];

/// The result of work on one server. An error is that server's: it is logged, and neither the run nor anybody else's
/// server fails for it; the next run tries again.
fn alone<T>(doing: &str, id: impl std::fmt::Display, result: Result<T>) -> Option<T> {
    result
        .inspect_err(|error| {
            let source = std::error::Error::source(error).map(ToString::to_string);
            tracing::error!(object.id = %id, %error, source, "{doing} failed; it is tried again");
        })
        .ok()
}

/// All tasks of compute.
pub(crate) fn all(compute: &Compute) -> Vec<Arc<dyn Task>> {
    vec![
        Arc::new(register::RegisterHosts::new(compute.clone())),
        Arc::new(place::PlaceServers(compute.clone())),
        Arc::new(follow::FollowPorts(compute.clone())),
        Arc::new(converge::ConvergeServers(compute.clone())),
        Arc::new(reap::ReapServers(compute.clone())),
        Arc::new(quarantine::ClearQuarantine::new(compute.clone())),
    ]
}

impl Compute {
    /// Changes what is known of a server, with what follows for its actions. Nothing is written where nothing
    /// changes.
    pub(crate) async fn record(
        &self,
        id: ServerId,
        change: impl Fn(&mut Server, kogge_clock::Timestamp) + Send + Sync,
    ) -> Result<Option<Server>> {
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, id).await?;
        let row = match store::get(&mut tx, id).await {
            // noted, and shown by the doctor: the other servers go on
            Err(DbError::Column { .. }) => return Ok(None),
            row => row?,
        };
        let Some(mut server) = row.filter(|server| server.deleted_at.is_none()) else { return Ok(None) };
        let before = server.clone();
        let now = self.now();
        change(&mut server, now);
        if server == before {
            return Ok(Some(server));
        }
        let host = server.placed.host.as_deref();
        let fault = server.fault().map(|fault| fault.message.clone());
        if let Some(fault) = server.fault().filter(|_| before.fault().is_none()) {
            tracing::warn!(server.id = %id, host, details = fault.details, "{}", fault.message);
        }
        if fault.is_some() && before.fault().is_none() {
            actions::fail(&mut tx, id, host, fault.as_deref().unwrap_or_default(), now).await?;
        } else if server.is_settled() && !server.intent.gone {
            if let Some(why) = &server.observed.deferred {
                actions::fail_named(&mut tx, id, INTERFACE_ACTIONS, host, why, now).await?;
            }
            actions::finish(&mut tx, id, server.intent.generation, host, now).await?;
        }
        let arrived = |server: &Server| server.observed.reached >= server.intent.generation;
        let lets_go = arrived(&server) && !arrived(&before) && !server.intent.leaving.is_empty();
        if lets_go {
            self.drop_ports(&mut tx, id, &server.intent.leaving).await?;
        }
        if server.disk_is_built() && !before.disk_is_built() {
            self.release_image(&mut tx, id).await?;
        }
        if !store::save(&mut tx, &mut server, now).await? {
            return Err(Error::Busy);
        }
        tx.commit().await?;
        if lets_go {
            self.network_changed();
        }
        Ok(Some(server))
    }
}
