//! Another type, and where that asks for it another backend.

use kogge_db::Record as _;
use kogge_ids::VolumeTypeId;
use kogge_storage::{DiskId, Origin};

use super::Stop;
use crate::Volumes;
use crate::model::quota::Usage;
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::store::usage;

impl Volumes {
    /// Gives a volume its new type. Its data are copied where they have to move; the old ones go after the row says where the
    /// new ones are, so that at no moment there are none.
    pub(super) async fn retype(&self, volume: &Volume, to: VolumeTypeId, backend: &str) -> Result<(), Stop> {
        let disk = DiskId::Volume(volume.id);
        let moves = backend != volume.backend;
        if moves {
            if self.has_snapshot_being_made(volume.id).await? {
                return Err(Stop::Wait);
            }
            let contents = self.backend(&volume.backend)?.read(disk).await?;
            let new = self.disk_of(volume).await?;
            // what an earlier move left there is not this one's copy
            self.backend(backend)?.replace(new, Origin::Contents(contents)).await?;
        }
        let kind = VolumeType::get(self.db(), &to).await?;
        let several = kind.is_some_and(|kind| kind.is_multiattach());
        if several {
            self.backend(backend)?.share(volume.id).await?;
        }
        let mut tx = self.db().begin().await?;
        let name = backend.to_owned();
        let done = self
            .finish_in(&mut tx, volume, |row, now| {
                row.type_id = to;
                row.backend = name;
                row.multiattach = several;
                row.rest(now);
            })
            .await?;
        if done && to != volume.type_id {
            let (project, old) = (volume.project_id.to_string(), volume.type_id.to_string());
            usage::moved(&mut tx, &project, &old, -Usage::volume(volume.size_gib)).await?;
        }
        tx.commit().await?;
        if moves && done {
            // what is left behind by a crash right here is an orphan that the doctor finds
            self.backend(&volume.backend)?.delete(disk).await?;
        }
        Ok(())
    }
}
