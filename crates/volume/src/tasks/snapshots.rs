//! `work_snapshots`: what a snapshot is to become, it becomes.
//!
//! Making one takes as long as its data take to copy, so it is keyed by snapshot. It may be cut off anywhere: the backend
//! finds what an earlier try made, and the transaction that ends a job ends it only where it is still wanted.

use kogge_clock::Timestamp;
use kogge_db::{Record as _, Tx};
use kogge_storage::{DiskId, NewDisk, Origin, StorageError};
use kogge_task::Bells;

use super::stop::{Said, Stop};
use super::volumes::LOOK_AGAIN;
use super::work::Job;
use crate::Volumes;
use crate::error::Result;
use crate::model::bounds::bytes;
use crate::model::doing::SnapshotDoing;
use crate::model::message::{self, About};
use crate::model::quota::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::volume::Volume;
use crate::service::messages;
use crate::store::snapshots as store;

impl Job for Snapshot {
    const TASK: &'static str = "work_snapshots";

    fn bells(volumes: &Volumes) -> Bells {
        volumes.wakes().snapshots.clone()
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.doing.doing.is_work() && self.due_at <= now.as_micros()
    }

    async fn work(&self, volumes: &Volumes) -> Result<bool> {
        volumes.work_on_snapshot(self).await?;
        Ok(true)
    }
}

impl Volumes {
    /// Does what is to be done to a snapshot, and writes down what became of it.
    async fn work_on_snapshot(&self, snapshot: &Snapshot) -> Result<()> {
        let done = match &snapshot.doing.doing {
            SnapshotDoing::Creating => self.copy_into(snapshot).await,
            SnapshotDoing::Deleting => self.delete_disk_of(snapshot).await,
            SnapshotDoing::Managing { name } => self.adopt_snapshot(snapshot, name).await,
            SnapshotDoing::Unmanaging => self.release_snapshot(snapshot).await,
            _ => return Ok(()),
        };
        let mut tx = self.db().begin().await?;
        let whole = self.lock_whole_in(&mut tx, snapshot).await?;
        let Some(mut row) = Snapshot::lock(&mut tx, &snapshot.id).await? else { return Ok(()) };
        if row.doing != snapshot.doing {
            // somebody wants something else by now; what was made stays for it to find
            row.made |= matches!((&snapshot.doing.doing, &done), (SnapshotDoing::Creating, Ok(())));
            self.save_snapshot_in(&mut tx, &row).await?;
            return Ok(tx.commit().await?);
        }
        match done {
            Ok(()) => self.end_snapshot_job_in(&mut tx, row).await?,
            Err(stop) => {
                match stop.said() {
                    Some(Said { message, details, last }) => {
                        kogge_task::trouble(snapshot.id, format_args!("{details}"));
                        row.trip(&message, &details, last, self.now());
                        if row.doing.doing == SnapshotDoing::Resting {
                            self.tell_of_snapshot_in(&mut tx, snapshot).await?;
                        }
                    }
                    None => row.due_at = self.now().plus(LOOK_AGAIN).as_micros(),
                }
                row.save(&mut tx).await?;
            }
        }
        self.settle_group_snapshot_in(&mut tx, whole).await?;
        Ok(tx.commit().await?)
    }

    /// Tells the owner that a job was given up.
    async fn tell_of_snapshot_in(&self, tx: &mut Tx, before: &Snapshot) -> Result<()> {
        let Some((action, detail)) = message::of_snapshot(&before.doing.doing) else { return Ok(()) };
        let id = before.id.to_string();
        let about = About::Snapshot;
        self.say(
            tx,
            messages::Said { project: &before.project_id, request: None, about, id: &id, action, detail },
        )
        .await
    }

    /// The backend did its part: the row follows.
    async fn end_snapshot_job_in(&self, tx: &mut Tx, mut snapshot: Snapshot) -> Result<()> {
        if matches!(snapshot.doing.doing, SnapshotDoing::Deleting | SnapshotDoing::Unmanaging) {
            if let Some(key) = snapshot.key_id {
                self.keyring().forget_in(tx, key).await?;
            }
            let (project, kind) = (snapshot.project_id.to_string(), snapshot.type_id.to_string());
            self.refund_in(tx, &project, &kind, Usage::snapshot(snapshot.size_gib)).await?;
            return Ok(Snapshot::delete(tx, &snapshot.id).await.map(drop)?);
        }
        snapshot.made = true;
        snapshot.rest(self.now());
        Ok(snapshot.save(tx).await?)
    }

    /// Copies the data of the volume. What was asked of the volume before the snapshot has its turn first; what is asked
    /// later waits for the snapshot.
    async fn copy_into(&self, snapshot: &Snapshot) -> std::result::Result<(), Stop> {
        let volume = Volume::get(self.db(), &snapshot.volume_id).await?;
        let volume = volume.ok_or_else(|| Stop::Never("its volume is gone".to_owned()))?;
        if volume.doing.doing.is_work() && volume.doing.since < snapshot.doing.since {
            return Err(Stop::Wait);
        }
        let backend = self.backend(&snapshot.backend)?;
        let id = DiskId::Snapshot(snapshot.id);
        let passphrase = match snapshot.key_id {
            Some(key) => Some(self.keyring().open(key).await?),
            None => None,
        };
        let new = NewDisk { id, bytes: bytes(snapshot.size_gib), passphrase };
        if let Some(copy) = self.live_copy(volume.id).await? {
            return Ok(backend.replace(new, Origin::Live(copy)).await?);
        }
        // what an earlier try left may be torn
        backend.replace(new, Origin::Copy(DiskId::Volume(volume.id))).await?;
        self.check_still(volume.id, &snapshot.backend, id).await
    }

    async fn delete_disk_of(&self, snapshot: &Snapshot) -> std::result::Result<(), Stop> {
        // it was there when the volume was asked for, so it stays until that is made
        if store::is_being_copied(self.db(), snapshot.id).await? {
            return Err(Stop::Wait);
        }
        let backend = self.backend(&snapshot.backend)?;
        backend.delete(DiskId::Snapshot(snapshot.id)).await?;
        Ok(())
    }

    async fn adopt_snapshot(&self, snapshot: &Snapshot, name: &str) -> std::result::Result<(), Stop> {
        let backend = self.backend(&snapshot.backend)?;
        let id = DiskId::Snapshot(snapshot.id);
        let adopted = backend.adopt(name, id).await?;
        if adopted.bytes > bytes(snapshot.size_gib) {
            backend.release(id).await?;
            let because = "it is larger than the volume that it is to be a snapshot of".to_owned();
            return Err(StorageError::Refused { because }.into());
        }
        Ok(())
    }

    async fn release_snapshot(&self, snapshot: &Snapshot) -> std::result::Result<(), Stop> {
        if store::is_being_copied(self.db(), snapshot.id).await? {
            return Err(Stop::Wait);
        }
        let backend = self.backend(&snapshot.backend)?;
        match backend.release(DiskId::Snapshot(snapshot.id)).await {
            // an earlier try did it
            Ok(()) | Err(StorageError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
