//! A volume becomes an image.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_db::Tx;
use kogge_ids::ImageId;
use kogge_image::NewSnapshot;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::export::export_format;
use crate::model::status::VolumeStatus;
use crate::model::volume::Volume;

/// What the image is to be.
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) format: String,
    /// Also where a server uses the volume.
    pub(crate) force: bool,
    pub(crate) visibility: Option<String>,
    pub(crate) protected: bool,
}

/// What a volume keeps of its image that is of that image alone.
const OF_THE_IMAGE: [&str; 8] =
    ["image_id", "image_name", "checksum", "container_format", "disk_format", "min_disk", "min_ram", "size"];

impl Volumes {
    /// Registers the image that a volume is to become.
    pub(crate) async fn upload_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        volume: &Volume,
        wanted: Upload,
    ) -> Result<ImageId> {
        let ready = volume.status == VolumeStatus::Available
            || (wanted.force && volume.status == VolumeStatus::InUse);
        if !ready {
            let states = if wanted.force { "available or in-use" } else { "available" };
            return Err(Error::volume(format!("Volume {} status must be {states}", volume.id)));
        }
        if export_format(&wanted.format).is_none() {
            let why = format!("A volume cannot become an image in the format {}.", wanted.format);
            return Err(Error::Invalid(why));
        }
        if volume.key_id.is_some() {
            return Err(Error::Invalid(
                "An encrypted volume becomes no image: its key would have to leave this cloud. Make an unencrypted volume and \
                 copy the data in a server."
                    .to_owned(),
            ));
        }
        self.check_room()?;
        let kept =
            |name: &str| volume.image_metadata.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let own = volume.image_metadata.iter().filter(|(key, _)| !OF_THE_IMAGE.contains(&key.as_str()));
        let properties: BTreeMap<String, String> =
            own.map(|(key, value)| (key.clone(), value.clone())).collect();
        let new = NewSnapshot {
            name: wanted.name,
            properties,
            disk_format: wanted.format,
            min_disk: kept("min_disk").max(volume.size_gib),
            min_ram: kept("min_ram"),
        };
        let id = self.image().create_snapshot_in(tx, caller, new).await?;
        self.image().show_as_in(tx, id, wanted.visibility.as_deref(), wanted.protected).await?;
        Ok(id)
    }
}
