//! What users are told of things that went wrong behind their requests. Numbers and words are Cinder's
//! (`cinder/message/message_field.py`).

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::{MessageId, ProjectId};
use kogge_resource::words;

use crate::model::doing::{BackupDoing, Doing, Origin, SnapshotDoing};

words! {
    /// What kind of thing a message is about.
    pub enum About {
        /// A volume.
        Volume = "VOLUME",
        /// A snapshot.
        Snapshot = "VOLUME_SNAPSHOT",
        /// A backup.
        Backup = "VOLUME_BACKUP",
    }
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($item:ident $number:literal $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $(#[doc = $text] $item,)+ }

        impl $name {
            /// Its number.
            #[must_use]
            pub const fn number(self) -> &'static str {
                match self { $(Self::$item => $number,)+ }
            }

            /// The words of a number.
            #[must_use]
            pub fn words(number: &str) -> Option<&'static str> {
                match number { $($number => Some($text),)+ _ => None }
            }
        }
    };
}

numbered! {
    /// What was being done.
    Action {
        Allocate "001" "schedule allocate volume";
        Attach "002" "attach volume";
        Upload "003" "copy volume to image";
        UpdateAttachment "004" "update attachment";
        Download "005" "copy image to volume";
        Unmanage "006" "unmanage volume";
        Extend "007" "extend volume";
        Create "008" "create volume from backend storage";
        SnapshotCreate "009" "create snapshot";
        SnapshotDelete "010" "delete snapshot";
        SnapshotUpdate "011" "update snapshot";
        SnapshotMetadata "012" "update snapshot metadata";
        BackupCreate "013" "create backup";
        BackupDelete "014" "delete backup";
        BackupRestore "015" "restore backup";
        Reimage "016" "reimage volume";
    }
}

numbered! {
    /// What went wrong.
    Detail {
        Unknown "001" "An unknown error occurred.";
        NotInitialized "002" "Driver is not initialized at present.";
        NoBackend "003" "Could not find any available weighted backend.";
        UploadFailed "004" "Failed to upload volume to image at backend.";
        BadMode "005" "Volume's attach mode is invalid.";
        OverQuota "006" "Not enough quota resource for operation.";
        NoSpaceForImage "007" "Image used for creating volume exceeds available space.";
        EncryptedUnmanage "008" "Unmanaging encrypted volumes is not supported.";
        GuestExtend "009" "Compute service failed to extend volume.";
        ExtendFailed "010" "Volume Driver failed to extend volume.";
        BadSignature "011" "Image signature verification failed.";
        CreateFailed "012" "Driver failed to create the volume.";
        SnapshotFailed "013" "Snapshot failed to create.";
        SnapshotMetadataFailed "014" "Volume snapshot update metadata failed.";
        SnapshotBusy "015" "Snapshot is busy.";
        SnapshotDeleteFailed "016" "Snapshot failed to delete.";
        BackupState "017" "Backup status is invalid.";
        BackupDown "018" "Backup service is down.";
        BackupDevice "019" "Failed to get backup device from the volume service.";
        BackupFailed "020" "Backup driver failed to create backup.";
        AttachFailed "021" "Failed to attach volume.";
        DetachFailed "022" "Failed to detach volume.";
        BackupCleanup "023" "Cleanup of temporary volume/snapshot failed.";
        BackupNowhere "024" "Backup failed to schedule. Service not found for creating backup.";
        BackupDeleteFailed "025" "Backup driver failed to delete backup.";
        RestoreFailed "026" "Backup driver failed to restore backup.";
        VolumeState "027" "Volume status is invalid.";
        ReimageFailed "028" "Compute service failed to reimage volume.";
        BadImageFormat "029"
            "The image disk format must be the same as the volume format for the volume type you are requesting.";
        FullBackup "030" "Incremental backup not possible, forcing full backup.";
    }
}

/// What is said of something done to a volume that was given up; nothing where Cinder has no words for it.
#[must_use]
pub const fn of_volume(doing: &Doing) -> Option<(Action, Detail)> {
    Some(match doing {
        Doing::Creating { origin: Origin::Image { .. } } => (Action::Download, Detail::CreateFailed),
        Doing::Creating { .. } => (Action::Create, Detail::CreateFailed),
        Doing::Extending { .. } => (Action::Extend, Detail::ExtendFailed),
        Doing::Uploading { .. } => (Action::Upload, Detail::UploadFailed),
        Doing::Reimaging { .. } => (Action::Reimage, Detail::ReimageFailed),
        Doing::Restoring { .. } => (Action::BackupRestore, Detail::RestoreFailed),
        Doing::Unmanaging => (Action::Unmanage, Detail::Unknown),
        _ => return None,
    })
}

/// The same of a snapshot.
#[must_use]
pub const fn of_snapshot(doing: &SnapshotDoing) -> Option<(Action, Detail)> {
    Some(match doing {
        SnapshotDoing::Creating => (Action::SnapshotCreate, Detail::SnapshotFailed),
        SnapshotDoing::Deleting => (Action::SnapshotDelete, Detail::SnapshotDeleteFailed),
        _ => return None,
    })
}

/// What is said where a job of a backup was given up.
#[must_use]
pub const fn of_backup(doing: &BackupDoing) -> Option<(Action, Detail)> {
    match doing {
        BackupDoing::Creating { .. } => Some((Action::BackupCreate, Detail::BackupFailed)),
        BackupDoing::Restoring { .. } => Some((Action::BackupRestore, Detail::RestoreFailed)),
        _ => None,
    }
}

/// How long a message is kept, in days.
pub const DAYS: u64 = 30;

record! {
    /// A message.
    pub Message in "volume_messages" {
        /// Its id.
        id: MessageId,
        /// Whose it is.
        project_id: ProjectId,
        /// The request that began it.
        request_id: Option<String>,
        /// What kind of thing it is about.
        resource_type: Option<About>,
        /// Which.
        resource_id: Option<String>,
        /// What was being done: a number of [`Action`].
        action_id: String,
        /// What went wrong: a number of [`Detail`].
        detail_id: String,
        /// All of that in one word.
        event_id: String,
        /// How bad it is.
        level: String,
        /// When it was written.
        created_at: Timestamp,
        /// Until when it is kept.
        expires_at: Timestamp,
    }
}

impl Message {
    /// What users read.
    #[must_use]
    pub fn text(&self) -> String {
        let action = Action::words(&self.action_id).unwrap_or("unknown action");
        let unknown = Detail::words(Detail::Unknown.number()).unwrap_or_default();
        format!("{action}:{}", Detail::words(&self.detail_id).unwrap_or(unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_words_and_unknown_ones_are_unknown_errors() {
        assert_eq!(Action::words(Action::Reimage.number()), Some("reimage volume"));
        assert_eq!(Detail::words("012"), Some("Driver failed to create the volume."));
        assert_eq!((Action::words("999"), Detail::words("")), (None, None));
    }
}
