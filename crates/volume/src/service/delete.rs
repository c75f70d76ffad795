//! Deleting volumes.

use kogge_db::{Record as _, Tx};
use kogge_ids::VolumeId;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::doing::{Doing, SnapshotDoing};
use crate::model::quota::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::status::{SnapshotStatus, VolumeStatus};
use crate::model::volume::Volume;
use crate::store::{attachments, snapshots};

impl Volumes {
    /// Begins to delete a volume whose row this transaction locked. `cascade` takes its snapshots along; `force` asks for no
    /// state but that nothing uses it.
    pub(crate) async fn doom_in(
        &self,
        tx: &mut Tx,
        volume: Volume,
        cascade: bool,
        force: bool,
    ) -> Result<()> {
        let mut volume = volume;
        // what is on its way out stays so; a second delete is no mistake
        if volume.doing.doing == Doing::Deleting {
            volume.begin(Doing::Deleting, self.now());
            return self.save_in(tx, &mut volume).await;
        }
        use VolumeStatus as S;
        let ready = matches!(
            volume.status,
            S::Available
                | S::Error
                | S::ErrorRestoring
                | S::ErrorExtending
                | S::ErrorManaging
                | S::ErrorDeleting
        );
        let ties = attachments::of_volume(&mut *tx, volume.id).await?;
        let copies = snapshots::lock_of_volume(tx, volume.id).await?;
        let free = ties.is_empty() && volume.group_id.is_none() && (force || ready);
        let loose = |snapshot: &Snapshot| snapshot.group_snapshot_id.is_none();
        let settled = |snapshot: &Snapshot| {
            use SnapshotStatus as S;
            force || matches!(snapshot.status, S::Available | S::Error | S::Deleting | S::ErrorDeleting)
        };
        let alone = if cascade {
            copies.iter().all(|one| loose(one) && settled(one) && one.project_id == volume.project_id)
        } else {
            copies.is_empty()
        };
        if !free || !alone {
            let status = if force {
                ""
            } else {
                "status must be available or error or error_restoring or error_extending or error_managing and "
            };
            return Err(Error::volume(format!(
                "Volume {status}must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or \
                 be disassociated from snapshots after volume transfer."
            )));
        }
        for snapshot in copies {
            let mut snapshot = snapshot;
            snapshot.begin(SnapshotDoing::Deleting, self.now());
            snapshot.save(tx).await?;
            tx.touch(super::save::SNAPSHOT_WORK, snapshot.id);
        }
        if volume.backend.is_empty() {
            return self.forget_volume_in(tx, &volume).await;
        }
        self.end_early_in(tx, &volume).await?;
        volume.begin(Doing::Deleting, self.now());
        self.save_in(tx, &mut volume).await
    }

    /// Removes the row of a volume whose data are gone, or never were: with its key, its hold on an image, and its part of
    /// what the project has.
    pub(crate) async fn forget_volume_in(&self, tx: &mut Tx, volume: &Volume) -> Result<()> {
        Volume::delete(tx, &volume.id).await?;
        tx.touch("volumes", volume.id);
        if let Some(key) = volume.key_id {
            self.keyring().forget_in(tx, key).await?;
        }
        self.image().release_in(tx, &volume.id.to_string()).await?;
        let (project, kind) = (volume.project_id.to_string(), volume.type_id.to_string());
        self.refund_in(tx, &project, &kind, Usage::volume(volume.size_gib)).await
    }

    /// Begins to delete a volume that a server took along, whatever it is doing, if nothing else uses it. One that has
    /// snapshots stays: nobody asked to lose them.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn delete_unused_in(&self, tx: &mut Tx, id: VolumeId) -> Result<()> {
        let Some(volume) = Volume::lock(tx, &id).await? else { return Ok(()) };
        match self.doom_in(tx, volume, false, true).await {
            Err(Error::Invalid(why)) => {
                tracing::info!(volume.id = %id, why, "a volume outlives its server");
                Ok(())
            }
            done => done,
        }
    }
}
