//! Disks of a running guest: what there is, plugging in, unplugging, growing, holding back.

use std::os::fd::OwnedFd;

use kogge_node_api::{DiskBus, DiskFormat, Hardware, IoLimits};
use serde_json::{Value, json};

use super::Machine;
use super::places::{SCSI, put_into};
use crate::block::{
    DRIVERS, Disk, Secret, blockdev, container_of, disk_device, disk_options, driver, fd_set,
};
use crate::command_line::USB;
use crate::error::QemuError;
use crate::models::{scsi_driver, scsi_place};
use crate::qmp::QmpError;

/// QEMU takes no larger limit.
const MOST: u64 = 1_000_000_000_000_000;

/// A disk that QEMU has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestDisk {
    /// Name of its block node.
    pub node: String,
    /// Whether the guest has a device of it.
    pub plugged: bool,
    /// Its size for the guest in bytes.
    pub bytes: u64,
    /// What it may be asked for at most.
    pub limits: IoLimits,
}

/// A disk whose files are open.
#[derive(Debug)]
pub struct OpenDisk {
    /// The disk; the names of its files are not looked at.
    pub disk: Disk,
    /// Its file, where it is in one.
    pub file: Option<OwnedFd>,
    /// The file below it, read only.
    pub backing: Option<(OwnedFd, DiskFormat)>,
    /// What opens it.
    pub secrets: Vec<(Secret, Passphrase)>,
}

/// What opens an encrypted disk, or a cluster.
pub struct Passphrase(pub String);

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

impl Machine {
    /// The disks that QEMU has open under names of ours, also such as the guest has no device of.
    ///
    /// # Errors
    /// Where the monitor does not answer.
    pub async fn disks(&self) -> Result<Vec<GuestDisk>, QemuError> {
        let nodes = self.qmp.execute("query-named-block-nodes", json!({ "flat": true })).await?;
        let used = self.qmp.execute("query-block", Value::Null).await?;
        let devices = self.devices_of(DRIVERS.into_iter()).await?;
        let limits = |node: &str| {
            let user = array(&used).iter().find(|one| one["inserted"]["node-name"] == node);
            user.map(|user| limits_of(&user["inserted"])).unwrap_or_default()
        };
        let named = array(&nodes).iter().filter_map(|node| {
            let name = node["node-name"].as_str().filter(|name| !name.starts_with('#'))?;
            Some((name, node["image"]["virtual-size"].as_u64()?))
        });
        let disk = |(node, bytes): (&str, u64)| GuestDisk {
            node: node.to_owned(),
            plugged: devices.contains(&disk_device(node)),
            bytes,
            limits: limits(node),
        };
        Ok(named.map(disk).collect())
    }

    /// Gives the guest of a machine of such `hardware` a disk: into a free slot, or on the controller of its bus.
    ///
    /// # Errors
    /// [`QemuError::NoSlot`] where no slot is free until the guest's next start, else what QEMU says. What was made on the
    /// way is taken back by [`Machine::close_disk`], which the next try begins with.
    pub async fn plug_disk(&self, open: OpenDisk, hardware: &Hardware) -> Result<(), QemuError> {
        let OpenDisk { mut disk, file, backing, secrets } = open;
        let place = self.place_for(disk.bus, hardware).await?;
        if let Some(file) = file {
            disk.file = fd_set(self.qmp.hand_over_file(&disk.node, file).await?);
        }
        disk.backing = match backing {
            Some((file, format)) => Some((fd_set(self.qmp.hand_over_file(&disk.node, file).await?), format)),
            None => None,
        };
        for (secret, Passphrase(data)) in &secrets {
            self.tell("object-add", secret.object(&disk.node, ("data", data))).await?;
        }
        self.tell("blockdev-add", blockdev(&disk)).await?;
        self.forget_key(&disk.node).await?;
        let id = disk_device(&disk.node);
        let mut device = json!({ "driver": driver(&disk), "id": id, "drive": disk.node });
        put_into(&mut device, &place);
        if disk.bus == DiskBus::Scsi {
            // QEMU itself would take the next target, where a start counts units
            let model = self.scsi_model().await?.unwrap_or(hardware.scsi);
            let taken = self.units().await?;
            device[scsi_place(model)] = json!((0..).find(|unit| taken.values().all(|other| other != unit)));
        }
        if disk.bus == DiskBus::Virtio && hardware.packed_rings {
            device["packed"] = Value::Bool(true);
        }
        for (name, value) in disk_options(&disk) {
            device[name] = value;
        }
        self.tell("device_add", device).await
    }

    /// Where a further disk goes.
    async fn place_for(&self, bus: DiskBus, hardware: &Hardware) -> Result<String, QemuError> {
        match bus {
            DiskBus::Virtio => self.free_slot().await,
            DiskBus::Usb => Ok(format!("{USB}.0")),
            // both take a disk only while the guest is off
            DiskBus::Sata | DiskBus::Ide => Err(QemuError::NoSlot),
            DiskBus::Scsi => {
                if self.scsi_model().await?.is_none() {
                    let mut controller = json!({ "driver": scsi_driver(hardware.scsi), "id": SCSI });
                    put_into(&mut controller, &self.free_slot().await?);
                    self.tell("device_add", controller).await?;
                }
                Ok(format!("{SCSI}.0"))
            }
        }
    }

    /// Closes a disk of which the guest has no device: its node, its files, its passphrase.
    ///
    /// # Errors
    /// Where the monitor does not answer, and where the disk is still used; what is not there is fine.
    pub async fn close_disk(&self, node: &str) -> Result<(), QemuError> {
        for name in [node.to_owned(), container_of(node)] {
            if self.has_node(&name).await? {
                self.tell("blockdev-del", json!({ "node-name": name })).await?;
            }
        }
        self.forget_key(node).await?;
        let sets = self.qmp.execute("query-fdsets", Value::Null).await?;
        for set in array(&sets) {
            if array(&set["fds"]).iter().any(|fd| fd["opaque"] == node) {
                self.tell("remove-fd", json!({ "fdset-id": set["fdset-id"] })).await?;
            }
        }
        Ok(())
    }

    /// Lets QEMU forget the secrets of a disk: it needs them only to open it.
    ///
    /// # Errors
    /// Where the monitor does not answer; one that is not there is fine.
    pub async fn forget_key(&self, node: &str) -> Result<(), QemuError> {
        for secret in Secret::ALL {
            match self.tell("object-del", json!({ "id": secret.of(node) })).await {
                Ok(()) | Err(QemuError::Qmp(QmpError::Refused { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes a disk larger; the guest sees it at once.
    ///
    /// # Errors
    /// What QEMU says.
    pub async fn grow_disk(&self, node: &str, bytes: u64) -> Result<(), QemuError> {
        self.tell("block_resize", json!({ "node-name": node, "size": bytes })).await
    }

    /// Holds a disk back, or does not any more.
    ///
    /// # Errors
    /// What QEMU says; also where the guest has no device of it.
    pub async fn limit_disk(&self, node: &str, limits: IoLimits) -> Result<(), QemuError> {
        let used = self.qmp.execute("query-block", Value::Null).await?;
        let user = array(&used).iter().find(|one| one["inserted"]["node-name"] == node);
        let Some(device) = user.and_then(|user| user["qdev"].as_str()) else {
            return Err(QemuError::Refused { because: format!("the guest has no disk called {node}") });
        };
        let (most, limits) = (|limit: Option<u64>| limit.unwrap_or(0), effective(limits));
        let order = json!({
            "id": device,
            "iops": most(limits.total_iops), "iops_rd": most(limits.read_iops), "iops_wr": most(limits.write_iops),
            "bps": most(limits.total_bytes), "bps_rd": most(limits.read_bytes), "bps_wr": most(limits.write_bytes),
        });
        self.tell("block_set_io_throttle", order).await
    }

    async fn has_node(&self, name: &str) -> Result<bool, QemuError> {
        let nodes = self.qmp.execute("query-named-block-nodes", json!({ "flat": true })).await?;
        Ok(array(&nodes).iter().any(|node| node["node-name"] == name))
    }
}

/// Limits as QEMU takes them: 0 and what it cannot count to are none.
#[must_use]
pub fn effective(limits: IoLimits) -> IoLimits {
    let limit = |limit: Option<u64>| limit.filter(|limit| (1..=MOST).contains(limit));
    IoLimits {
        total_iops: limit(limits.total_iops),
        read_iops: limit(limits.read_iops),
        write_iops: limit(limits.write_iops),
        total_bytes: limit(limits.total_bytes),
        read_bytes: limit(limits.read_bytes),
        write_bytes: limit(limits.write_bytes),
    }
}

fn limits_of(device: &Value) -> IoLimits {
    let limit = |name: &str| device[name].as_u64().filter(|limit| *limit > 0);
    IoLimits {
        total_iops: limit("iops"),
        read_iops: limit("iops_rd"),
        write_iops: limit("iops_wr"),
        total_bytes: limit("bps"),
        read_bytes: limit("bps_rd"),
        write_bytes: limit("bps_wr"),
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
