//! Work with files, off the threads of others.

use std::io;

use kogge_qemu::QemuError;

use crate::StorageError;

/// Does something that may wait for a disk.
pub(crate) async fn off<T: Send + 'static>(
    step: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StorageError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StorageError::failed(step, error))?.map_err(|error| StorageError::io(step, &error))
}

/// A step that a program of QEMU's did not do.
pub(crate) fn failed(step: &str, error: QemuError) -> StorageError {
    match error {
        QemuError::Refused { because } => StorageError::Refused { because },
        other => {
            let because = other.to_string();
            // its only way to say so
            let full =
                ["No space left on device", "Disk quota exceeded"].iter().any(|word| because.contains(word));
            if full {
                StorageError::Full { step: step.to_owned(), because }
            } else {
                StorageError::failed(step, because)
            }
        }
    }
}
