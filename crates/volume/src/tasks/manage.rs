//! Volumes whose disks are taken over, or let go.

use kogge_storage::{DiskId, StorageError};

use super::stop::Stop;
use crate::Volumes;
use crate::model::bounds::bytes;
use crate::model::volume::Volume;

impl Volumes {
    /// Takes over the disk of this name.
    pub(super) async fn adopt(&self, volume: &Volume, name: &str) -> Result<(), Stop> {
        let (backend, disk) = (self.backend(&volume.backend)?, DiskId::Volume(volume.id));
        let adopted = backend.adopt(name, disk).await?;
        let whole = bytes(volume.size_gib);
        if adopted.bytes > whole {
            backend.release(disk).await?;
            return Err(Stop::Never("the disk grew while it was taken over".to_owned()));
        }
        if adopted.bytes < whole {
            // volumes have whole GiB
            backend.extend(disk, whole).await?;
        }
        self.fit(volume).await?;
        self.made(volume).await
    }

    /// Lets the disk go as it is; the volume's row follows.
    pub(super) async fn release(&self, volume: &Volume) -> Result<(), Stop> {
        match self.backend(&volume.backend)?.release(DiskId::Volume(volume.id)).await {
            // an earlier try did it
            Ok(()) | Err(StorageError::NotFound { .. }) => self.bury(volume).await,
            Err(error) => Err(error.into()),
        }
    }
}
