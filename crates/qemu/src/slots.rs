//! Where the devices of a guest sit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where the devices of a guest sit. Its memory only goes into a process that has the same ones in the same places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// Number of root ports.
    pub ports: usize,
    /// The root port of each device, by QEMU's ids.
    pub devices: BTreeMap<String, String>,
    /// Whether it has a screen; guests that older versions started have none.
    #[serde(default)]
    pub screen: bool,
    /// The number of each disk on its SCSI controller, by QEMU's ids; none where a version noted them that had them in order.
    #[serde(default)]
    pub luns: BTreeMap<String, u64>,
}
