//! Disks as QEMU is told of them, at its start and later.
//!
//! A disk is a block node and a device of a guest. Files of the guest's own lie in its directory. Files of volumes belong
//! to nobody but the agent, which opens them and hands them over open: QEMU knows them as `/dev/fdset/N`.

use std::path::{Path, PathBuf};

use kogge_node_api::{DiskBus, DiskFormat};
use serde_json::{Value, json};

/// A disk of a guest.
#[derive(Debug, Clone)]
pub struct Disk {
    /// Name of the block node, unique in the guest.
    pub node: String,
    /// The file, absolute or relative to the guest's directory, or of a set ([`fd_set`]).
    pub file: PathBuf,
    /// Its format.
    pub format: DiskFormat,
    /// The file below it, which needs no other.
    pub backing: Option<(PathBuf, DiskFormat)>,
    /// Whether the guest may only read.
    pub read_only: bool,
    /// How it is attached.
    pub bus: DiskBus,
    /// Its place in the order in which the firmware tries disks, from 1.
    pub boot: Option<u32>,
    /// The serial number that the guest reads, at most 20 characters.
    pub serial: Option<String>,
    /// Other guests write to it at the same time: nothing is locked.
    pub shared: bool,
    /// It is a LUKS container; its passphrase is the secret [`key_of`] its node.
    pub encrypted: bool,
}

/// The file behind a set of descriptors.
#[must_use]
pub fn fd_set(set: i64) -> PathBuf {
    PathBuf::from(format!("/dev/fdset/{set}"))
}

/// QEMU's id of the device of a disk.
#[must_use]
pub fn disk_device(node: &str) -> String {
    format!("disk-{node}")
}

/// QEMU's id of the passphrase of a disk.
pub(crate) fn key_of(node: &str) -> String {
    format!("key-{node}")
}

/// Name of the node below the LUKS layer of an encrypted disk: the container as it is stored. A node's name has 31
/// characters at most.
#[must_use]
pub fn container_of(node: &str) -> String {
    let from = node.char_indices().nth_back(29).map_or(0, |(at, _)| at);
    format!("c{}", &node[from..])
}

/// What a disk's device is told beside its id, its node and its place on a bus.
pub(crate) fn disk_options(disk: &Disk) -> Vec<(&'static str, Value)> {
    let mut options = Vec::new();
    options.extend(disk.boot.map(|place| ("bootindex", json!(place))));
    options.extend(disk.serial.as_ref().map(|serial| ("serial", json!(serial))));
    options.extend(disk.shared.then_some(("share-rw", Value::Bool(true))));
    options
}

/// The disk with all layers spelled out: nothing is left for QEMU to guess from bytes that a guest wrote.
pub(crate) fn blockdev(disk: &Disk) -> Value {
    let mut node = layer(&disk.file, disk.format, disk.read_only);
    if let (DiskFormat::Qcow2, Some((file, format))) = (disk.format, &disk.backing) {
        node["backing"] = layer(file, *format, true);
    }
    if disk.shared {
        node["file"]["locking"] = json!("off");
    }
    if disk.encrypted {
        node["node-name"] = json!(container_of(&disk.node));
        node = json!({
            "driver": "luks", "key-secret": key_of(&disk.node), "read-only": disk.read_only, "file": node,
        });
    }
    node["node-name"] = json!(disk.node);
    if !disk.read_only {
        node["discard"] = json!("unmap");
    }
    node
}

/// The format's name for QEMU.
pub(crate) const fn name(format: DiskFormat) -> &'static str {
    match format {
        DiskFormat::Raw => "raw",
        DiskFormat::Qcow2 => "qcow2",
    }
}

pub(crate) fn layer(file: &Path, format: DiskFormat, read_only: bool) -> Value {
    let mut layer = json!({
        "driver": name(format), "read-only": read_only,
        "file": { "driver": "file", "filename": file, "read-only": read_only },
    });
    if !read_only {
        layer["file"]["discard"] = json!("unmap");
    }
    if format == DiskFormat::Qcow2 {
        layer["backing"] = Value::Null;
    }
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn volume() -> Disk {
        Disk {
            node: "vol-01234567890123456789".to_owned(),
            file: fd_set(3),
            format: DiskFormat::Raw,
            backing: None,
            read_only: false,
            bus: DiskBus::Virtio,
            boot: None,
            serial: Some("0a1b2c3d-0a1b-4c3d-8".to_owned()),
            shared: false,
            encrypted: false,
        }
    }

    #[test]
    fn an_encrypted_disk_is_a_container_under_a_name_of_its_own() {
        let node = blockdev(&Disk { encrypted: true, ..volume() });
        assert_eq!(
            (node["driver"].as_str(), node["key-secret"].as_str()),
            (Some("luks"), Some("key-vol-01234567890123456789"))
        );
        assert_eq!(
            (node["file"]["driver"].as_str(), node["file"]["file"]["driver"].as_str()),
            (Some("raw"), Some("file"))
        );
        let names =
            [&node["node-name"], &node["file"]["node-name"]].map(|name| name.as_str().unwrap().to_owned());
        assert_eq!(names, ["vol-01234567890123456789", "cvol-01234567890123456789"]);
        assert_eq!(container_of(&"x".repeat(31)).len(), 31);
    }

    #[test]
    fn only_a_shared_disk_goes_without_locks() {
        let (alone, shared) = (volume(), Disk { shared: true, ..volume() });
        assert_eq!(blockdev(&alone)["file"].get("locking"), None);
        assert_eq!(blockdev(&shared)["file"]["locking"], "off");
        assert!(!disk_options(&alone).iter().any(|(name, _)| *name == "share-rw"));
        assert!(disk_options(&shared).contains(&("share-rw", json!(true))));
    }
}
