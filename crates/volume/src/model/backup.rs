//! A backup of a volume.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::Json;
use kogge_ids::{BackupId, ProjectId, SecretId, UserId, VolumeId, VolumeSnapshotId, VolumeTypeId};
use serde::{Deserialize, Serialize};

use crate::model::doing::{BackupDoing, Fault, Job, NEVER, TRIES};
use crate::model::status::BackupStatus;
use crate::model::volume::Volume;

/// What a volume says of itself, and says again where its backup is restored. Source: `cinder/backup/driver.py`,
/// `BackupMetadataAPI`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeWords {
    /// The user's key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// What it keeps of the image that it was made from.
    pub image_metadata: BTreeMap<String, String>,
    /// Servers may boot from it.
    pub bootable: bool,
}

impl VolumeWords {
    /// What a volume says now.
    #[must_use]
    pub fn of(volume: &Volume) -> Self {
        Self {
            metadata: volume.metadata.0.clone(),
            image_metadata: volume.image_metadata.0.clone(),
            bootable: volume.bootable,
        }
    }

    /// A volume with the data of the backup says this from now on.
    pub fn tell(&self, volume: &mut Volume) {
        volume.metadata = Json(self.metadata.clone());
        volume.image_metadata = Json(self.image_metadata.clone());
        volume.bootable = self.bootable;
    }
}

record! {
    /// A backup of a volume. Whoever changes it locks its row first.
    pub Backup in "volume_backups" {
        /// Its id.
        id: BackupId,
        /// The name of its data in the store: its own id, unless it was imported.
        data_id: BackupId,
        /// Whose it is.
        project_id: ProjectId,
        /// Who made it.
        user_id: UserId,
        /// The volume that it is of.
        volume_id: VolumeId,
        /// The snapshot that it is of, if it is one's.
        snapshot_id: Option<VolumeSnapshotId>,
        /// The backup that it builds on.
        parent_id: Option<BackupId>,
        /// Display name; empty for none.
        name: String,
        /// A word for people.
        description: Option<String>,
        /// The volume's size in GiB.
        size_gib: i64,
        /// The volume's type.
        type_id: Option<VolumeTypeId>,
        /// What whoever made it wrote as the container.
        container: Option<String>,
        /// The zone that it was asked for in.
        zone: Option<String>,
        /// Its key, where it is encrypted; its own.
        key_id: Option<SecretId>,
        /// Chunks that are its own.
        object_count: i64,
        /// The user's key-value pairs.
        metadata: Json<BTreeMap<String, String>>,
        /// What the volume said of itself; nothing where that was not kept yet.
        of_volume: Option<Json<VolumeWords>>,
        /// What is being done to it.
        doing: Json<Job<BackupDoing>>,
        /// Why it is not as it should be.
        fault: Option<Json<Fault<BackupStatus>>>,
        /// Computed by [`Backup::settle`].
        status: BackupStatus,
        /// Its data are there.
        made: bool,
        /// From when its data are.
        data_at: Timestamp,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
        /// When there is something to do next, in microseconds.
        due_at: i64,
    }
}

impl Backup {
    /// Computes what is shown. Whoever saves it calls this.
    pub fn settle(&mut self, now: Timestamp) {
        let deleting = self.doing.doing == BackupDoing::Deleting;
        let fault = || self.fault.as_ref().map(|fault| fault.status);
        self.status = if deleting && self.doing.failures >= TRIES {
            BackupStatus::ErrorDeleting
        } else {
            self.doing.doing.status().or_else(fault).unwrap_or(BackupStatus::Available)
        };
        self.updated_at = Some(now);
    }

    /// Begins something: what was wrong before does not count any more.
    pub fn begin(&mut self, doing: BackupDoing, now: Timestamp) {
        self.due_at = if doing.is_work() { now.as_micros() } else { NEVER };
        self.doing = Json(Job::begun(doing, now));
        self.fault = None;
        self.settle(now);
    }

    /// A try failed: it is tried again later, or given up where that is no use; true for that. What is to be deleted is never
    /// given up. One that could not be put onto a volume is as good as before.
    pub fn trip(&mut self, message: &str, details: &str, is_final: bool, now: Timestamp) -> bool {
        let failures = self.doing.failures.saturating_add(1);
        let doing = self.doing.doing.clone();
        let given_up = doing != BackupDoing::Deleting && (is_final || failures >= TRIES);
        if given_up {
            self.begin(BackupDoing::Resting, now);
        } else {
            self.doing.0.failures = failures;
            self.due_at = self.doing.retry_at(now);
        }
        let status = match doing {
            BackupDoing::Creating { .. } if given_up => Some(BackupStatus::Error),
            BackupDoing::Restoring { .. } if given_up => Some(BackupStatus::Available),
            BackupDoing::Deleting => Some(BackupStatus::ErrorDeleting),
            _ => None,
        };
        if let Some(status) = status {
            self.fault = Some(Json(Fault::new(status, message.to_owned(), details, now)));
        }
        self.settle(now);
        given_up
    }
}
