//! `follow_volumes`: a volume that is to grow while a server has it grows by the server's node, which is told anew. One that
//! the node has not open grows by its backend.

use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Timestamp;
use kogge_ids::{AttachmentId, ServerId};
use kogge_task::{Report, Task, TaskError, Wake};

use super::{alone, failed};
use crate::Compute;
use crate::error::{Error, Result};
use crate::lower::volume::from_volume;
use crate::model::server::{Server, ShelfPlace};
use crate::service::servers::labels::touch;
use crate::store::servers as store;

/// How long a node may take to grow a volume before it is told once more.
const AGAIN: Duration = Duration::from_secs(30);

/// Follows volumes.
pub(super) struct FollowVolumes(pub(super) Compute);

#[async_trait]
impl Task for FollowVolumes {
    kogge_task::named!("follow_volumes", every 5 s);

    fn wake(&self) -> Wake {
        self.0.wakes().grow.clone()
    }

    async fn run(&self) -> std::result::Result<Report, TaskError> {
        let growing = self.0.volume().growing().await;
        let growing = growing.map_err(|error| failed(Error::internal(error)))?;
        let mut report = Report { seen: growing.len() as u64, ..Report::default() };
        for (attachment, server, gib) in growing {
            let followed = self.0.follow_volume(attachment, server, gib).await;
            report.done += u64::from(alone("growing a volume", server, followed).is_some());
        }
        Ok(report)
    }
}

impl Compute {
    async fn follow_volume(&self, attachment: AttachmentId, id: ServerId, gib: i64) -> Result<()> {
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, id).await?;
        let row = store::get(&mut tx, id).await?;
        let Some(mut server) = row.filter(|server| server.deleted_at.is_none() && !server.intent.gone) else {
            return Ok(());
        };
        let away = server.intent.shelf.as_ref().is_some_and(|shelf| shelf.place == ShelfPlace::Away);
        if away && server.placed.host.is_none() {
            drop(tx);
            return self.grow_idle(&server, attachment).await;
        }
        // what is under way takes the new size along, or is followed once it ended
        if !server.is_settled() {
            return Ok(());
        }
        let held = server.observed.holds.iter().find(|held| held.attachment == attachment);
        let Some(held) = held else {
            drop(tx);
            return self.grow_idle(&server, attachment).await;
        };
        let wanted = gib.unsigned_abs().saturating_mul(1024);
        if let Some(size) = held.size_mib.filter(|size| *size >= wanted) {
            self.grown_in(&mut tx, &server, attachment, size).await?;
            return Ok(tx.commit().await?);
        }
        let now = self.now();
        let asked = Timestamp::from_micros(server.intent.asked_at).plus(AGAIN);
        let told_before = server.observed.told_at > 0 && server.observed.grown == Some(gib) && asked > now;
        if told_before {
            return Ok(());
        }
        server.observed.grown = Some(gib);
        touch(&mut server, now);
        let host = server.placed.host.clone();
        if !store::save(&mut tx, &mut server, now).await? {
            return Err(Error::Busy);
        }
        tx.commit().await?;
        if let Some(host) = host {
            self.wakes().converge.ring(&host);
        }
        Ok(())
    }

    /// The volume of a server without a guest grows by its backend.
    async fn grow_idle(&self, server: &Server, attachment: AttachmentId) -> Result<()> {
        if !self.volume().grow_idle(attachment).await.map_err(from_volume)? {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        self.note_grown(&mut tx, server).await?;
        Ok(tx.commit().await?)
    }
}
