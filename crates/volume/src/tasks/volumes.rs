//! `work_volumes`: what is being done to a volume is done at its backend, and what came of it is written down.
//!
//! Every step is one call of a backend that may be repeated, then one transaction that ends the job, if it still is the same
//! one. A process that dies between the two does the step again, and finds it done.

mod create;
mod move_data;
pub(crate) mod upload;

use std::time::Duration;

use kogge_clock::Timestamp;
use kogge_db::{Executor as _, Record as _, Select, Tx};
use kogge_ids::VolumeId;
use kogge_storage::DiskId;
use kogge_task::Bells;

use super::stop::Said;
pub(crate) use super::stop::Stop;
use super::work::Job;
use crate::Volumes;
use crate::error::Result;
use crate::model::bounds;
use crate::model::doing::{Doing, TRIES};
use crate::model::group::Group;
use crate::model::message::{self, About};
use crate::model::quota::Usage;
use crate::model::volume::Volume;
use crate::service::messages;
use crate::service::save::VOLUME_WORK;
use crate::store::attachments;

/// When to look again at what waits for something else.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Job for Volume {
    const TASK: &'static str = "work_volumes";

    fn bells(volumes: &Volumes) -> Bells {
        volumes.wakes().volumes.clone()
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.doing.doing.is_work() && self.due_at <= now.as_micros()
    }

    async fn work(&self, volumes: &Volumes) -> Result<bool> {
        let Err(stop) = volumes.work_on_volume(self).await else { return Ok(true) };
        volumes.note_stop(self, stop).await?;
        Ok(false)
    }
}

impl Volumes {
    async fn work_on_volume(&self, volume: &Volume) -> std::result::Result<(), Stop> {
        let disk = DiskId::Volume(volume.id);
        match &volume.doing.doing {
            Doing::Creating { origin } => self.make(volume, origin).await,
            Doing::Deleting => {
                if self.is_being_copied(volume.id).await? {
                    return Err(Stop::Wait);
                }
                if let Ok(backend) = self.backend(&volume.backend) {
                    backend.delete(disk).await?;
                }
                self.bury(volume).await
            }
            Doing::Extending { .. } => {
                // a guest that has it open grows it by its node; a copy that was asked for before has its turn
                let copied = attachments::is_copied_since(self.db(), volume.id, volume.doing.since).await?;
                if copied || !attachments::of_volume(self.db(), volume.id).await?.is_empty() {
                    return Err(Stop::Wait);
                }
                self.backend(&volume.backend)?.extend(disk, bounds::bytes(volume.size_gib)).await?;
                self.finish(volume, |volume, now| volume.rest(now)).await
            }
            Doing::Uploading { image, format } => self.upload(volume, *image, format).await,
            Doing::Retyping { to, backend } => self.retype(volume, *to, backend).await,
            Doing::Reimaging { image } => self.reimage(volume, *image).await,
            Doing::Managing { name } => self.adopt(volume, name).await,
            Doing::Unmanaging => self.release(volume).await,
            Doing::Reverting { snapshot } => self.revert(volume, *snapshot).await,
            // their own tasks end them, or nobody does anything
            _ => Ok(()),
        }
    }

    /// Ends what was being done, if it still is that.
    pub(crate) async fn finish(
        &self,
        before: &Volume,
        end: impl FnOnce(&mut Volume, Timestamp) + Send,
    ) -> std::result::Result<(), Stop> {
        let mut tx = self.db().begin().await?;
        self.finish_in(&mut tx, before, end).await?;
        Ok(tx.commit().await?)
    }

    /// As [`Volumes::finish`], in a transaction; false where something else is being done by now.
    pub(crate) async fn finish_in(
        &self,
        tx: &mut Tx,
        before: &Volume,
        end: impl FnOnce(&mut Volume, Timestamp) + Send,
    ) -> Result<bool> {
        let Some(mut volume) = Volume::lock(tx, &before.id).await? else { return Ok(false) };
        if volume.doing.doing != before.doing.doing || volume.doing.since != before.doing.since {
            return Ok(false);
        }
        end(&mut volume, self.now());
        self.save_in(tx, &mut volume).await?;
        Ok(true)
    }

    /// The last of a volume goes: its row, its key, what was counted, what it held.
    pub(super) async fn bury(&self, before: &Volume) -> std::result::Result<(), Stop> {
        let mut tx = self.db().begin().await?;
        if let Some(group) = before.group_id {
            // whoever changes a group locks it before its volumes
            Group::lock(&mut tx, &group).await?;
        }
        let Some(volume) = Volume::lock(&mut tx, &before.id).await? else { return Ok(()) };
        if !matches!(volume.doing.doing, Doing::Deleting | Doing::Unmanaging) {
            return Ok(());
        }
        self.forget_volume_in(&mut tx, &volume).await?;
        if let Some(group) = volume.group_id {
            self.bury_group_in(&mut tx, group).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Whether a volume that is being made copies this one.
    async fn is_being_copied(&self, id: VolumeId) -> Result<bool> {
        let select = Select::new("COUNT(*) AS n", Volume::TABLE)
            .and("source_id = ?", id)
            .and_fixed("status = 'creating'");
        Ok(self.db().one(select.query()).await?.int("n")? > 0)
    }

    /// What stopped a step: wait, try again, or give up and say why. What should be gone is tried for ever.
    async fn note_stop(&self, before: &Volume, stop: Stop) -> Result<()> {
        let Some(Said { message, details, last }) = stop.said() else {
            let again = self.now().plus(LOOK_AGAIN).as_micros();
            return self.put_off(before, again).await;
        };
        kogge_task::trouble(before.id, format_args!("{}: {details}", before.doing.doing.failure()));
        tracing::warn!(volume.id = %before.id, details, "a step of a volume failed");
        let give_up = last || before.doing.failures + 1 >= TRIES;
        let mut tx = self.db().begin().await?;
        let mut gave_up = false;
        self.finish_in(&mut tx, before, |volume, now| {
            volume.doing.0.failures += 1;
            if give_up && volume.doing.doing != Doing::Deleting {
                gave_up = true;
                // a job that leaves the data as they were leaves the volume so, too
                match &volume.doing.doing {
                    Doing::Uploading { .. } | Doing::Retyping { .. } => volume.rest(now),
                    _ => volume.fail(message, &details, now),
                }
            } else {
                volume.due_at = volume.doing.retry_at(now);
            }
        })
        .await?;
        if gave_up {
            self.undo_in(&mut tx, before).await?;
            self.tell_in(&mut tx, before).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Tells the owner that a job was given up.
    async fn tell_in(&self, tx: &mut Tx, before: &Volume) -> Result<()> {
        let Some((action, detail)) = message::of_volume(&before.doing.doing) else { return Ok(()) };
        let id = before.id.to_string();
        let about = About::Volume;
        self.say(
            tx,
            messages::Said { project: &before.project_id, request: None, about, id: &id, action, detail },
        )
        .await
    }

    /// What a job that was given up leaves to be put right.
    async fn undo_in(&self, tx: &mut Tx, before: &Volume) -> Result<()> {
        match &before.doing.doing {
            Doing::Creating { .. } | Doing::Reimaging { .. } => {
                Ok(self.image().release_in(tx, &before.id.to_string()).await?)
            }
            Doing::Extending { from } => {
                let mut volume = self.lock_in(tx, before.id).await?;
                let more = Usage::gigabytes(volume.size_gib - from);
                volume.size_gib = *from;
                let (project, kind) = (volume.project_id.to_string(), volume.type_id.to_string());
                self.refund_in(tx, &project, &kind, more).await?;
                self.save_in(tx, &mut volume).await
            }
            Doing::Reverting { snapshot } => self.end_restoring_in(tx, *snapshot).await,
            Doing::Retyping { to, .. } if *to != before.type_id => {
                let (project, to) = (before.project_id.to_string(), to.to_string());
                self.refund_in(tx, &project, &to, Usage::volume(before.size_gib)).await
            }
            _ => Ok(()),
        }
    }

    async fn put_off(&self, before: &Volume, until: i64) -> Result<()> {
        let mut tx = self.db().begin().await?;
        if let Some(mut volume) = Volume::lock(&mut tx, &before.id).await?
            && volume.doing == before.doing
        {
            volume.due_at = until;
            volume.save(&mut tx).await?;
            tx.touch(VOLUME_WORK, volume.id);
        }
        Ok(tx.commit().await?)
    }
}
