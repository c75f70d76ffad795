//! Snapshots of all volumes of a group, made together.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::{GroupSnapshotId, GroupTypeId, ProjectId, UserId, VolumeGroupId};
use kogge_resource::words;

use crate::model::status::SnapshotStatus;

words! {
    /// What a snapshot of a group is doing.
    pub enum GroupSnapshotStatus {
        /// Something of it could not be made.
        Error = "error",
        /// It is there.
        Available = "available",
        /// Its snapshots are being made.
        Creating = "creating",
        /// It is on its way out.
        Deleting = "deleting",
        /// It is gone.
        Deleted = "deleted",
        /// It changes.
        Updating = "updating",
        /// It could not be removed.
        ErrorDeleting = "error_deleting",
    }
}

record! {
    /// A snapshot of a group. Whoever changes it locks its group first, and its snapshots after it.
    pub GroupSnapshot in "volume_group_snapshots" {
        /// Its id.
        id: GroupSnapshotId,
        /// Whose it is.
        project_id: ProjectId,
        /// Who made it.
        user_id: UserId,
        /// The group.
        group_id: VolumeGroupId,
        /// The group's type.
        group_type_id: GroupTypeId,
        /// Display name.
        name: Option<String>,
        /// A word for people.
        description: Option<String>,
        /// Computed by [`GroupSnapshot::settle`], or said by an administrator.
        status: GroupSnapshotStatus,
        /// It goes with the last of its snapshots.
        doomed: bool,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
    }
}

impl GroupSnapshot {
    /// Computes what it is doing by what its snapshots are doing; true where that is something else than before. What an
    /// administrator said holds.
    pub fn settle(&mut self, parts: &[SnapshotStatus], now: Timestamp) -> bool {
        use GroupSnapshotStatus as S;
        let shown = match self.status {
            S::Deleting | S::ErrorDeleting if parts.contains(&SnapshotStatus::ErrorDeleting) => {
                S::ErrorDeleting
            }
            S::Deleting | S::ErrorDeleting if self.doomed => S::Deleting,
            S::Creating if parts.contains(&SnapshotStatus::Creating) => S::Creating,
            S::Creating if parts.contains(&SnapshotStatus::Error) => S::Error,
            S::Creating => S::Available,
            said => said,
        };
        let changed = shown != self.status;
        if changed {
            self.status = shown;
            self.updated_at = Some(now);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_its_snapshots_are() {
        use GroupSnapshotStatus as G;
        use SnapshotStatus as S;
        let now = Timestamp::from_seconds(1);
        for (before, doomed, parts, after) in [
            (G::Creating, false, &[S::Available, S::Creating][..], G::Creating),
            (G::Creating, false, &[S::Error, S::Creating], G::Creating),
            (G::Creating, false, &[S::Error, S::Available], G::Error),
            (G::Creating, false, &[S::Available, S::Available], G::Available),
            (G::Creating, false, &[], G::Available),
            (G::Deleting, true, &[S::Deleting, S::ErrorDeleting], G::ErrorDeleting),
            (G::ErrorDeleting, true, &[S::Deleting], G::Deleting),
            (G::Deleting, false, &[S::Available], G::Deleting),
            (G::Available, false, &[S::Error], G::Available),
            (G::Error, false, &[S::Available], G::Error),
        ] {
            let mut row = GroupSnapshot {
                id: GroupSnapshotId::random(),
                project_id: "p".parse().unwrap(),
                user_id: "u".parse().unwrap(),
                group_id: VolumeGroupId::random(),
                group_type_id: GroupTypeId::random(),
                name: None,
                description: None,
                status: before,
                doomed,
                created_at: now,
                updated_at: None,
            };
            assert_eq!((row.settle(parts, now), row.status), (before != after, after), "{before} {parts:?}");
        }
    }
}
