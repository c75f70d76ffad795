//! Removing what advisory checks left: by the user who made it.

use async_trait::async_trait;
use kogge_client::Client;
use kogge_clock::Timestamp;
use kogge_conform::{Cleaner, Entry, Journal, Problem, Removal};

use super::AdvisoryOptions;
use super::object_store::{BUCKET, CREDENTIAL, remove_bucket, remove_credential};
use crate::created::place;
use crate::remove::{Sweeper, Swept, sweep_with};

/// Knows the other users of a run, and lets each remove what is theirs.
pub struct AdvisorySweeper {
    options: AdvisoryOptions,
}

impl AdvisorySweeper {
    /// With the credentials that the checks had.
    #[must_use]
    pub fn new(options: &AdvisoryOptions) -> Self {
        Self { options: options.clone() }
    }

    /// The user who made an entry, if it is another than the run's own.
    async fn maker(&self, entry: &Entry) -> Result<Option<&Client>, Problem> {
        let managers = &self.options.domain_managers;
        for client in [&managers.manager, &managers.other].into_iter().flatten() {
            let config = client.config();
            if config.name == entry.object.cloud && config.auth_url.as_str() == entry.object.auth_url {
                let token = client.token().await?;
                if place(&token) == entry.object.project {
                    return Ok(Some(client));
                }
            }
        }
        Ok(None)
    }

    async fn remove_bucket(&self, client: &Client, entry: &Entry) -> Result<(), Problem> {
        let store = self.options.object_store.as_ref();
        let store =
            store.ok_or_else(|| Problem::setup("access to the object store is needed to remove a bucket"))?;
        Box::pin(remove_bucket(client, store, &entry.object.name)).await
    }
}

#[async_trait]
impl Cleaner for AdvisorySweeper {
    async fn remove(&self, client: &Client, entry: &Entry) -> Result<Removal, Problem> {
        match entry.object.kind.as_str() {
            BUCKET => {
                self.remove_bucket(client, entry).await?;
                // a bucket is known by its name, so that nothing tells one that never was from one that is gone
                Ok(if entry.id.is_some() { Removal::Gone } else { Removal::NotSeen })
            }
            CREDENTIAL => match &entry.id {
                Some(access_key) => {
                    let user = client.token().await?.user.id.clone();
                    remove_credential(client, &user, access_key).await.map(|()| Removal::Gone)
                }
                None => Err(Problem::setup(
                    "its answer was lost, so nobody knows which it is; look at `openstack ec2 credentials list`",
                )),
            },
            _ => Sweeper.remove(self.maker(entry).await?.unwrap_or(client), entry).await,
        }
    }
}

/// As [`crate::sweep`], with what other users of a run made: each removes what is theirs.
///
/// # Errors
/// If the cloud gives one of them no token.
pub async fn sweep_all(
    client: &Client,
    journal: &Journal,
    options: &AdvisoryOptions,
    now: Timestamp,
) -> Result<Swept, Problem> {
    let cleaner = AdvisorySweeper::new(options);
    let managers = &options.domain_managers;
    let mut swept = Swept::default();
    for client in [Some(client), managers.manager.as_ref(), managers.other.as_ref()].into_iter().flatten() {
        Box::pin(sweep_with(client, journal, &cleaner, now, &mut swept)).await?;
    }
    Ok(swept)
}
