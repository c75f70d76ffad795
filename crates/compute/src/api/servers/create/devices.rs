//! Block devices of a new server: the image on a local disk is what servers have anyway, empty local disks are those of the
//! flavor or smaller ones, the rest are volumes.

use kogge_http::{ApiError, Microversion};
use serde_json::Value;

use super::tag_of;
use crate::api::body::{Fields, Read, uuid_like};
use crate::microversion as v;
use crate::model::bounds;
use crate::model::server::LocalDisks;
use crate::service::servers::wanted::{VolumeOrigin, WantedVolume};

/// What the devices of a body come to.
pub(super) struct Devices {
    /// The image of the root disk on the host; nothing where it is a volume.
    pub(super) image: Option<String>,
    pub(super) local: LocalDisks,
    pub(super) volumes: Vec<WantedVolume>,
}

/// A block device.
enum Device {
    /// A copy of this image on the host.
    Image(String),
    /// An empty disk of so many GiB, or as large as the flavor's.
    Ephemeral(Option<u64>),
    /// A swap of so many MiB, or as large as the flavor's.
    Swap(Option<u64>),
    /// A volume.
    Volume(WantedVolume),
    /// None: what the image would have is left out.
    Nothing,
}

fn invalid(why: &str) -> ApiError {
    ApiError::bad_request(format!("Block Device Mapping is Invalid: {why}"))
}

const BOOT_SEQUENCE: &str =
    "Boot sequence for the instance and image/block device mapping combination is not valid.";

/// Reads both spellings of them, of which a body has one.
pub(super) fn devices(server: &Fields<'_>, version: Microversion, image: Option<String>) -> Read<Devices> {
    let old = server.objects("block_device_mapping")?.unwrap_or_default();
    let new = server.objects("block_device_mapping_v2")?.unwrap_or_default();
    if !old.is_empty() && !new.is_empty() {
        let why = "Using different block_device_mapping syntaxes is not allowed in the same request.";
        return Err(ApiError::bad_request(why));
    }
    let mut found = Vec::with_capacity(old.len() + new.len());
    for (at, fields) in old.iter().enumerate() {
        found.push(old_device(fields, at == 0 && image.is_none())?);
    }
    for fields in &new {
        found.push(device(fields, version)?);
    }
    sorted(found, image)
}

/// The devices by kind, where together they make a server.
fn sorted(found: Vec<Device>, image: Option<String>) -> Read<Devices> {
    let (mut booted, mut swaps, mut local, mut volumes) = (Vec::new(), 0, LocalDisks::default(), Vec::new());
    let mut locals = 0;
    for device in found {
        locals += usize::from(!matches!(device, Device::Volume(_) | Device::Nothing));
        match device {
            Device::Image(image) => booted.push(image),
            Device::Ephemeral(size) => local.ephemeral.push(size),
            Device::Swap(size) => (swaps, local.swap) = (swaps + 1, size),
            Device::Volume(volume) => volumes.push(volume),
            Device::Nothing => {}
        }
    }
    if locals > bounds::LOCAL_DEVICES {
        return Err(invalid("You specified more local devices than the limit allows"));
    }
    if volumes.len() > bounds::VOLUMES {
        return Err(invalid("You specified more volumes than a server may have"));
    }
    if swaps > 1 {
        return Err(invalid("More than one swap drive requested."));
    }
    let roots = volumes.iter().filter(|one| one.boot == Some(0)).count();
    let image = match (image, booted.as_slice()) {
        (_, [_]) if roots > 0 => return Err(invalid(BOOT_SEQUENCE)),
        // the volume is what it boots from, whatever image is named beside it
        (_, []) if roots == 1 => None,
        (Some(image), []) if roots == 0 => Some(image),
        (None, []) if volumes.is_empty() => return Err(ApiError::bad_request("Missing imageRef attribute")),
        (image, [booted]) if image.as_ref().is_none_or(|image| image == booted) => Some(booted.clone()),
        _ => return Err(invalid(BOOT_SEQUENCE)),
    };
    check_sequence(&volumes)?;
    Ok(Devices { image, local, volumes })
}

/// Places in the boot sequence are different, and begin with 0 and have no gaps.
fn check_sequence(volumes: &[WantedVolume]) -> Read<()> {
    let mut places: Vec<i64> = volumes.iter().filter_map(|one| one.boot.filter(|at| *at >= 0)).collect();
    places.sort_unstable();
    let first = i64::from(!places.contains(&0));
    let whole = places.iter().zip(first..).all(|(place, wanted)| *place == wanted);
    if whole { Ok(()) } else { Err(invalid(BOOT_SEQUENCE)) }
}

/// A device in the spelling of old, which knows volumes and snapshots.
fn old_device(device: &Fields<'_>, root: bool) -> Read<Device> {
    for name in ["device_name", "virtual_name"] {
        device.text_or_null(name, 0, 255)?;
    }
    device.take("connection_info");
    let volume = text(device, "volume_id")?;
    let snapshot = text(device, "snapshot_id")?;
    let size = size(device)?;
    let delete = device.boolean("delete_on_termination")?.unwrap_or(false);
    let nothing = device.take("no_device").is_some_and(|value| !value.is_null());
    device.finish()?;
    let origin = match (volume, snapshot) {
        _ if nothing => return Ok(Device::Nothing),
        (Some(volume), _) => VolumeOrigin::Volume(volume),
        (None, Some(snapshot)) => VolumeOrigin::Snapshot(snapshot),
        (None, None) => return Err(invalid("Unrecognized legacy format.")),
    };
    let boot = root.then_some(0);
    Ok(Device::Volume(WantedVolume { origin, size, boot, delete, tag: None, kind: None }))
}

/// A UUID, or nothing for an empty text or null.
fn text(device: &Fields<'_>, name: &str) -> Read<Option<String>> {
    let Some(Some(found)) = device.text_or_null(name, 0, 255)? else { return Ok(None) };
    if found.is_empty() {
        return Ok(None);
    }
    uuid_like(&found).map(Some).ok_or_else(|| invalid(&format!("'{found}' of {name} is no UUID")))
}

/// GiB, as number or digits; an empty text is nothing.
fn size(device: &Fields<'_>) -> Read<Option<i64>> {
    match device.take("volume_size") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(_) => device.number("volume_size", 1, i64::from(i32::MAX)),
    }
}

fn device(device: &Fields<'_>, version: Microversion) -> Read<Device> {
    let source = device.word("source_type", &["volume", "image", "snapshot", "blank"])?;
    let target = device.word("destination_type", &["local", "volume"])?;
    let uuid = device.text_or_null("uuid", 0, 255)?.flatten().filter(|text| !text.is_empty());
    let own = [("volume_id", "volume"), ("image_id", "image"), ("snapshot_id", "snapshot")];
    let mut named = uuid;
    for (field, kind) in own {
        let found = text(device, field)?;
        named = named.or(found.filter(|_| source.as_deref() == Some(kind)));
    }
    let format = device.text_or_null("guest_format", 0, 255)?.flatten();
    for name in ["device_type", "disk_bus", "device_name", "virtual_name"] {
        device.text_or_null(name, 0, 255)?;
    }
    let boot = device.number_or_null("boot_index", i64::from(i32::MIN), i64::from(i32::MAX))?.flatten();
    let size = size(device)?;
    let delete = device.boolean("delete_on_termination")?.unwrap_or(false);
    let nothing = device.take("no_device").is_some_and(|value| value.as_bool() == Some(true));
    device.take("connection_info");
    let tagged = version.has(v::DEVICE_TAGS) && version.before(v::HYPERVISOR_PAGES)
        || version.has(v::DEVICE_TAGS_AGAIN);
    let tag = if tagged { tag_of(device)? } else { None };
    let kind = if version.has(v::VOLUME_TYPE) {
        device.text_or_null("volume_type", 0, 255)?.flatten()
    } else {
        None
    };
    device.finish()?;
    if nothing {
        return Ok(Device::Nothing);
    }
    let id = match named {
        Some(named) => Some(uuid_like(&named).ok_or_else(|| invalid(&format!("'{named}' is no UUID")))?),
        None => None,
    };
    let local = || size.and_then(|size| u64::try_from(size).ok());
    // what has no destination goes where Nova puts it: images to the host, all else to volumes
    let target = target.as_deref().unwrap_or(match source.as_deref() {
        Some("image" | "blank") => "local",
        _ => "volume",
    });
    let volume = |origin| Device::Volume(WantedVolume { origin, size, boot, delete, tag, kind });
    let missing = |what: &str| invalid(&format!("Missing device UUID of the {what}."));
    match (source.as_deref(), target, id) {
        (Some("image"), "local", Some(image)) => Ok(Device::Image(image)),
        (Some("blank"), "local", None) if format.as_deref() == Some("swap") => Ok(Device::Swap(local())),
        (Some("blank"), "local", None) => Ok(Device::Ephemeral(local())),
        (Some("image"), "volume", Some(_)) if size.is_none() => {
            Err(invalid("Images with destination_type 'volume' need to have a non-zero size specified"))
        }
        (Some("image"), "volume", Some(image)) => Ok(volume(VolumeOrigin::Image(image))),
        (Some("snapshot"), "volume", Some(snapshot)) => Ok(volume(VolumeOrigin::Snapshot(snapshot))),
        (Some("volume"), "volume", Some(id)) => Ok(volume(VolumeOrigin::Volume(id))),
        (Some("blank"), "volume", None) if size.is_some() => Ok(volume(VolumeOrigin::Blank)),
        (Some("blank"), "volume", None) => {
            Err(invalid("Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size"))
        }
        (Some(source @ ("snapshot" | "volume")), "local", _) => {
            Err(invalid(&format!("Mapping {source} to local is not supported.")))
        }
        (Some("blank"), _, Some(_)) => Err(invalid("Blank devices have no UUID.")),
        (Some(source), ..) => Err(missing(source)),
        (None, ..) => Err(invalid("Invalid source_type field.")),
    }
}
