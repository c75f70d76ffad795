//! The words of block storage for what a thing is doing.

use kogge_resource::words;

words! {
    /// What a volume is doing.
    pub enum VolumeStatus {
        /// It is being made.
        Creating = "creating",
        /// It is there, and nobody uses it.
        Available = "available",
        /// It is promised to a server.
        Reserved = "reserved",
        /// A server is about to get it.
        Attaching = "attaching",
        /// A server is about to let it go.
        Detaching = "detaching",
        /// A server has it.
        InUse = "in-use",
        /// An administrator keeps it from being used.
        Maintenance = "maintenance",
        /// It is on its way out.
        Deleting = "deleting",
        /// It is waiting for another project to take it.
        AwaitingTransfer = "awaiting-transfer",
        /// It could not be made.
        Error = "error",
        /// It could not be removed.
        ErrorDeleting = "error_deleting",
        /// A backup of it is being made.
        BackingUp = "backing-up",
        /// A backup is being put onto it.
        RestoringBackup = "restoring-backup",
        /// A backup could not be made.
        ErrorBackingUp = "error_backing-up",
        /// A backup could not be put onto it.
        ErrorRestoring = "error_restoring",
        /// It could not be grown.
        ErrorExtending = "error_extending",
        /// It could not be taken over.
        ErrorManaging = "error_managing",
        /// An image is being put onto it.
        Downloading = "downloading",
        /// It is being copied into an image.
        Uploading = "uploading",
        /// It gets another type.
        Retyping = "retyping",
        /// It grows.
        Extending = "extending",
        /// It is put back to a snapshot.
        Reverting = "reverting",
        /// It is being taken over.
        Managing = "managing",
        /// It is being let go.
        Unmanaging = "unmanaging",
    }
}

words! {
    /// What a snapshot is doing.
    pub enum SnapshotStatus {
        /// It is being made.
        Creating = "creating",
        /// It is there.
        Available = "available",
        /// A backup of it is being made.
        BackingUp = "backing-up",
        /// It is on its way out.
        Deleting = "deleting",
        /// It could not be made.
        Error = "error",
        /// It is gone.
        Deleted = "deleted",
        /// It is being let go.
        Unmanaging = "unmanaging",
        /// Its volume is being put back to it.
        Restoring = "restoring",
        /// It could not be removed.
        ErrorDeleting = "error_deleting",
    }
}

words! {
    /// What a backup is doing.
    pub enum BackupStatus {
        /// It is being made.
        Creating = "creating",
        /// It is there.
        Available = "available",
        /// It is being put onto a volume.
        Restoring = "restoring",
        /// It is on its way out.
        Deleting = "deleting",
        /// It could not be made.
        Error = "error",
        /// It could not be removed.
        ErrorDeleting = "error_deleting",
    }
}
