//! The devices of an image that was made of a server with volumes: no bytes, but snapshots of its volumes, named in the
//! image's properties in Nova's words. A server that is made of such an image gets volumes of these snapshots.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::bounds;

/// The property that has the devices.
pub const DEVICES: &str = "block_device_mapping";
/// The property that says that they are spelled as `block_device_mapping_v2` is.
pub const NEWER: &str = "bdm_v2";
/// The property that says what the root disk is called.
pub const ROOT_NAME: &str = "root_device_name";
/// Longest list of devices in bytes: whoever may change an image may write anything into it.
const LONGEST: usize = 64 * 1024;

/// A device of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapped {
    /// `snapshot`, `volume`, `image` or `blank`.
    pub source_type: String,
    /// `volume` or `local`.
    pub destination_type: Option<String>,
    /// The snapshot that a volume is made from.
    pub snapshot_id: Option<String>,
    /// The volume that is taken as it is.
    pub volume_id: Option<String>,
    /// The image that it is made from.
    pub image_id: Option<String>,
    /// GiB; MiB of a swap.
    pub volume_size: Option<i64>,
    /// The type of a volume that is made.
    pub volume_type: Option<String>,
    /// Its place in the boot sequence.
    pub boot_index: Option<i64>,
    /// A volume goes with its server.
    pub delete_on_termination: bool,
    /// What the disk was called.
    pub device_name: Option<String>,
    /// What it was attached to.
    pub disk_bus: Option<String>,
    /// `disk`.
    pub device_type: Option<String>,
    /// `swap` for a swap.
    pub guest_format: Option<String>,
    /// It is left out.
    pub no_device: Option<bool>,
    /// A word by which the guest may know it.
    pub tag: Option<String>,
    /// Nova writes these four, and means local disks by them.
    pub encrypted: Option<bool>,
    /// …
    pub encryption_secret_uuid: Option<String>,
    /// …
    pub encryption_format: Option<String>,
    /// …
    pub encryption_options: Option<String>,
}

impl Mapped {
    /// Whether the server boots from it.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.boot_index == Some(0) && self.no_device != Some(true)
    }

    /// Whether it is a volume.
    #[must_use]
    pub fn is_volume(&self) -> bool {
        self.destination_type.as_deref().unwrap_or("volume") == "volume"
    }
}

/// Writes devices into the properties of an image.
#[must_use]
pub fn written(devices: &[Mapped]) -> BTreeMap<String, String> {
    let list = serde_json::to_string(devices).unwrap_or_default();
    [(DEVICES, list), (NEWER, "True".to_owned())].map(|(key, value)| (key.to_owned(), value)).into()
}

/// The devices that an image names; none where it names none.
///
/// # Errors
/// Why they cannot be read.
pub fn read(properties: &BTreeMap<String, String>) -> Result<Vec<Mapped>, String> {
    let newer = properties.get(NEWER).is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let Some(list) = properties.get(DEVICES).filter(|_| newer) else { return Ok(Vec::new()) };
    if list.len() > LONGEST {
        return Err(format!("its {DEVICES} is longer than {LONGEST} bytes"));
    }
    let found: Vec<Mapped> = serde_json::from_str(list)
        .map_err(|error| format!("its {DEVICES} is no list of devices: {error}"))?;
    if found.len() > bounds::VOLUMES + bounds::LOCAL_DEVICES {
        return Err(format!("its {DEVICES} has more devices than a server may have"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Mapped {
        Mapped {
            source_type: "snapshot".to_owned(),
            destination_type: Some("volume".to_owned()),
            snapshot_id: Some("s".to_owned()),
            volume_size: Some(1),
            boot_index: Some(0),
            ..Mapped::default()
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let devices = vec![root(), Mapped { boot_index: None, ..root() }];
        assert_eq!(read(&written(&devices)), Ok(devices));
    }

    #[test]
    fn an_image_without_devices_has_none() {
        assert_eq!(read(&BTreeMap::new()), Ok(Vec::new()));
        let mut older = written(&[root()]);
        older.remove(NEWER);
        assert_eq!(read(&older), Ok(Vec::new()), "the older spelling is not read");
    }

    #[test]
    fn what_a_tenant_wrote_is_bounded() {
        let mut wild = written(&[root()]);
        wild.insert(DEVICES.to_owned(), "{}".to_owned());
        assert!(read(&wild).unwrap_err().contains("no list of devices"));
        wild.insert(DEVICES.to_owned(), format!("[{}]", " ".repeat(LONGEST)));
        assert!(read(&wild).unwrap_err().contains("longer than"));
        let many = written(&vec![root(); bounds::VOLUMES + bounds::LOCAL_DEVICES + 1]);
        assert!(read(&many).unwrap_err().contains("more devices"));
    }

    #[test]
    fn one_that_is_left_out_is_no_root() {
        assert!(root().is_root() && root().is_volume());
        assert!(!Mapped { no_device: Some(true), ..root() }.is_root());
        assert!(!Mapped { destination_type: Some("local".to_owned()), ..root() }.is_volume());
    }
}
