//! An instance as it should be and as it is.

use kogge_ids::{PortId, ServerId};
use serde::{Deserialize, Serialize};

use crate::{DesiredDisk, GuestMetadata, Hardware, ImageSource, Slot};

/// The whole desired state of one instance. A node that reached it reports the same `generation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredInstance {
    /// The server this is.
    pub id: ServerId,
    /// Rises with every change of the desired state.
    pub generation: i64,
    /// Running, stopped or paused.
    pub power: Power,
    /// The newest reboot that was asked for, if any ever was. A node does each number at most once.
    pub reboot: Option<Reboot>,
    /// Number of the newest interrupt that no guest can mask, if any ever was asked for: a guest may dump its memory then. A
    /// node does each number at most once.
    #[serde(default)]
    pub interrupt: i64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Its disks, in the order the guest sees them.
    pub disks: Vec<DesiredDisk>,
    /// Network interfaces in the order the guest sees them.
    pub nics: Vec<Nic>,
    /// Whether the guest gets its metadata on a config drive too.
    pub config_drive: bool,
    /// BIOS or UEFI.
    pub firmware: Firmware,
    /// How its machine is made; as versions before made it, where one wrote this.
    #[serde(default)]
    pub hardware: Hardware,
    /// What the guest may learn about itself.
    pub metadata: GuestMetadata,
}

impl DesiredInstance {
    /// The disk in a slot.
    #[must_use]
    pub fn disk(&self, slot: &Slot) -> Option<&DesiredDisk> {
        self.disks.iter().find(|disk| disk.slot == *slot)
    }

    /// The image that its root disk is made from, if it is made from one.
    #[must_use]
    pub fn image(&self) -> Option<&ImageSource> {
        self.disk(&Slot::root()).and_then(DesiredDisk::image)
    }
}

/// What an instance's power should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// The guest runs; started again if it was stopped by anybody but itself.
    Running,
    /// No process; the disk stays. A running guest is asked to power down, then stopped.
    Stopped,
    /// The process stands still.
    Paused,
    /// No process; what was in its memory is kept, and the guest goes on from there when it is to run. Where that is
    /// lost it starts anew, and `deferred` says so.
    Suspended,
}

/// A numbered order to reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reboot {
    /// Rises by one with every reboot of this server.
    pub number: i64,
    /// Soft or hard.
    pub kind: RebootKind,
}

/// How to reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RebootKind {
    /// Ask the guest; do it hard if it does not react in time.
    Soft,
    /// Reset, or start where nothing runs.
    Hard,
}

/// What the guest starts from; `hw_firmware_type` of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// SeaBIOS.
    #[default]
    Bios,
    /// OVMF.
    Uefi,
}

/// A network interface of an instance. How it is wired is the port's matter ([`crate::DesiredPort`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    /// The port it plugs into.
    pub port: PortId,
    /// Its MAC address, lower case with colons.
    pub mac: String,
    /// MTU in bytes.
    pub mtu: u32,
}

/// An instance as the node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedInstance {
    /// The server this is.
    pub id: ServerId,
    /// The generation that the node has reached: everything of it is true, but what `deferred` says. 0 before the
    /// first.
    pub reached: i64,
    /// What it is doing.
    pub state: InstanceState,
    /// The disks are whole: from now on nothing needs the image.
    #[serde(default)]
    pub disks_built: bool,
    /// Number of the last reboot that was done.
    pub reboots_done: i64,
    /// Why the desired state is not reached, when a step failed.
    pub fault: Option<crate::NodeError>,
    /// What of the reached generation the guest itself holds up: an interface that it does not let go or has no slot
    /// for. It comes true when the guest lets it, and at its next start at the latest.
    pub deferred: Option<crate::NodeError>,
    /// Volumes that it has open or may have, also such as are not desired any more: a guest may be slow to let one go.
    #[serde(default)]
    pub holds: Vec<crate::HeldVolume>,
    /// Images whose data it waits for; whoever commands the host hands them over ([`crate::Node::put_image`]).
    #[serde(default)]
    pub lacks: Vec<ImageSource>,
    /// It is kept though the cloud did not know it: see [`crate::Quarantined`].
    pub quarantined: bool,
}

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceState {
    /// Known, but no process and no whole disk yet.
    Building,
    /// The guest runs.
    Running,
    /// No process.
    Stopped,
    /// The process stands still.
    Paused,
    /// No process, but the memory of one.
    Suspended,
    /// The process ended by itself with an error, or the guest panicked.
    Crashed,
}
