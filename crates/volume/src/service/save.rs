//! The one way in which a volume is written.

use kogge_db::{Record as _, Tx};
use kogge_ids::VolumeId;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::doing::NEVER;
use crate::model::volume::Volume;
use crate::store::attachments;

/// What is touched where a volume has work to do: the bell of `work_volumes` rings after the commit.
pub(crate) const VOLUME_WORK: &str = "volume_work";
/// As [`VOLUME_WORK`], of snapshots.
pub(crate) const SNAPSHOT_WORK: &str = "snapshot_work";
/// As [`VOLUME_WORK`], of backups.
pub(crate) const BACKUP_WORK: &str = "backup_work";

impl Volumes {
    /// Locks a volume, whoever asks, until the transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) async fn lock_in(&self, tx: &mut Tx, id: VolumeId) -> Result<Volume> {
        Volume::lock(tx, &id).await?.ok_or_else(|| Error::no_volume(id))
    }

    /// Writes a volume whose row this transaction locked: what is shown of it is computed from it and its attachments.
    pub(crate) async fn save_in(&self, tx: &mut Tx, volume: &mut Volume) -> Result<()> {
        let ties = attachments::of_volume(&mut *tx, volume.id).await?;
        volume.settle(&ties, self.now());
        volume.save(tx).await?;
        if volume.due_at != NEVER {
            tx.touch(VOLUME_WORK, volume.id);
        }
        Ok(())
    }

    /// Rings for what was touched and has work to do.
    pub(crate) fn ring_after_commits(&self) {
        let wakes = self.wakes().clone();
        self.db().watch(move |touched| {
            for (table, key) in touched {
                match *table {
                    VOLUME_WORK => wakes.volumes.ring(key),
                    SNAPSHOT_WORK => wakes.snapshots.ring(key),
                    BACKUP_WORK => wakes.backups.ring(key),
                    _ => {}
                }
            }
        });
    }
}
