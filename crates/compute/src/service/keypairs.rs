//! Keypairs. They belong to users; admins may name another user.

use kogge_auth::{Caller, Rule, Target};
use kogge_db::{Page, Paged};
use kogge_ids::UserId;
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::keypair::{KeyType, Keypair, generate, generate_x509, ssh_fingerprint, x509_fingerprint};
use crate::store::{keypairs as store, numbers, quotas};
use crate::{Compute, policy};

/// A keypair to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewKeypair {
    /// Its name.
    pub(crate) name: String,
    /// What sort.
    pub(crate) kind: KeyType,
    /// The public half; without it a pair is made.
    pub(crate) public_key: Option<String>,
    /// Whose it shall be; the caller's where nobody is named.
    pub(crate) user: Option<String>,
}

/// RSA keys that are made at the same time: each takes a core for a while.
static RSA_KEYS: Semaphore = Semaphore::const_new(2);

impl Compute {
    /// Imports a public key or makes a pair; the private half is answered once and kept nowhere.
    pub(crate) async fn create_keypair(
        &self,
        caller: &Caller,
        new: NewKeypair,
    ) -> Result<(Keypair, Option<String>)> {
        let user = owner(caller, new.user.as_deref(), &policy::KEYPAIRS_CREATE)?;
        let bad = |error: crate::model::keypair::BadKey| {
            Error::Invalid(format!("Keypair data is invalid: {error}"))
        };
        let (public_key, private_key) = match new.public_key {
            Some(public) => (public, None),
            None if new.kind == KeyType::X509 => {
                let (user, now) = (caller.user.name.clone(), self.now());
                // an RSA key takes a while: not on the threads that serve others, and few at the same time
                let _turn = RSA_KEYS.acquire().await.map_err(Error::internal)?;
                let made = tokio::task::spawn_blocking(move || generate_x509(&user, now)).await;
                made.map_err(Error::internal)?
                    .map(|(private, public)| (public, Some(private)))
                    .map_err(bad)?
            }
            None => generate().map(|(private, public)| (public, Some(private))).map_err(bad)?,
        };
        let fingerprint = match new.kind {
            KeyType::Ssh => ssh_fingerprint(&public_key),
            KeyType::X509 => x509_fingerprint(&public_key),
        }
        .map_err(bad)?;
        let mut tx = self.db().begin().await?;
        let project = caller.require_project(&policy::KEYPAIRS_CREATE)?.as_str();
        // the user's turn: two requests never count the same room twice
        quotas::take_turn(&mut tx, &format!("user:{user}")).await?;
        let limit = quotas::limits(&mut tx, project, &self.config().quota).await?;
        let limit = bounds::capped(limit.get("key_pairs").copied(), bounds::KEYPAIRS);
        if store::count(&mut tx, &user).await? >= limit {
            return Err(Error::Forbidden("Quota exceeded, too many key pairs.".to_owned()));
        }
        let number = numbers::next(&mut tx, "keypair").await?;
        let created_at = self.now();
        let keypair =
            Keypair { number, user, name: new.name, kind: new.kind, fingerprint, public_key, created_at };
        store::insert(&mut tx, &keypair).await.map_err(|error| {
            if error.is_unique_violation() {
                Error::Conflict(format!("Key pair '{}' already exists.", keypair.name))
            } else {
                error.into()
            }
        })?;
        tx.commit().await?;
        Ok((keypair, private_key))
    }

    /// The keypairs of a user, by name.
    pub(crate) async fn list_keypairs(
        &self,
        caller: &Caller,
        user: Option<&str>,
        page: &Page,
    ) -> Result<Paged<Keypair>> {
        let user = owner(caller, user, &policy::KEYPAIRS_INDEX)?;
        if let Some(marker) = &page.marker
            && store::get(self.db(), &user, marker).await?.is_none()
        {
            return Err(Error::Invalid(format!("Marker {marker} could not be found.")));
        }
        Ok(store::list(self.db(), &user, page).await?)
    }

    /// A keypair.
    pub(crate) async fn keypair(&self, caller: &Caller, user: Option<&str>, name: &str) -> Result<Keypair> {
        let user = owner(caller, user, &policy::KEYPAIRS_SHOW)?;
        store::get(self.db(), &user, name).await?.ok_or_else(|| no_keypair(name, &user))
    }

    /// Takes a keypair away; servers keep their copy of the public half.
    pub(crate) async fn delete_keypair(&self, caller: &Caller, user: Option<&str>, name: &str) -> Result<()> {
        let user = owner(caller, user, &policy::KEYPAIRS_DELETE)?;
        let mut tx = self.db().begin().await?;
        if !store::delete(&mut tx, &user, name).await? {
            return Err(no_keypair(name, &user));
        }
        Ok(tx.commit().await?)
    }
}

fn owner(caller: &Caller, named: Option<&str>, rule: &Rule) -> Result<UserId> {
    let user: UserId = match named {
        Some(id) => id.parse().map_err(|_| Error::Invalid(format!("'{id}' is no id of a user.")))?,
        None => caller.user.id.clone(),
    };
    caller.allow(rule, &Target::none().user(user.as_str()))?;
    Ok(user)
}

fn no_keypair(name: &str, user: &UserId) -> Error {
    Error::NotFound(format!("Keypair {name} not found for user {user}"))
}
