//! Where the data of backups are.
//!
//! A backup is one thing in a store: the chunks of its disk that no backup before it has, and a list of all its chunks, each
//! with its digest and whose data it is. So a chain of increments is read in one pass, and what is damaged is found.

mod chunks;
mod file;
mod folder;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use kogge_ids::BackupId;
use kogge_storage::{Contents, StorageError};

pub(crate) use folder::Folder;

/// What was written of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// Chunks that are its own; others are those of backups before it.
    pub(crate) chunks: i64,
    /// Length of the disk in bytes, as it is stored.
    pub(crate) bytes: u64,
}

/// Says what was found damaged while a backup was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Damage(Arc<OnceLock<String>>);

impl Damage {
    /// What was found, if anything was.
    pub(crate) fn found(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    fn note(&self, what: &str) {
        // the first one counts
        let _ = self.0.set(what.to_owned());
    }
}

/// A store of backups. Calls may be repeated at any time.
#[async_trait]
pub(crate) trait BackupStore: Send + Sync {
    /// Writes a backup: of what `parent` has already, only where it is. One that is whole stays as it is; a failure leaves
    /// nothing.
    ///
    /// # Errors
    /// [`StorageError::Full`], [`StorageError::NotFound`] of the parent.
    async fn write(
        &self,
        id: BackupId,
        parent: Option<BackupId>,
        contents: Contents,
    ) -> Result<Written, StorageError>;

    /// The disk of a backup. What is damaged ends it with an error, and says so in the [`Damage`].
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    async fn read(&self, id: BackupId) -> Result<(Contents, Damage), StorageError>;

    /// What was written of a backup.
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    async fn head(&self, id: BackupId) -> Result<Written, StorageError>;

    /// Removes a backup; no error where it is not there.
    ///
    /// # Errors
    /// [`StorageError::Failed`].
    async fn delete(&self, id: BackupId) -> Result<(), StorageError>;
}
