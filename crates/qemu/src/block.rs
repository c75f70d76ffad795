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
    /// An image of a cluster in the place of a file.
    pub pool: Option<PoolImage>,
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
    /// It is a LUKS container; its passphrase is the secret [`Secret::Container`] of its node.
    pub encrypted: bool,
    /// The guest sees a CD, where its bus knows such.
    pub cdrom: bool,
}

/// An image of a pool of Ceph. QEMU's own driver opens it; the key of the user is the secret [`Secret::Cluster`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolImage {
    /// The cluster's `ceph.conf`, which whoever QEMU runs as can read.
    pub conf: PathBuf,
    /// The user, without `client.`.
    pub user: String,
    /// The pool.
    pub pool: String,
    /// The image.
    pub image: String,
}

/// What a secret of a disk opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// Its LUKS container: a passphrase.
    Container,
    /// The cluster that it is in: a key as Ceph writes it.
    Cluster,
}

impl Secret {
    pub(crate) const ALL: [Self; 2] = [Self::Container, Self::Cluster];

    /// QEMU's id of the secret of a disk.
    pub(crate) fn of(self, node: &str) -> String {
        match self {
            Self::Container => format!("key-{node}"),
            Self::Cluster => format!("pool-{node}"),
        }
    }

    /// The secret as QEMU is told of it: `from` is where it finds it, and what.
    pub(crate) fn object(self, node: &str, from: (&str, &str)) -> Value {
        let mut object = json!({ "qom-type": "secret", "id": self.of(node) });
        object[from.0] = json!(from.1);
        if self == Self::Cluster {
            object["format"] = json!("base64");
        }
        object
    }
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

/// Name of the node below the LUKS layer of an encrypted disk: the container as it is stored. A node's name has 31
/// characters at most.
#[must_use]
pub fn container_of(node: &str) -> String {
    let from = node.char_indices().nth_back(29).map_or(0, |(at, _)| at);
    format!("c{}", &node[from..])
}

/// The device that a disk is for the guest. IDE and SATA read only from a CD.
pub(crate) const fn driver(disk: &Disk) -> &'static str {
    match (disk.bus, disk.cdrom) {
        (DiskBus::Virtio, _) => "virtio-blk-pci",
        (DiskBus::Scsi, false) => "scsi-hd",
        (DiskBus::Scsi, true) => "scsi-cd",
        (DiskBus::Sata | DiskBus::Ide, false) => "ide-hd",
        (DiskBus::Sata | DiskBus::Ide, true) => "ide-cd",
        (DiskBus::Usb, _) => "usb-storage",
    }
}

/// All that [`driver`] may say.
pub(crate) const DRIVERS: [&str; 6] =
    ["virtio-blk-pci", "scsi-hd", "scsi-cd", "ide-hd", "ide-cd", "usb-storage"];

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
    let mut node = match &disk.pool {
        Some(image) => in_pool(disk, image),
        None => layer(&disk.file, disk.format, disk.read_only),
    };
    if let (DiskFormat::Qcow2, Some((file, format))) = (disk.format, &disk.backing) {
        node["backing"] = layer(file, *format, true);
    }
    if disk.shared && disk.pool.is_none() {
        node["file"]["locking"] = json!("off");
    }
    if disk.encrypted {
        node["node-name"] = json!(container_of(&disk.node));
        node = json!({
            "driver": "luks", "key-secret": Secret::Container.of(&disk.node), "read-only": disk.read_only, "file": node,
        });
    }
    node["node-name"] = json!(disk.node);
    if !disk.read_only {
        node["discard"] = json!("unmap");
    }
    node
}

/// An image of a cluster: plain bytes, whatever a guest wrote to its beginning.
fn in_pool(disk: &Disk, image: &PoolImage) -> Value {
    let mut file = json!({
        "driver": "rbd", "pool": image.pool, "image": image.image, "conf": image.conf, "user": image.user,
        "key-secret": Secret::Cluster.of(&disk.node), "read-only": disk.read_only,
    });
    if !disk.read_only {
        file["discard"] = json!("unmap");
    }
    json!({ "driver": "raw", "read-only": disk.read_only, "file": file })
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
            pool: None,
            format: DiskFormat::Raw,
            backing: None,
            read_only: false,
            bus: DiskBus::Virtio,
            boot: None,
            serial: Some("0a1b2c3d-0a1b-4c3d-8".to_owned()),
            shared: false,
            encrypted: false,
            cdrom: false,
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
    fn an_image_of_a_pool_is_named_and_its_key_is_not() {
        let image = PoolImage {
            conf: "/etc/ceph/ceph.conf".into(),
            user: "kogge".to_owned(),
            pool: "volumes".to_owned(),
            image: "volume-1".to_owned(),
        };
        let disk = Disk { pool: Some(image), shared: true, ..volume() };
        let file = json!({
            "driver": "rbd", "pool": "volumes", "image": "volume-1", "conf": "/etc/ceph/ceph.conf", "user": "kogge",
            "key-secret": "pool-vol-01234567890123456789", "read-only": false, "discard": "unmap",
        });
        assert_eq!(blockdev(&disk)["file"], file);
        let inside = blockdev(&Disk { encrypted: true, ..disk })["file"]["file"].clone();
        assert_eq!(inside, file);
        let key = Secret::Cluster.object("n", ("file", "/proc/self/fd/3"));
        assert_eq!(
            key,
            json!({ "qom-type": "secret", "id": "pool-n", "file": "/proc/self/fd/3", "format": "base64" })
        );
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
