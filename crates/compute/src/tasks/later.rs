//! What is done with servers once its time has come: new shapes are taken for good, shelved servers leave their hosts,
//! deleted ones cannot be brought back any more.

use kogge_db::Tx;
use kogge_ids::ServerId;
use kogge_node_api::Commanded;

use super::{PATIENCE, patiently};
use crate::Compute;
use crate::error::{Error, Result};
use crate::lower::volume::from_volume;
use crate::model::migration::MigrationStatus;
use crate::model::observe;
use crate::model::server::{MoveKind, Server, ShelfPlace};
use crate::model::step::{Step, next_step};
use crate::store::{actions, migrations, servers as store};

impl Compute {
    /// Does what the time has come for, unless the server changed meanwhile.
    pub(super) async fn in_time(&self, step: Step, id: ServerId) -> Result<Option<Server>> {
        let mut tx = self.db().begin().await?;
        let now = self.now();
        let Some(mut server) = locked(&mut tx, id).await? else { return Ok(None) };
        if next_step(&server, &self.config().patience(), now) != step {
            return Ok(Some(server));
        }
        match step {
            Step::Confirm => self.confirm_in(&mut tx, &mut server, now).await?,
            Step::Offload if self.leave_host_in(&mut tx, &mut server).await? => {}
            Step::Offload => {
                tracing::warn!(server.id = %id, "a shelved server stays on its host: its picture is not there");
                if let Some(shelf) = &mut server.intent.shelf {
                    shelf.leaves_at = None;
                }
            }
            Step::Reclaim => {
                server.intent.gone = true;
                server.intent.asked_at = now.as_micros();
            }
            _ => return Ok(Some(server)),
        }
        if !store::save(&mut tx, &mut server, now).await? {
            return Err(Error::Busy);
        }
        tx.commit().await?;
        self.server_changed(&server);
        Ok(Some(server))
    }

    /// Has the node that a server came from let go of it. One that is dead does so when it is back.
    pub(super) async fn depart(&self, server: &Server) -> Result<Option<Server>> {
        let Some(moving) = &server.intent.moving else { return Ok(None) };
        if moving.kind != MoveKind::Evacuation && !moving.left {
            let gone = match self.nodes().get(&moving.from) {
                Ok(node) => {
                    let before = server.intent.generation - 1;
                    patiently(&moving.from, PATIENCE, node.remove(server.id, before)).await
                }
                Err(error) => Err(error),
            };
            match gone {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => return self.record_failure(server.id, error).await,
            }
        }
        let mut tx = self.db().begin().await?;
        let now = self.now();
        let Some(mut server) = locked(&mut tx, server.id).await? else { return Ok(None) };
        let first = server.leaves_first();
        if let Some(moving) = server.intent.moving.as_mut().filter(|_| first) {
            // now the other one may have it
            moving.left = true;
            server.observed.failures = 0;
            server.observed.retry_at = 0;
            if !store::save(&mut tx, &mut server, now).await? {
                return Err(Error::Busy);
            }
            tx.commit().await?;
            return Ok(Some(server));
        }
        let Some(moving) = server.intent.moving.take() else { return Ok(Some(server)) };
        match moving.kind {
            MoveKind::Live => {
                self.free_on(&mut tx, server.id, &moving.from).await?;
                migrations::follow(&mut tx, server.id, MigrationStatus::Completed, now).await?;
            }
            MoveKind::Evacuation => {
                migrations::follow(&mut tx, server.id, MigrationStatus::Done, now).await?;
            }
            // the room there is kept until the move is confirmed
            MoveKind::Cold => {}
        }
        let before = server.clone();
        self.follow_volumes_in(&mut tx, &mut server, &before).await?;
        if !store::save(&mut tx, &mut server, now).await? {
            return Err(Error::Busy);
        }
        tx.commit().await?;
        self.server_changed(&server);
        Ok(Some(server))
    }

    /// Has the node take away a server that goes to the shelf, then gives its room back.
    pub(super) async fn leave_host(
        &self,
        server: &Server,
        host: &str,
        node: &Commanded,
    ) -> Result<Option<Server>> {
        let gone = patiently(host, PATIENCE, node.remove(server.id, server.intent.generation)).await;
        match gone {
            Ok(true) => self.left_host(server.id, host).await,
            // it rings when it is done
            Ok(false) => Ok(None),
            Err(error) => self.record_failure(server.id, error).await,
        }
    }

    async fn left_host(&self, id: ServerId, host: &str) -> Result<Option<Server>> {
        let mut tx = self.db().begin().await?;
        let now = self.now();
        let Some(mut server) = locked(&mut tx, id).await? else { return Ok(None) };
        let here = server.placed.host.as_deref() == Some(host) && !server.intent.gone;
        let Some(shelf) =
            server.intent.shelf.as_mut().filter(|shelf| here && shelf.place == ShelfPlace::Leaving)
        else {
            return Ok(Some(server));
        };
        shelf.place = ShelfPlace::Away;
        server.placed.host = None;
        observe::left(&mut server);
        let leaving: Vec<_> = server.intent.leaving_volumes.drain(..).map(|one| one.attachment).collect();
        self.volume().let_go_in(&mut tx, &leaving).await.map_err(from_volume)?;
        self.unhost_ports(&mut tx, id).await?;
        self.placement().free_in(&mut tx, id).await.map_err(Error::internal)?;
        actions::finish(&mut tx, id, server.intent.generation, Some(host), now).await?;
        if !store::save(&mut tx, &mut server, now).await? {
            return Err(Error::Busy);
        }
        tx.commit().await?;
        // others may have room now
        self.wakes().place.wake();
        Ok(Some(server))
    }
}

/// A living server, locked.
async fn locked(tx: &mut Tx, id: ServerId) -> Result<Option<Server>> {
    store::lock(tx, id).await?;
    Ok(store::get(tx, id).await?.filter(|server| server.deleted_at.is_none()))
}
