//! What is being done to a volume or a snapshot, and how often it failed.

use std::time::Duration;

use kogge_clock::Timestamp;
use kogge_ids::{BackupId, ImageId, VolumeId, VolumeSnapshotId, VolumeTypeId};
use serde::{Deserialize, Serialize};

use crate::model::status::{BackupStatus, SnapshotStatus, VolumeStatus};

/// What a volume is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// Nothing.
    Blank,
    /// An image, whose data it holds until it is whole.
    Image {
        /// The image.
        image: ImageId,
    },
    /// Another volume.
    Volume {
        /// The volume.
        volume: VolumeId,
    },
    /// A snapshot.
    Snapshot {
        /// The snapshot.
        snapshot: VolumeSnapshotId,
    },
    /// A backup.
    Backup {
        /// The backup.
        backup: BackupId,
    },
}

/// What is being done to a volume. One thing at a time: each refuses to begin where another has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Doing {
    /// Nothing.
    Resting,
    /// It is made.
    Creating {
        /// From what.
        origin: Origin,
    },
    /// It is removed.
    Deleting,
    /// It grows to the size that it has in its row.
    Extending {
        /// Its size before in GiB.
        from: i64,
    },
    /// It becomes an image.
    Uploading {
        /// The image, which waits for its data.
        image: ImageId,
        /// In which format.
        format: String,
    },
    /// It moves to what another type asks for.
    Retyping {
        /// The type.
        to: VolumeTypeId,
        /// The backend where it is to be.
        backend: String,
    },
    /// A backup is made of it.
    BackingUp {
        /// The backup.
        backup: BackupId,
    },
    /// A backup is put onto it.
    Restoring {
        /// The backup.
        backup: BackupId,
    },
    /// It is put back to a snapshot.
    Reverting {
        /// The snapshot.
        snapshot: VolumeSnapshotId,
    },
    /// An image is put onto it.
    Reimaging {
        /// The image.
        image: ImageId,
    },
    /// It waits for another project to take it.
    Offered,
    /// A disk of the backend is taken over.
    Managing {
        /// Its name there.
        name: String,
    },
    /// Its disk is let go.
    Unmanaging,
    /// An administrator, or a client of the old actions, said what it is doing.
    Called {
        /// What they said.
        status: VolumeStatus,
    },
}

impl Doing {
    /// What is shown while it goes on; nothing where attachments say it.
    #[must_use]
    pub const fn status(&self) -> Option<VolumeStatus> {
        use VolumeStatus as S;
        Some(match self {
            Self::Resting => return None,
            Self::Creating { .. } => S::Creating,
            Self::Deleting => S::Deleting,
            Self::Extending { .. } => S::Extending,
            Self::Uploading { .. } => S::Uploading,
            Self::Retyping { .. } => S::Retyping,
            Self::BackingUp { .. } => S::BackingUp,
            Self::Restoring { .. } => S::RestoringBackup,
            Self::Reverting { .. } => S::Reverting,
            Self::Reimaging { .. } => S::Downloading,
            Self::Offered => S::AwaitingTransfer,
            Self::Managing { .. } => S::Managing,
            Self::Unmanaging => S::Unmanaging,
            Self::Called { status } => *status,
        })
    }

    /// Whether a task has something to do.
    #[must_use]
    pub const fn is_work(&self) -> bool {
        !matches!(self, Self::Resting | Self::Offered | Self::Called { .. })
    }

    /// What it is called when it cannot be done.
    #[must_use]
    pub const fn failure(&self) -> VolumeStatus {
        use VolumeStatus as S;
        match self {
            Self::Deleting => S::ErrorDeleting,
            Self::Extending { .. } => S::ErrorExtending,
            Self::Restoring { .. } => S::ErrorRestoring,
            Self::Managing { .. } => S::ErrorManaging,
            _ => S::Error,
        }
    }
}

/// What is being done to a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum SnapshotDoing {
    /// Nothing.
    Resting,
    /// It is made.
    Creating,
    /// It is removed.
    Deleting,
    /// A backup is made of it.
    BackingUp {
        /// The backup.
        backup: BackupId,
    },
    /// A disk of the backend is taken over.
    Managing {
        /// Its name there.
        name: String,
    },
    /// Its disk is let go.
    Unmanaging,
    /// An administrator said what it is doing.
    Called {
        /// What they said.
        status: SnapshotStatus,
    },
}

impl SnapshotDoing {
    /// What is shown while it goes on.
    #[must_use]
    pub const fn status(&self) -> Option<SnapshotStatus> {
        use SnapshotStatus as S;
        Some(match self {
            Self::Resting => return None,
            Self::Creating | Self::Managing { .. } => S::Creating,
            Self::Deleting => S::Deleting,
            Self::BackingUp { .. } => S::BackingUp,
            Self::Unmanaging => S::Unmanaging,
            Self::Called { status } => *status,
        })
    }

    /// Whether the task of snapshots has something to do.
    #[must_use]
    pub const fn is_work(&self) -> bool {
        matches!(self, Self::Creating | Self::Deleting | Self::Managing { .. } | Self::Unmanaging)
    }

    /// What it is called when it cannot be done.
    #[must_use]
    pub const fn failure(&self) -> SnapshotStatus {
        match self {
            Self::Deleting => SnapshotStatus::ErrorDeleting,
            _ => SnapshotStatus::Error,
        }
    }
}

/// What is being done to a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum BackupDoing {
    /// Nothing.
    Resting,
    /// It is made.
    Creating {
        /// The volume is in use: it is copied first.
        live: bool,
    },
    /// It is put onto a volume.
    Restoring {
        /// The volume.
        volume: VolumeId,
    },
    /// It is removed.
    Deleting,
    /// An administrator said what it is doing.
    Called {
        /// What they said.
        status: BackupStatus,
    },
}

impl BackupDoing {
    /// What is shown while it goes on.
    #[must_use]
    pub const fn status(&self) -> Option<BackupStatus> {
        use BackupStatus as S;
        Some(match self {
            Self::Resting => return None,
            Self::Creating { .. } => S::Creating,
            Self::Restoring { .. } => S::Restoring,
            Self::Deleting => S::Deleting,
            Self::Called { status } => *status,
        })
    }

    /// Whether a task has something to do.
    #[must_use]
    pub const fn is_work(&self) -> bool {
        !matches!(self, Self::Resting | Self::Called { .. })
    }
}

/// Something that is done in the background, with what happened to it so far. One JSON column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job<D> {
    /// What.
    #[serde(flatten)]
    pub doing: D,
    /// Since when, in microseconds.
    pub since: i64,
    /// Tries that failed one after the other.
    #[serde(default)]
    pub failures: u32,
}

/// Failures in a row after which something is given up.
pub const TRIES: u32 = 3;
/// How long after the first failure it is tried again; it doubles.
const PAUSE: Duration = Duration::from_secs(2);

impl<D> Job<D> {
    /// Begins now.
    #[must_use]
    pub const fn begun(doing: D, now: Timestamp) -> Self {
        Self { doing, since: now.as_micros(), failures: 0 }
    }

    /// When it is to be tried again.
    #[must_use]
    pub fn retry_at(&self, now: Timestamp) -> i64 {
        now.plus(PAUSE * 2_u32.saturating_pow(self.failures.min(6).saturating_sub(1))).as_micros()
    }
}

/// Nothing is to be done: further than any time.
pub const NEVER: i64 = i64::MAX;

/// Why something is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault<S> {
    /// What it is called since.
    pub status: S,
    /// Why, in a sentence for its owner.
    pub message: String,
    /// Everything, for operators; bounded.
    pub details: String,
    /// When, in microseconds.
    pub at: i64,
}

/// Most characters of the details of a fault.
const MOST_DETAILS: usize = 2048;

impl<S> Fault<S> {
    /// A fault that came now.
    #[must_use]
    pub fn new(status: S, message: String, details: &str, now: Timestamp) -> Self {
        Self { status, message, details: details.chars().take(MOST_DETAILS).collect(), at: now.as_micros() }
    }
}
