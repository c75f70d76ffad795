//! Volumes that join groups and leave them.

use kogge_db::{Record as _, Tx};
use kogge_ids::VolumeId;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::group::Group;
use crate::model::status::VolumeStatus;
use crate::model::volume::Volume;
use crate::store::groups as store;

/// Statuses of volumes that may join.
const JOINABLE: [VolumeStatus; 2] = [VolumeStatus::Available, VolumeStatus::InUse];
/// Statuses of volumes that may leave.
const LEAVABLE: [VolumeStatus; 4] =
    [VolumeStatus::Available, VolumeStatus::InUse, VolumeStatus::Error, VolumeStatus::ErrorDeleting];

fn tuple(statuses: &[VolumeStatus]) -> String {
    let words: Vec<String> = statuses.iter().map(|status| format!("'{status}'")).collect();
    format!("({})", words.join(", "))
}

impl Volumes {
    /// Lets volumes leave a group and others join it; answers whether any did.
    pub(crate) async fn change_group_in(
        &self,
        tx: &mut Tx,
        group: &Group,
        add: &[String],
        remove: &[String],
    ) -> Result<bool> {
        let both: Vec<&String> = add.iter().filter(|id| remove.contains(id)).collect();
        if !both.is_empty() {
            return Err(Error::volume(format!("UUIDs {both:?} are in both add and remove volume list.")));
        }
        let mut inside = store::volumes_of(tx, group.id).await?;
        let is_in = |volumes: &[Volume], id: &str| volumes.iter().any(|volume| volume.id.to_string() == id);
        let mut add: Vec<&String> = add.iter().filter(|id| !is_in(&inside, id)).collect();
        add.sort_unstable();
        for id in &add {
            let mut volume = self.joining(tx, group, id).await?;
            volume.group_id = Some(group.id);
            self.save_in(tx, &mut volume).await?;
        }
        for id in remove {
            let refuse = |why: String| {
                Error::volume(format!("Cannot remove volume {id} from group {} because {why}", group.id))
            };
            let found = inside.iter_mut().find(|volume| volume.id.to_string() == **id);
            let volume = found.ok_or_else(|| refuse("it is not in the group.".to_owned()))?;
            if !LEAVABLE.contains(&volume.status) {
                let (status, valid) = (volume.status, tuple(&LEAVABLE));
                let why = format!("volume is in an invalid state: {status}. Valid states are: {valid}.");
                return Err(refuse(why));
            }
            volume.group_id = None;
            self.save_in(tx, volume).await?;
        }
        Ok(!add.is_empty() || !remove.is_empty())
    }

    /// A volume that may join a group, locked.
    async fn joining(&self, tx: &mut Tx, group: &Group, id: &str) -> Result<Volume> {
        let refuse = |why: String| {
            Error::volume(format!("Cannot add volume {id} to group {} because {why}", group.id))
        };
        let found = match id.parse::<VolumeId>() {
            Ok(id) => Volume::lock(tx, &id).await?.filter(|volume| volume.project_id == group.project_id),
            Err(_) => None,
        };
        let volume = found.ok_or_else(|| refuse("volume cannot be found.".to_owned()))?;
        if let Some(other) = volume.group_id {
            return Err(refuse(format!("it is already in group {other}.")));
        }
        if !group.type_ids.contains(&volume.type_id) {
            return Err(refuse(format!("volume type {} is not supported by the group.", volume.type_id)));
        }
        if !JOINABLE.contains(&volume.status) {
            let (status, valid) = (volume.status, tuple(&JOINABLE));
            return Err(refuse(format!(
                "volume is in an invalid state: {status}. Valid states are: {valid}."
            )));
        }
        if volume.backend != group.backend {
            return Err(refuse("they are on different backends.".to_owned()));
        }
        Ok(volume)
    }
}
