//! Images, as compute needs them.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_db::{Paged, Tx};
use kogge_http::Pairs;
use kogge_ids::{ImageId, ServerId};
use kogge_image::{BootImage, Image, ImageQuery, NewSnapshot};
use kogge_node_api::{DiskBus, DiskFormat, Firmware, Hardware, NodeError};

use crate::Compute;
use crate::error::{Error, Result};
use crate::model::flavor::Shape;
use crate::model::hardware::{self, Made};
use crate::model::mapping;
use crate::model::server::{Backup, BirthDisk, BootedImage, Server, ShelfPlace};
use crate::service::servers::labels::check_metadata;
use crate::store::quotas;

/// Bytes of a GiB.
const GIB: i64 = 1 << 30;

impl Compute {
    /// An image that the caller may boot on a server of this shape, with what its servers keep of it; `missing` is said
    /// where there is none.
    pub(crate) async fn bootable(
        &self,
        caller: &Caller,
        id: &str,
        shape: &Shape,
        missing: &str,
    ) -> Result<(BootedImage, BirthDisk, Hardware)> {
        boots_on(&self.image_for(caller, id, missing).await?, shape)
    }

    /// An image that the caller sees; `missing` is said where there is none.
    pub(crate) async fn image_for(&self, caller: &Caller, id: &str, missing: &str) -> Result<BootImage> {
        let none = || Error::Invalid(missing.to_owned());
        let id: ImageId = id.parse().map_err(|_| none())?;
        match self.image().for_boot(caller, id).await {
            Err(error) if error.is_not_found() => Err(none()),
            found => found.map_err(from_image),
        }
    }

    /// Keeps the data of an image for servers whose disks are made from it. Its row stays locked: this comes last.
    pub(crate) async fn hold_image(&self, tx: &mut Tx, id: ImageId, servers: &[ServerId]) -> Result<()> {
        let consumers: Vec<String> = servers.iter().map(ToString::to_string).collect();
        self.image().hold_in(tx, id, &consumers).await.map_err(|error| match error {
            kogge_image::Error::NotFound(_) => Error::Invalid("Can not find requested image".to_owned()),
            kogge_image::Error::Conflict(because) => unacceptable(id, &because),
            other => from_image(other),
        })
    }

    /// A server needs its image no more.
    pub(crate) async fn release_image(&self, tx: &mut Tx, server: ServerId) -> Result<()> {
        self.image().release_in(tx, &server.to_string()).await.map_err(Error::internal)
    }

    /// Deletes an image that compute made for itself.
    pub(crate) async fn discard_image(&self, tx: &mut Tx, id: ImageId) -> Result<()> {
        self.image().discard_in(tx, id).await.map_err(Error::internal)
    }

    /// Deletes the oldest backups of a server beyond those that are kept.
    pub(crate) async fn rotate_backups(&self, server: &Server, backup: &Backup) -> Result<()> {
        let id = server.id.to_string();
        let properties = [("image_type", "backup"), ("backup_type", &backup.kind), ("instance_uuid", &id)];
        let owner = server.project.as_str();
        let all = self.image().with_properties(owner, &properties).await.map_err(Error::internal)?;
        let mut tx = self.db().begin().await?;
        for old in all.into_iter().skip(backup.rotation as usize) {
            self.discard_image(&mut tx, old).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Lets a shelved server leave its host, with the data of its picture held until it is back; false where there is no
    /// picture to come back from.
    pub(crate) async fn leave_host_in(&self, tx: &mut Tx, server: &mut Server) -> Result<bool> {
        let Some(shelf) = &mut server.intent.shelf else { return Ok(false) };
        let Some(picture) = shelf.image else {
            shelf.place = ShelfPlace::Leaving;
            return Ok(true);
        };
        match self.image().hold_in(tx, picture, &[server.id.to_string()]).await {
            Ok(()) => {}
            Err(kogge_image::Error::NotFound(_) | kogge_image::Error::Conflict(_)) => return Ok(false),
            Err(error) => return Err(Error::internal(error)),
        }
        let image = self.image().boot_file_in(tx, picture).await.map_err(Error::internal)?;
        let Ok(from_picture) = birth_disk(&image) else { return Ok(false) };
        let before = server.spec.disk.clone().unwrap_or_default();
        let disk = BirthDisk { bus: before.bus, firmware: before.firmware, ..from_picture };
        shelf.disk = Some(BirthDisk { image: Some(picture), ..disk });
        shelf.place = ShelfPlace::Leaving;
        Ok(true)
    }

    /// What a server's root disk is made from, or was, and the digest of its image; nothing of that may be known once the
    /// disk is built.
    pub(crate) async fn root_of(
        &self,
        server: &Server,
    ) -> std::result::Result<(BirthDisk, Option<String>), NodeError> {
        let disk = match (&server.spec.disk, &server.image) {
            (Some(disk), _) => disk.clone(),
            // it boots from a volume
            (None, None) => BirthDisk::default(),
            // made by a version that kept nothing
            (None, Some(image)) => match self.image().boot_file(image.id).await {
                Ok(image) => birth_disk(&image).unwrap_or_default(),
                Err(error) if error.is_not_found() => BirthDisk::default(),
                Err(error) => return Err(NodeError::failed("reading the image", error)),
            },
        };
        let mut digest = disk.digest.clone();
        let needs_image = !server.disk_is_built() && !server.is_carried();
        if let Some(image) = server.disk_image().filter(|_| needs_image) {
            let held = self.image().held(image).await.map_err(cannot_be_made)?;
            if digest.is_none() || held.digest.is_some() {
                digest = Some(self.image().digest_of(&held).await.map_err(cannot_be_made)?);
            }
        }
        Ok((disk, digest))
    }

    /// An image as the caller sees it.
    pub(crate) async fn seen_image(&self, caller: &Caller, id: &str) -> Result<Image> {
        let id = id.parse().map_err(|_| no_image())?;
        self.image().show_image(caller, id).await.map_err(proxied)
    }

    /// The images that the caller sees; the question is in the image service's words.
    pub(crate) async fn seen_images(&self, caller: &Caller, question: &Pairs) -> Result<Paged<Image>> {
        let query = ImageQuery::read(question).map_err(from_image)?;
        self.image().list_images(caller, &query).await.map_err(from_image)
    }

    /// Changes the properties of an image of the caller, to as many as a server of its project may have of metadata.
    pub(crate) async fn change_image_metadata(
        &self,
        caller: &Caller,
        id: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<()> + Send,
    ) -> Result<BTreeMap<String, String>> {
        let id = id.parse().map_err(|_| no_image())?;
        let project = caller.project_id().map_or("", |project| project.as_str());
        let limits = quotas::limits(self.db(), project, &self.config().quota).await?;
        let mut refusal = None;
        let changed = self.image().change_properties(caller, id, |known| {
            let changed = change(known).and_then(|()| check_metadata(known.len(), &limits));
            changed.map_err(|error| {
                let because = error.to_string();
                refusal = Some(error);
                kogge_image::Error::Invalid(because)
            })
        });
        let changed = changed.await;
        changed.map_err(|error| match refusal {
            Some(refusal) => refusal,
            None if error.is_not_found() => no_image(),
            None => from_image(error),
        })
    }

    /// Deletes an image of the caller.
    pub(crate) async fn delete_image(&self, caller: &Caller, id: &str) -> Result<()> {
        let id = id.parse().map_err(|_| no_image())?;
        self.image().delete_image(caller, id).await.map_err(proxied)
    }

    /// Registers the image that a server's disk becomes.
    pub(crate) async fn register_snapshot(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        name: String,
        properties: BTreeMap<String, String>,
        (format, min_disk): (&str, u64),
    ) -> Result<ImageId> {
        self.has_room()?;
        let min_disk = i64::try_from(min_disk).unwrap_or(i64::MAX);
        let new = NewSnapshot { name, properties, disk_format: format.to_owned(), min_disk, min_ram: 0 };
        self.image().create_snapshot_in(tx, caller, new).await.map_err(from_image)
    }
}

fn cannot_be_made(error: kogge_image::Error) -> NodeError {
    match error {
        kogge_image::Error::NotFound(_) | kogge_image::Error::Conflict(_) => {
            NodeError::Refused { because: format!("the server's disk cannot be made: {error}") }
        }
        error => NodeError::failed("reading the image", error),
    }
}

/// An image that boots on a server of this shape, with what its servers keep of it.
pub(crate) fn boots_on(image: &BootImage, shape: &Shape) -> Result<(BootedImage, BirthDisk, Hardware)> {
    fits(image, shape)?;
    let disk = birth_disk(image).map_err(|why| unacceptable(image.id, &why))?;
    let properties = kept(&image.properties);
    let Made { hardware, bus, firmware } = hardware::make(shape, &properties).map_err(Error::Invalid)?;
    Ok((BootedImage { id: image.id, properties }, BirthDisk { bus, firmware, ..disk }, hardware))
}

pub(crate) fn unacceptable(id: ImageId, why: &str) -> Error {
    Error::Invalid(format!("Image {id} is unacceptable: {why}"))
}

/// What a server keeps of the image that its disk is made from, or why no disk can be. How it is attached is as versions
/// before had it, which knew two words of each; [`hardware::make`] knows better.
fn birth_disk(image: &BootImage) -> std::result::Result<BirthDisk, String> {
    let format = match image.disk_format.as_deref() {
        Some("qcow2") => DiskFormat::Qcow2,
        Some("raw" | "iso") => DiskFormat::Raw,
        other => {
            let other = other.unwrap_or("none");
            return Err(format!("its disk format is {other}; servers boot from qcow2, raw and iso"));
        }
    };
    let property = |name: &str| image.properties.get(name).map(String::as_str);
    Ok(BirthDisk {
        format,
        bus: if property("hw_disk_bus") == Some("scsi") { DiskBus::Scsi } else { DiskBus::Virtio },
        firmware: if property("hw_firmware_type") == Some("uefi") { Firmware::Uefi } else { Firmware::Bios },
        virtual_size: image.virtual_size,
        digest: image.digest.clone(),
        image: None,
    })
}

impl Compute {
    /// Whether the disk has room for another disk or image; what was begun before goes on.
    pub(crate) fn has_room(&self) -> Result<()> {
        self.image().admit(0).map_err(from_image)
    }
}

/// Nova's checks of an image, where its data do not count.
pub(crate) fn is_active(image: &BootImage, shape: &Shape) -> Result<()> {
    if image.status != kogge_image::Status::Active {
        return Err(Error::Invalid(format!("Image {} is not active.", image.id)));
    }
    if image.min_ram > crate::store::big(shape.ram_mib) {
        return Err(Error::Invalid("Flavor's memory is too small for requested image.".to_owned()));
    }
    Ok(())
}

/// Nova's checks of an image against a flavor.
fn fits(image: &BootImage, shape: &Shape) -> Result<()> {
    let id = image.id;
    is_active(image, shape)?;
    let brought = mapping::read(&image.properties).map_err(|why| unacceptable(id, &why))?;
    if brought.iter().any(mapping::Mapped::is_root) {
        return Err(unacceptable(id, "it has no data of its own: it names snapshots of volumes"));
    }
    if let Err(why) = &image.fit_to_boot {
        return Err(unacceptable(id, why));
    }
    let disk = crate::store::big(shape.disk_gib);
    // a flavor without disk takes the image's size
    if disk == 0 {
        return Ok(());
    }
    let bytes = disk.saturating_mul(GIB);
    let size = image.virtual_size.or(image.size).unwrap_or(0);
    if size > bytes {
        return Err(Error::Invalid(format!(
            "Flavor's disk is too small for requested image. Flavor disk is {bytes} bytes, image is {size} bytes."
        )));
    }
    let least = image.min_disk.saturating_mul(GIB);
    if least > bytes {
        return Err(Error::Invalid(format!(
            "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is {bytes} \
             bytes, minimum size is {least} bytes."
        )));
    }
    Ok(())
}

/// The properties of an image that servers show and snapshots inherit.
pub(crate) fn kept(properties: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let wanted = |key: &str| {
        ["hw_", "os_", "img_", "trait:"].iter().any(|prefix| key.starts_with(prefix))
            || matches!(key, "architecture" | "hypervisor_type" | "vm_mode")
    };
    let kept = properties.iter().filter(|(key, _)| wanted(key) && !key.starts_with("os_hash"));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn no_image() -> Error {
    Error::NotFound("Image not found.".to_owned())
}

/// Nova's words for what its image proxy runs into.
fn proxied(error: kogge_image::Error) -> Error {
    match from_image(error) {
        Error::NotFound(_) => no_image(),
        Error::Forbidden(_) => Error::Forbidden("You are not allowed to delete the image.".to_owned()),
        other => other,
    }
}

fn from_image(error: kogge_image::Error) -> Error {
    let message = error.to_string();
    match error {
        kogge_image::Error::NotFound(_) => Error::NotFound(message),
        kogge_image::Error::Forbidden(_) | kogge_image::Error::TooLarge(_) => Error::Forbidden(message),
        kogge_image::Error::Conflict(_) | kogge_image::Error::Gone(_) => Error::Conflict(message),
        kogge_image::Error::Invalid(_) | kogge_image::Error::BadData(_) => Error::Invalid(message),
        other => Error::internal(other),
    }
}
