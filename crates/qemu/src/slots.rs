//! Where the devices of a guest sit.

use std::collections::BTreeMap;

/// Fixed devices of a machine sit from here on, and disks' controllers on the last one.
pub(crate) const FIXED: FixedSlots = FixedSlots {
    screen: "0x1",
    screen_of_pc: "0x2",
    bridge: "0x18",
    usb: "0x19",
    serial: "0x1a",
    watchdog: "0x1b",
    pointer: "0x1c",
    keyboard: "0x1d",
    sata: "0x1e",
};

/// Where devices sit that no guest lets go.
pub(crate) struct FixedSlots {
    pub(crate) screen: &'static str,
    /// The one before it has devices of the machine itself.
    pub(crate) screen_of_pc: &'static str,
    pub(crate) bridge: &'static str,
    pub(crate) usb: &'static str,
    pub(crate) serial: &'static str,
    pub(crate) watchdog: &'static str,
    pub(crate) pointer: &'static str,
    pub(crate) keyboard: &'static str,
    pub(crate) sata: &'static str,
}

/// The bridge of the older machine, behind which there is more room.
pub(crate) const BRIDGE: &str = "pb1";

/// The slots of the older machine into which devices are plugged, in order: those of its bus that nothing of its own
/// takes, then those behind the bridge.
pub(crate) fn of_pc() -> impl Iterator<Item = String> {
    let own = (0x3..=0x17).map(|slot| format!("pci.0/{slot:#x}"));
    own.chain((1..=31).map(|slot| format!("{BRIDGE}/{slot:#x}")))
}

/// Bus and address of a slot; a root port has none.
pub(crate) fn at(slot: &str) -> (&str, Option<&str>) {
    slot.split_once('/').map_or((slot, None), |(bus, address)| (bus, Some(address)))
}

use serde::{Deserialize, Serialize};

/// Where the devices of a guest sit. Its memory only goes into a process that has the same ones in the same places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// Number of root ports; none of the older machine.
    pub ports: usize,
    /// The slot of each device, by QEMU's ids: a root port, or a bus and an address.
    pub devices: BTreeMap<String, String>,
    /// Whether it has a screen; guests that older versions started have none.
    #[serde(default)]
    pub screen: bool,
    /// The number of each disk on its SCSI controller, by QEMU's ids; none where a version noted them that had them in order.
    #[serde(default)]
    pub luns: BTreeMap<String, u64>,
}
