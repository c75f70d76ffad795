//! Putting a volume back to its latest snapshot.

use kogge_db::Tx;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::doing::{Doing, SnapshotDoing};
use crate::model::status::{SnapshotStatus, VolumeStatus};
use crate::model::volume::Volume;
use crate::store::transfers::snapshots;

impl Volumes {
    /// Begins to put a volume, which this transaction locked, back to its latest snapshot, which the client names.
    ///
    /// # Errors
    /// 400 where it is not the latest one or of another size, 409 where one of them is in no state for it.
    pub(crate) async fn revert_in(&self, tx: &mut Tx, mut volume: Volume, named: &str) -> Result<()> {
        let id = volume.id;
        let latest = snapshots(tx, id).await?.pop();
        let Some(mut snapshot) = latest else {
            return Err(Error::Invalid(format!("Volume {id} doesn't have any snapshots.")));
        };
        // one that stayed with an earlier owner is none of this one's
        if snapshot.id.to_string() != named || snapshot.project_id != volume.project_id {
            return Err(Error::Invalid(format!(
                "Specified snapshot {named} is None or not the latest one of volume {id}."
            )));
        }
        if snapshot.size_gib != volume.size_gib {
            return Err(Error::Invalid(format!(
                "Can't revert volume {id} to its latest snapshot {named}. The volume size must be equal to the snapshot size."
            )));
        }
        let refuse = |kind: &str, what: &str| {
            Error::Conflict(format!(
                "Invalid {kind}: Can't revert volume {id} to its latest snapshot {named}. {what}'s status must be 'available'."
            ))
        };
        if volume.status != VolumeStatus::Available {
            return Err(refuse("volume", "Volume"));
        }
        if snapshot.status != SnapshotStatus::Available || snapshot.backend != volume.backend {
            return Err(refuse("snapshot", "Snapshot"));
        }
        let now = self.now();
        volume.begin(Doing::Reverting { snapshot: snapshot.id }, now);
        self.save_in(tx, &mut volume).await?;
        snapshot.begin(SnapshotDoing::Called { status: SnapshotStatus::Restoring }, now);
        self.save_snapshot_in(tx, &snapshot).await
    }
}
