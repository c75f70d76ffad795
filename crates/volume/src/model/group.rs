//! Groups of volumes, and their types.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::Json;
use kogge_ids::{GroupSnapshotId, GroupTypeId, ProjectId, UserId, VolumeGroupId, VolumeTypeId};
use kogge_resource::words;

use crate::model::doing::NEVER;
use crate::model::status::VolumeStatus;

record! {
    /// A type of groups.
    pub GroupType in "volume_group_types" {
        /// Its id.
        id: GroupTypeId,
        /// Its name; no two have the same.
        name: String,
        /// A word for people.
        description: Option<String>,
        /// Every project sees it; else administrators alone.
        is_public: bool,
        /// What it asks of backends.
        specs: Json<BTreeMap<String, String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
    }
}

/// Name of the type of consistency groups, which are groups under a name of old.
pub const OLD_TYPE: &str = "default_cgsnapshot_type";
/// Its id, in every cloud the same.
pub const OLD_TYPE_ID: &str = "5e1f0b5c-61a5-5b0c-9a5e-0d4b3f8c2a17";
/// What it asks of backends: [`GroupType::is_consistent`].
pub const CONSISTENT: &str = "consistent_group_snapshot_enabled";

/// Whether a group of this type is a consistency group.
#[must_use]
pub fn is_of_old(id: GroupTypeId) -> bool {
    id.to_string() == OLD_TYPE_ID
}

impl GroupType {
    /// Whether snapshots of a group have to be of one moment.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let asked = self.specs.0.get(CONSISTENT);
        asked.is_some_and(|word| word.trim_start_matches("<is>").trim().eq_ignore_ascii_case("true"))
    }
}

words! {
    /// What a group is doing.
    pub enum GroupStatus {
        /// Something of it could not be made.
        Error = "error",
        /// It is there.
        Available = "available",
        /// Its volumes are being made.
        Creating = "creating",
        /// It is on its way out.
        Deleting = "deleting",
        /// It is gone.
        Deleted = "deleted",
        /// Volumes join it or leave it.
        Updating = "updating",
        /// It is in use.
        InUse = "in-use",
        /// It could not be removed.
        ErrorDeleting = "error_deleting",
    }
}

record! {
    /// A group of volumes of one project, on one backend.
    pub Group in "volume_groups" {
        /// Its id.
        id: VolumeGroupId,
        /// Whose it is.
        project_id: ProjectId,
        /// Who made it.
        user_id: UserId,
        /// Display name; empty for none.
        name: String,
        /// A word for people.
        description: Option<String>,
        /// Its type.
        group_type_id: GroupTypeId,
        /// The types that its volumes may be of.
        type_ids: Json<Vec<VolumeTypeId>>,
        /// The zone that it is in.
        zone: String,
        /// The backend where its volumes are.
        backend: String,
        /// What was last said that it is doing: see [`Group::shown`].
        status: GroupStatus,
        /// The snapshot that it was made from.
        group_snapshot_id: Option<GroupSnapshotId>,
        /// The group that it was made from.
        source_group_id: Option<VolumeGroupId>,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
        /// When it was to be removed, in microseconds; [`NEVER`] while it is not.
        doomed_at as "due_at": i64,
    }
}

impl Group {
    /// Whether it goes with the last of its volumes.
    #[must_use]
    pub const fn is_doomed(&self) -> bool {
        self.doomed_at != NEVER
    }

    /// What it is doing: what is made with it shows by its volumes.
    #[must_use]
    pub fn shown(&self, volumes: &[VolumeStatus]) -> GroupStatus {
        if self.status != GroupStatus::Creating {
            return self.status;
        }
        if volumes.contains(&VolumeStatus::Creating) {
            GroupStatus::Creating
        } else if volumes.contains(&VolumeStatus::Error) {
            GroupStatus::Error
        } else {
            GroupStatus::Available
        }
    }
}
