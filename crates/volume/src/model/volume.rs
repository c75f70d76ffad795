//! A volume.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::Json;
use kogge_ids::{
    BackupId, ProjectId, SecretId, UserId, VolumeGroupId, VolumeId, VolumeSnapshotId, VolumeTypeId,
};

use crate::model::attachment::{AttachStatus, Attachment};
use crate::model::doing::{Doing, Fault, Job, NEVER};
use crate::model::status::VolumeStatus;

record! {
    /// A volume. Whoever changes it locks its row first.
    pub Volume in "volumes" touches "volumes" by id {
        /// Its id.
        id: VolumeId,
        /// Whose it is.
        project_id: ProjectId,
        /// Who made it.
        user_id: UserId,
        /// Display name; empty for none.
        name: String,
        /// A word for people.
        description: Option<String>,
        /// Its size in GiB.
        size_gib: i64,
        /// Its type.
        type_id: VolumeTypeId,
        /// The zone that it is in.
        zone: String,
        /// The backend where its data are.
        backend: String,
        /// Servers may boot from it.
        bootable: bool,
        /// Several servers may use it at the same time.
        multiattach: bool,
        /// Nobody may write to it.
        read_only: bool,
        /// Somebody said whether it may be written to.
        read_only_said: bool,
        /// Its key, where it is encrypted.
        key_id: Option<SecretId>,
        /// The snapshot that it was made from.
        snapshot_id: Option<VolumeSnapshotId>,
        /// The volume that it was made from.
        source_id: Option<VolumeId>,
        /// The backup that it was made from.
        backup_id: Option<BackupId>,
        /// The group that it is in.
        group_id: Option<VolumeGroupId>,
        /// The user's key-value pairs.
        metadata: Json<BTreeMap<String, String>>,
        /// What it keeps of the image that it was made from.
        image_metadata: Json<BTreeMap<String, String>>,
        /// What is being done to it.
        doing: Json<Job<Doing>>,
        /// Why it is not as it should be.
        fault: Option<Json<Fault<VolumeStatus>>>,
        /// Computed by [`Volume::settle`].
        status: VolumeStatus,
        /// Its data are there.
        made: bool,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
        /// When there is something to do next, in microseconds.
        due_at: i64,
    }
}

impl Volume {
    /// What it is doing: what is done to it, else what is wrong with it, else what its attachments say.
    #[must_use]
    pub fn computed(&self, ties: &[Attachment]) -> VolumeStatus {
        let fault = || self.fault.as_ref().map(|fault| fault.status);
        self.doing.doing.status().or_else(fault).unwrap_or_else(|| of_ties(ties))
    }

    /// Computes what is shown, and when there is something to do. Whoever saves it calls this.
    pub fn settle(&mut self, ties: &[Attachment], now: Timestamp) {
        self.status = self.computed(ties);
        self.updated_at = Some(now);
    }

    /// Begins something: what was wrong before does not count any more.
    pub fn begin(&mut self, doing: Doing, now: Timestamp) {
        self.due_at = if doing.is_work() { now.as_micros() } else { NEVER };
        self.doing = Json(Job::begun(doing, now));
        self.fault = None;
    }

    /// What was done is done.
    pub fn rest(&mut self, now: Timestamp) {
        self.begin(Doing::Resting, now);
    }

    /// What was done cannot be done.
    pub fn fail(&mut self, message: String, details: &str, now: Timestamp) {
        let status = self.doing.doing.failure();
        self.rest(now);
        self.fault = Some(Json(Fault::new(status, message, details, now)));
    }
}

/// What attachments say of their volume: the furthest of them counts.
fn of_ties(ties: &[Attachment]) -> VolumeStatus {
    let has = |wanted: &[AttachStatus]| ties.iter().any(|tie| wanted.contains(&tie.status));
    if has(&[AttachStatus::Attached]) {
        VolumeStatus::InUse
    } else if has(&[AttachStatus::Attaching]) {
        VolumeStatus::Attaching
    } else if has(&[AttachStatus::Detaching, AttachStatus::ErrorDetaching]) {
        VolumeStatus::Detaching
    } else if has(&[AttachStatus::Reserved, AttachStatus::ErrorAttaching]) {
        VolumeStatus::Reserved
    } else {
        VolumeStatus::Available
    }
}
