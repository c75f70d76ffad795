//! The disks of a new server: what its request asks for, and what its image brings along.

use kogge_image::BootImage;

use super::planned::invalid;
use super::wanted::{NewServers, VolumeOrigin, WantedVolume};
use crate::error::Result;
use crate::lower::image::unacceptable;
use crate::model::bounds;
use crate::model::mapping::{self, Mapped};
use crate::model::server::LocalDisks;

/// The disks of a new server.
pub(super) struct Disks {
    /// Its root disk is made from the image that it names.
    pub(super) of_image: bool,
    /// Its empty disks.
    pub(super) local: LocalDisks,
    /// Its volumes.
    pub(super) volumes: Vec<WantedVolume>,
}

/// What the request asks for goes before what the image brings along, but for the disk that it boots from: clients name
/// the image as that, and mean what the image has in its place.
pub(super) fn disks_of(new: &NewServers, image: Option<&BootImage>) -> Result<Disks> {
    let mut disks =
        Disks { of_image: image.is_some(), local: new.local.clone(), volumes: new.volumes.clone() };
    let Some(image) = image else { return Ok(disks) };
    let brought = mapping::read(&image.properties).map_err(|why| unacceptable(image.id, &why))?;
    if brought.iter().any(Mapped::is_root) {
        disks.of_image = false;
        disks.volumes.retain(|one| one.boot != Some(0) || !matches!(one.origin, VolumeOrigin::Image(_)));
    }
    let own = new.local.clone();
    let mut volumes = Vec::with_capacity(brought.len());
    for device in brought.into_iter().filter(|device| device.no_device != Some(true)) {
        if device.is_volume() {
            volumes.push(volume(device)?);
        } else {
            add_local(&mut disks.local, &own, &device);
        }
    }
    volumes.append(&mut disks.volumes);
    disks.volumes = volumes;
    check(&disks)?;
    Ok(disks)
}

fn volume(device: Mapped) -> Result<WantedVolume> {
    let missing = || invalid(format!("Missing device UUID of the {}.", device.source_type));
    let origin = match device.source_type.as_str() {
        "snapshot" => VolumeOrigin::Snapshot(device.snapshot_id.clone().ok_or_else(missing)?),
        "volume" => VolumeOrigin::Volume(device.volume_id.clone().ok_or_else(missing)?),
        "image" => VolumeOrigin::Image(device.image_id.clone().ok_or_else(missing)?),
        "blank" => VolumeOrigin::Blank,
        _ => return Err(invalid("Invalid source_type field.")),
    };
    Ok(WantedVolume {
        origin,
        size: device.volume_size,
        boot: device.boot_index,
        delete: device.delete_on_termination,
        tag: device.tag,
        kind: device.volume_type,
    })
}

fn add_local(local: &mut LocalDisks, own: &LocalDisks, device: &Mapped) {
    let size = device.volume_size.and_then(|size| u64::try_from(size).ok());
    match (device.source_type.as_str(), device.guest_format.as_deref()) {
        ("blank", Some("swap")) if own.swap.is_none() => local.swap = size,
        ("blank", format) if format != Some("swap") && own.ephemeral.is_empty() => local.ephemeral.push(size),
        // the disk that is made of the image itself
        _ => {}
    }
}

/// Bounds hold for both together.
fn check(disks: &Disks) -> Result<()> {
    let roots = disks.volumes.iter().filter(|one| one.boot == Some(0)).count();
    if roots > 1 || (roots == 1 && disks.of_image) {
        return Err(invalid(
            "Boot sequence for the instance and image/block device mapping combination is not valid.",
        ));
    }
    if disks.volumes.len() > bounds::VOLUMES {
        return Err(invalid("You specified more volumes than a server may have"));
    }
    if disks.local.ephemeral.len() + usize::from(disks.local.swap.is_some()) > bounds::LOCAL_DEVICES {
        return Err(invalid("You specified more local devices than the limit allows"));
    }
    Ok(())
}
