//! A volume goes back to its latest snapshot.

use kogge_db::{Record as _, Tx};
use kogge_ids::VolumeSnapshotId;
use kogge_storage::{DiskId, Origin};

use super::stop::Stop;
use crate::Volumes;
use crate::error::Result;
use crate::model::snapshot::Snapshot;
use crate::model::volume::Volume;

impl Volumes {
    /// Puts a volume's data back to those of a snapshot, all of them or none.
    pub(super) async fn revert(
        &self,
        volume: &Volume,
        snapshot: VolumeSnapshotId,
    ) -> std::result::Result<(), Stop> {
        if self.has_snapshot_being_made(volume.id).await? {
            return Err(Stop::Wait);
        }
        let row = Snapshot::get(self.db(), &snapshot).await?;
        let row = row.ok_or_else(|| Stop::Never("the snapshot is gone".to_owned()))?;
        let mut new = self.disk_of(volume).await?;
        if let Some(key) = row.key_id {
            new.passphrase = Some(self.keyring().open(key).await?);
        }
        self.backend(&volume.backend)?.replace(new, Origin::Copy(DiskId::Snapshot(snapshot))).await?;
        self.fit(volume).await?;
        let mut tx = self.db().begin().await?;
        let Some(now) = Volume::lock(&mut tx, &volume.id).await? else { return Ok(()) };
        // the disk opens with what opened it when the snapshot was made
        let key = self.own_key_in(&mut tx, row.key_id, &now.project_id).await?;
        let old = now.key_id;
        let done = self.finish_in(&mut tx, volume, |volume, now| {
            volume.key_id = key;
            volume.rest(now);
        });
        if !done.await? {
            return Ok(());
        }
        if let Some(old) = old {
            self.keyring().forget_in(&mut tx, old).await?;
        }
        self.end_restoring_in(&mut tx, snapshot).await?;
        Ok(tx.commit().await?)
    }

    /// The snapshot is one as all others again.
    pub(super) async fn end_restoring_in(&self, tx: &mut Tx, snapshot: VolumeSnapshotId) -> Result<()> {
        use crate::model::doing::SnapshotDoing;
        use crate::model::status::SnapshotStatus;
        let restoring = SnapshotDoing::Called { status: SnapshotStatus::Restoring };
        if let Some(mut snapshot) = Snapshot::lock(tx, &snapshot).await?
            && snapshot.doing.doing == restoring
        {
            snapshot.rest(self.now());
            self.save_snapshot_in(tx, &snapshot).await?;
        }
        Ok(())
    }
}
