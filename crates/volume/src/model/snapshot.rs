//! A snapshot of a volume.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::Json;
use kogge_ids::{GroupSnapshotId, ProjectId, SecretId, UserId, VolumeId, VolumeSnapshotId, VolumeTypeId};

use crate::model::doing::{Fault, Job, NEVER, SnapshotDoing, TRIES};
use crate::model::status::SnapshotStatus;

record! {
    /// A snapshot of a volume. Whoever changes it locks its row first.
    pub Snapshot in "volume_snapshots" {
        /// Its id.
        id: VolumeSnapshotId,
        /// Whose it is.
        project_id: ProjectId,
        /// Who made it.
        user_id: UserId,
        /// The volume that it is of.
        volume_id: VolumeId,
        /// Display name; empty for none.
        name: String,
        /// A word for people.
        description: Option<String>,
        /// Its size in GiB.
        size_gib: i64,
        /// The volume's type.
        type_id: VolumeTypeId,
        /// The backend where its data are.
        backend: String,
        /// Its key, where it is encrypted; its own.
        key_id: Option<SecretId>,
        /// The snapshot of a group that it is part of.
        group_snapshot_id: Option<GroupSnapshotId>,
        /// The user's key-value pairs.
        metadata: Json<BTreeMap<String, String>>,
        /// What is being done to it.
        doing: Json<Job<SnapshotDoing>>,
        /// Why it is not as it should be.
        fault: Option<Json<Fault<SnapshotStatus>>>,
        /// Computed by [`Snapshot::settle`].
        status: SnapshotStatus,
        /// Its data are there.
        made: bool,
        /// How far its making is, in the words of whoever said it.
        progress: Option<String>,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
        /// When there is something to do next, in microseconds.
        due_at: i64,
    }
}

impl Snapshot {
    /// Computes what is shown. Whoever saves it calls this.
    pub fn settle(&mut self, now: Timestamp) {
        let fault = || self.fault.as_ref().map(|fault| fault.status);
        let shown = self.doing.doing.status().or_else(fault).unwrap_or(SnapshotStatus::Available);
        self.status = if self.is_hard_to_delete() { SnapshotStatus::ErrorDeleting } else { shown };
        self.updated_at = Some(now);
    }

    /// Whether deleting failed as often as anything may fail. It is tried on and on, but no longer said to be under way.
    #[must_use]
    pub fn is_hard_to_delete(&self) -> bool {
        self.doing.doing == SnapshotDoing::Deleting && self.doing.failures >= TRIES
    }

    /// Whether its owner may remove it: nothing is made of it. To ask twice is no mistake.
    #[must_use]
    pub const fn may_go(&self) -> bool {
        use SnapshotStatus as S;
        matches!(self.status, S::Available | S::Error | S::ErrorDeleting | S::Deleting)
    }

    /// How far its making is.
    #[must_use]
    pub fn progress(&self) -> &str {
        self.progress.as_deref().unwrap_or(if self.made { "100%" } else { "0%" })
    }

    /// A try failed: it is tried again later, or given up where that is no use. What is to be deleted is never given up.
    pub fn trip(&mut self, message: &str, details: &str, is_final: bool, now: Timestamp) {
        let failures = self.doing.failures.saturating_add(1);
        let deleting = self.doing.doing == SnapshotDoing::Deleting;
        if !deleting && (is_final || failures >= TRIES) {
            return self.fail(message.to_owned(), details, now);
        }
        self.doing.0.failures = failures;
        self.due_at = self.doing.retry_at(now);
        if deleting {
            let fault = Fault::new(SnapshotStatus::ErrorDeleting, message.to_owned(), details, now);
            self.fault = Some(Json(fault));
        }
        self.settle(now);
    }

    /// Begins something: what was wrong before does not count any more.
    pub fn begin(&mut self, doing: SnapshotDoing, now: Timestamp) {
        self.due_at = if doing.is_work() { now.as_micros() } else { NEVER };
        self.doing = Json(Job::begun(doing, now));
        self.fault = None;
        self.settle(now);
    }

    /// What was done is done.
    pub fn rest(&mut self, now: Timestamp) {
        self.begin(SnapshotDoing::Resting, now);
    }

    /// What was done cannot be done.
    pub fn fail(&mut self, message: String, details: &str, now: Timestamp) {
        let status = self.doing.doing.failure();
        self.rest(now);
        self.fault = Some(Json(Fault::new(status, message, details, now)));
        self.settle(now);
    }
}
