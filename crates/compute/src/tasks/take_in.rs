//! What a node has: written down where it is news; what nobody knows is kept, and never destroyed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{BoxFuture, join_all};
use kogge_ids::ServerId;
use kogge_node_api::{Commanded, NodeError, ObservedInstance, SetAside};

use super::{PATIENCE, alone, patiently};
use crate::Compute;
use crate::error::Result;
use crate::model::observe;
use crate::model::server::{Observed, Server};
use crate::store::{migrations, servers as store};

/// Which instances a node shows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Those<'a> {
    /// All that it has.
    All,
    /// Those that changed; these are gone.
    Changed(&'a [ServerId]),
}

impl Compute {
    /// Writes down what the node has, and puts what nobody knows into quarantine. False where something could not be
    /// done, and is to be looked at again.
    pub(super) async fn take_in(
        &self,
        host: &str,
        node: &Commanded,
        instances: &[ObservedInstance],
        those: Those<'_>,
    ) -> Result<bool> {
        // the node was asked first: what it has and no row knows now, no row will ever know
        let known = match those {
            Those::All => store::known_on(self.db(), host).await?,
            Those::Changed(gone) => {
                let ids: Vec<ServerId> =
                    instances.iter().map(|one| one.id).chain(gone.iter().copied()).collect();
                store::known_of(self.db(), host, &ids).await?
            }
        };
        let known: BTreeMap<ServerId, Option<Observed>> = known.into_iter().collect();
        let mut notes: Vec<BoxFuture<'_, bool>> = Vec::new();
        let mut whole = true;
        for instance in instances {
            self.lacks(host, &instance.lacks);
            if instance.quarantined && known.contains_key(&instance.id) {
                whole &= self.take_back(host, node, instance.id).await;
            }
            match known.get(&instance.id) {
                Some(Some(observed)) if is_news(observed, instance) => {
                    notes.push(Box::pin(self.note_seen(instance)));
                }
                Some(_) => {}
                None => whole &= self.keep_unknown(host, node, instance).await,
            }
        }
        let there: BTreeSet<ServerId> = instances.iter().map(|one| one.id).collect();
        let told = |observed: &Observed| observed.reached > 0 || observed.told > 0;
        let lost = |observed: &Option<Observed>| observed.as_ref().is_some_and(told);
        for (id, _) in known.iter().filter(|(id, observed)| !there.contains(id) && lost(observed)) {
            notes.push(Box::pin(self.note_missing(host, *id)));
        }
        // at once, so that they share a transaction
        whole &= join_all(notes).await.into_iter().all(|noted| noted);
        Ok(whole)
    }

    async fn note_seen(&self, instance: &ObservedInstance) -> bool {
        let (patience, seen) = (self.config().patience(), instance.clone());
        let change = move |server: &mut Server, now| observe::seen(server, &seen, &patience, now);
        alone("noting what a server is", instance.id, self.record(instance.id, change).await).is_some()
    }

    async fn note_missing(&self, host: &str, id: ServerId) -> bool {
        let missing = |server: &mut Server, _| {
            if !server.intent.gone {
                observe::missing(server);
            }
        };
        let noted = alone("noting that a server is missing", id, self.record(id, missing).await);
        if let Some(Some(server)) = &noted
            && server.intent.gone
        {
            // the node is done with it: nothing is left to wait for
            let due = store::put_off(self.db(), &id.to_string(), self.now()).await;
            alone("noting that a server is gone", id, due.map_err(Into::into));
            self.wakes().reap.ring(host);
        }
        noted.is_some()
    }

    /// An instance that no living server of this host is. It is removed only where its server's row says that the server
    /// was deleted, which its owner ordered; whatever else may be the matter, it is kept.
    async fn keep_unknown(&self, host: &str, node: &Commanded, instance: &ObservedInstance) -> bool {
        let id = instance.id;
        let because = match store::get(self.db(), id).await {
            Ok(Some(row)) if row.deleted_at.is_some() => {
                tracing::warn!(server.id = %id, host, "an instance of a server that was deleted is removed");
                return report(
                    host,
                    id,
                    patiently(host, PATIENCE, node.remove(id, row.intent.generation)).await.map(drop),
                );
            }
            // it came in between
            Ok(Some(row)) if row.placed.host.as_deref() == Some(host) => return false,
            // it came from here, and is fetched when it is whole elsewhere
            Ok(Some(row)) if row.intent.moving.as_ref().is_some_and(|moving| moving.from == host) => {
                return true;
            }
            Ok(Some(row)) if self.was_evacuated(id, host).await => {
                tracing::warn!(server.id = %id, host, "an instance that was evacuated from a dead host is removed");
                let removed = patiently(host, PATIENCE, node.remove(id, row.intent.generation)).await;
                return report(host, id, removed.map(drop));
            }
            _ if instance.quarantined => return true,
            Ok(Some(row)) => match row.placed.host {
                Some(other) => format!("the database has this server on host {other}"),
                None => "the database has this server on no host".to_owned(),
            },
            Ok(None) => "the database does not know this server".to_owned(),
            Err(error) => {
                kogge_task::trouble(id, format_args!("its row cannot be read: {error}"));
                tracing::error!(server.id = %id, host, %error, "a server's row cannot be read; its instance is left alone");
                return true;
            }
        };
        tracing::error!(
            server.id = %id, host, because,
            "an instance goes into quarantine: it is kept as it is; see `kogge quarantine list`"
        );
        let note = SetAside { since: self.now().as_micros(), because };
        report(host, id, patiently(host, PATIENCE, node.set_aside(id, note)).await)
    }

    /// Whether a server was made anew elsewhere while a host was dead. Where that cannot be read it was not.
    async fn was_evacuated(&self, id: ServerId, host: &str) -> bool {
        migrations::was_evacuated(self.db(), id, host).await.unwrap_or(false)
    }

    async fn take_back(&self, host: &str, node: &Commanded, id: ServerId) -> bool {
        tracing::info!(server.id = %id, host, "the cloud knows an instance again: it leaves the quarantine");
        report(host, id, patiently(host, PATIENCE, node.take_back(id)).await)
    }
}

/// What a node could not do is tried again by the next run, for the node still shows the instance.
fn report(host: &str, id: ServerId, done: std::result::Result<(), NodeError>) -> bool {
    if let Err(error) = &done {
        kogge_task::trouble(id, format_args!("on {host}: {error}"));
        tracing::warn!(server.id = %id, host, %error, "a node did not keep or remove an instance; it is tried again");
    }
    done.is_ok()
}

/// Whether an observation says something that is not written down yet.
fn is_news(known: &Observed, seen: &ObservedInstance) -> bool {
    known.reached != seen.reached
        || known.state != seen.state
        || seen.fault.is_some()
        || known.deferred != seen.deferred.as_ref().map(NodeError::for_tenants)
        || known.holds != seen.holds
        || known.told > seen.reached
        || (seen.disks_built && known.built.is_none_or(|built| built < known.disk))
}
