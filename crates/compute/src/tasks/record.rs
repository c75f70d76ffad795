//! Writing down what is known of servers: many in one transaction, for each costs a trip to the disk.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::Tx;
use kogge_ids::ServerId;
use kogge_task::Gather;

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::server::Server;
use crate::store::{actions, servers as store};

/// Actions that a guest may hold up, or that came out otherwise than was asked.
const HELD_UP: [&str; 5] =
    ["attach_interface", "detach_interface", "attach_volume", "detach_volume", "resume"];
/// Most servers of one transaction.
const MOST: usize = 128;

/// A change of what is known of a server.
type Change = Box<dyn Fn(&mut Server, Timestamp) + Send + Sync>;
type Recorded = Result<Option<Server>>;

/// Where changes gather.
pub(crate) struct Recorder(Gather<(ServerId, Change), Recorded>);

impl Default for Recorder {
    fn default() -> Self {
        Self(Gather::new(MOST))
    }
}

impl Compute {
    /// Changes what is known of a server, with what follows for its actions; together with whatever else is recorded at
    /// the same time. Nothing is written where nothing changes.
    pub(crate) async fn record(
        &self,
        id: ServerId,
        change: impl Fn(&mut Server, Timestamp) + Send + Sync + 'static,
    ) -> Recorded {
        let work = |changes| {
            let compute = self.clone();
            async move { compute.record_all(changes).await }
        };
        let recorded = self.recorder().0.put((id, Box::new(change)), work).await;
        recorded.unwrap_or(Err(Error::Busy))
    }

    /// All in one transaction; each in its own where that fails, so that nobody fails for another.
    async fn record_all(self, changes: Vec<(ServerId, Change)>) -> Vec<Recorded> {
        if let Ok(recorded) = self.record_together(&changes).await {
            return recorded.into_iter().map(Ok).collect();
        }
        let mut recorded = Vec::with_capacity(changes.len());
        for change in changes {
            let alone = self.record_together(std::slice::from_ref(&change)).await;
            recorded.push(alone.map(|mut one| one.pop().flatten()));
        }
        recorded
    }

    async fn record_together(&self, changes: &[(ServerId, Change)]) -> Result<Vec<Option<Server>>> {
        let ids: Vec<ServerId> = changes.iter().map(|(id, _)| *id).collect();
        let mut tx = self.db().begin().await?;
        let mut servers = store::lock_all(&mut tx, self.db().is_sqlite(), &ids).await?;
        servers.retain(|_, server| server.deleted_at.is_none());
        let (now, mut wrote) = (self.now(), false);
        let mut answers = Vec::with_capacity(changes.len());
        for (id, change) in changes {
            wrote |= self.change_in(&mut tx, &mut servers, *id, change, now).await?;
            answers.push(servers.get(id).cloned());
        }
        if wrote {
            tx.commit().await?;
        }
        Ok(answers)
    }

    /// One change; true where something was written.
    async fn change_in(
        &self,
        tx: &mut Tx,
        servers: &mut BTreeMap<ServerId, Server>,
        id: ServerId,
        change: &Change,
        now: Timestamp,
    ) -> Result<bool> {
        let Some(server) = servers.get_mut(&id) else { return Ok(false) };
        let before = server.clone();
        change(server, now);
        if *server == before {
            return Ok(false);
        }
        let host = server.placed.host.clone();
        let host = host.as_deref();
        let fault = server.fault().map(|fault| fault.message.clone());
        if let Some(fault) = server.fault().filter(|_| before.fault().is_none()) {
            tracing::warn!(server.id = %id, host, details = fault.details, "{}", fault.message);
        }
        if fault.is_some() && before.fault().is_none() {
            actions::fail(tx, id, None, host, fault.as_deref().unwrap_or_default(), now).await?;
        } else if server.is_settled() && !server.intent.gone {
            if let Some(why) = &server.observed.deferred {
                actions::fail(tx, id, Some(HELD_UP), host, why, now).await?;
            }
            actions::finish(tx, id, server.intent.generation, host, now).await?;
        }
        let arrived = |server: &Server| server.observed.reached >= server.intent.generation;
        if arrived(server) && !arrived(&before) && !server.intent.leaving.is_empty() {
            self.drop_ports(tx, id, &server.intent.leaving).await?;
        }
        self.follow_volumes_in(tx, server, &before).await?;
        if arrived(server)
            && !arrived(&before)
            && let Some(shelf) = server.intent.shelf.take_if(|shelf| shelf.is_left())
            && let Some(image) = shelf.image
        {
            self.discard_image(tx, image).await?;
        }
        let rescued = arrived(server) && !arrived(&before) && server.intent.rescue.is_some();
        if rescued || (server.disk_is_built() && !before.disk_is_built()) {
            self.release_image(tx, id).await?;
        }
        if store::save(tx, server, now).await? {
            return Ok(true);
        }
        Err(Error::Busy)
    }
}
