//! What a host is and has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How guests' instructions are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accelerator {
    /// Hardware virtualization, proven by booting a probe.
    Kvm,
    /// QEMU's software emulation.
    Tcg,
    /// No guest runs at all: the simulator.
    Simulated,
}

/// The facts a host reports about itself; they change only when the host is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// The host's name, unique in the cloud.
    pub name: String,
    /// CPU architecture as in images: `x86_64`, `aarch64`.
    pub architecture: String,
    /// How guests run here.
    pub accelerator: Accelerator,
    /// Hypervisor type as Nova reports it: `QEMU`.
    pub hypervisor_type: String,
    /// Hypervisor version as Nova's integer: 10.0.2 is `10000002`.
    pub hypervisor_version: i64,
    /// Logical CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Room for disks in GiB.
    pub disk_gib: u64,
    /// The address under which the host is known, for admins.
    pub address: String,
    /// What of machines it can make ([`crate::host_trait`]); nothing of a node of a version before.
    #[serde(default)]
    pub traits: BTreeSet<String>,
    /// The types of machines that it can make, by all their names.
    #[serde(default)]
    pub machines: BTreeSet<String>,
}
