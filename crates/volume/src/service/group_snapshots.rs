//! Snapshots of groups: all volumes of a group at once, or none.
//!
//! Rows are locked in this order: the group, its snapshot, its volumes, the snapshots in it.

use kogge_auth::Caller;
use kogge_db::{Record as _, Tx};
use kogge_ids::{GroupSnapshotId, VolumeGroupId};

use crate::error::{Error, Result};
use crate::model::group::{Group, GroupType};
use crate::model::group_snapshot::{GroupSnapshot, GroupSnapshotStatus};
use crate::model::snapshot::Snapshot;
use crate::model::status::VolumeStatus;
use crate::service::snapshots::{NewSnapshot, Removal};
use crate::store::{group_snapshots as store, groups};
use crate::{Volumes, policy};

/// A snapshot of a group to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewGroupSnapshot {
    /// Display name.
    pub(crate) name: Option<String>,
    /// A word for people.
    pub(crate) description: Option<String>,
}

impl Volumes {
    /// Makes a snapshot of every volume of a group that this transaction locked.
    ///
    /// # Errors
    /// Where a volume is in no state for it, or the project may not have so many.
    pub(crate) async fn create_group_snapshot_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        group: &Group,
        new: NewGroupSnapshot,
    ) -> Result<GroupSnapshot> {
        if group.is_doomed() {
            let why = "Group status must be available, but current status is: deleting";
            return Err(Error::Invalid(format!("Invalid Group: {why}")));
        }
        let project = caller.require_project(&policy::GROUP_CREATE_GROUP_SNAPSHOT)?.clone();
        let volumes = groups::volumes_of(tx, group.id).await?;
        let used = volumes.iter().any(|volume| volume.status == VolumeStatus::InUse);
        let kind = GroupType::get(&mut *tx, &group.group_type_id).await?;
        if used && volumes.len() > 1 && kind.is_some_and(|kind| kind.is_consistent()) {
            return Err(Error::volume(format!(
                "The type of group {} asks for snapshots of one moment, which the backend makes of volumes that nobody uses. \
                 Detach them first.",
                group.id
            )));
        }
        let mut row = GroupSnapshot {
            id: GroupSnapshotId::random(),
            project_id: project,
            user_id: caller.user.id.clone(),
            group_id: group.id,
            group_type_id: group.group_type_id,
            name: new.name.clone(),
            description: new.description.clone(),
            status: GroupSnapshotStatus::Creating,
            doomed: false,
            created_at: self.now(),
            updated_at: None,
        };
        if volumes.is_empty() {
            row.status = GroupSnapshotStatus::Available;
        }
        row.insert(tx).await?;
        for volume in &volumes {
            let part = NewSnapshot {
                name: new.name.clone().unwrap_or_default(),
                description: new.description.clone(),
                in_use: true,
                group_snapshot: Some(row.id),
                ..NewSnapshot::default()
            };
            self.create_snapshot_in(tx, caller, volume, part).await?;
        }
        Ok(row)
    }

    /// The snapshot of a group, locked behind its group.
    pub(crate) async fn lock_group_snapshot_in(
        &self,
        tx: &mut Tx,
        id: GroupSnapshotId,
    ) -> Result<Option<(Group, GroupSnapshot)>> {
        let Some(seen) = GroupSnapshot::get(&mut *tx, &id).await? else { return Ok(None) };
        let group = Group::lock(tx, &seen.group_id).await?;
        Ok(group.zip(GroupSnapshot::lock(tx, &id).await?))
    }

    /// Begins to remove a snapshot of a group, which this transaction locked, with all that is in it.
    ///
    /// # Errors
    /// 400 where it is in no state for it.
    pub(crate) async fn doom_group_snapshot_in(&self, tx: &mut Tx, mut row: GroupSnapshot) -> Result<()> {
        use GroupSnapshotStatus as S;
        let fit = matches!(row.status, S::Available | S::Error);
        if !fit || store::is_being_copied(tx, row.id).await? {
            let why = "GroupSnapshot status must be available or error, and no Group can be currently using it as source for \
                       its creation.";
            return Err(Error::Invalid(format!("Invalid GroupSnapshot: {why}")));
        }
        let parts = store::lock_parts(tx, row.id).await?;
        if parts.is_empty() {
            return Ok(GroupSnapshot::delete(tx, &row.id).await.map(drop)?);
        }
        if let Some(part) = parts.iter().find(|part| !part.may_go()) {
            let (id, status) = (part.id, part.status);
            let why = format!("Snapshot {id} in it is {status}; it must be available or error.");
            return Err(Error::Invalid(format!("Invalid GroupSnapshot: {why}")));
        }
        for part in parts {
            self.delete_snapshot_in(tx, part, Removal::WithGroup).await?;
        }
        row.status = S::Deleting;
        row.doomed = true;
        row.updated_at = Some(self.now());
        Ok(row.save(tx).await?)
    }

    /// Something became of a snapshot: what that means for the group's that it is part of, which this transaction locked.
    pub(crate) async fn settle_group_snapshot_in(
        &self,
        tx: &mut Tx,
        whole: Option<GroupSnapshot>,
    ) -> Result<()> {
        let Some(mut row) = whole else { return Ok(()) };
        let parts = store::statuses(tx, row.id).await?;
        if row.doomed && parts.is_empty() {
            return Ok(GroupSnapshot::delete(tx, &row.id).await.map(drop)?);
        }
        if row.settle(&parts, self.now()) {
            row.save(tx).await?;
        }
        Ok(())
    }

    /// The group's snapshot that a snapshot is part of, locked before it.
    pub(crate) async fn lock_whole_in(&self, tx: &mut Tx, part: &Snapshot) -> Result<Option<GroupSnapshot>> {
        match part.group_snapshot_id {
            Some(id) => Ok(GroupSnapshot::lock(tx, &id).await?),
            None => Ok(None),
        }
    }

    /// The group that a caller names, locked; its project may make snapshots of it.
    ///
    /// # Errors
    /// [`Error::NotFound`], or 403.
    pub(crate) async fn group_to_copy_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: VolumeGroupId,
    ) -> Result<Group> {
        let found = Group::lock(tx, &id).await?;
        let seen = found.filter(|group| {
            crate::resources::is_admin(caller) || caller.project_id() == Some(&group.project_id)
        });
        seen.ok_or_else(|| super::groups::no_group(id))
    }
}
