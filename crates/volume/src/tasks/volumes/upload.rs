//! A volume becomes an image.

use kogge_ids::ImageId;
use kogge_storage::{DiskId, ExportFormat};

use super::Stop;
use crate::Volumes;
use crate::error::Error;
use crate::model::export::export_format;
use crate::model::volume::Volume;

impl Volumes {
    /// Copies a volume into the image that waits for it.
    pub(super) async fn upload(&self, volume: &Volume, image: ImageId, format: &str) -> Result<(), Stop> {
        let format =
            export_format(format).ok_or_else(|| Stop::Never(format!("{format} is no format of ours")))?;
        let copy = match self.live_copy(volume.id).await? {
            Some(copy) if format == ExportFormat::Qcow2 => copy,
            // other formats are made by the backend, which must not look while a guest writes
            Some(_) => {
                return Err(Stop::Never(
                    "a volume in use becomes an image in the format qcow2 alone".to_owned(),
                ));
            }
            None => {
                let copy = self.backend(&volume.backend)?.export(DiskId::Volume(volume.id), format).await?;
                if self.live_copy(volume.id).await?.is_some() {
                    // a guest began to write in the middle of it
                    return Err(Stop::Wait);
                }
                copy
            }
        };
        match self.image().receive_snapshot(image, copy.bytes, copy.data.into_stream()).await {
            // whoever deleted the image wants no copy
            Err(error) if !error.is_not_found() => return Err(Stop::Own(Error::internal(error))),
            _ => {}
        }
        self.finish(volume, |volume, now| volume.rest(now)).await
    }
}
