//! What the simulated host is and how fast it works.

use std::time::Duration;

use kogge_node_api::{Accelerator, HostFacts};

/// How to make a [`crate::SimNode`].
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// What the host reports about itself.
    pub facts: HostFacts,
    /// How long work takes.
    pub delays: Delays,
    /// An instance waits, with a fault, until all its ports are part of the applied networking, as it does on a real
    /// host. False lets it run without.
    pub strict_ports: bool,
}

/// How long each kind of work takes; nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delays {
    /// The first start of an instance.
    pub build: Duration,
    /// A later start.
    pub start: Duration,
    /// Powering down.
    pub stop: Duration,
    /// A reboot.
    pub reboot: Duration,
    /// Pausing and unpausing.
    pub pause: Duration,
    /// Plugging interfaces into a running guest, and unplugging them.
    pub plug: Duration,
    /// Removing.
    pub remove: Duration,
}

impl SimConfig {
    /// A host called `name` with room for thousands of instances, on which everything happens at once.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            facts: HostFacts {
                name: name.to_owned(),
                architecture: "x86_64".to_owned(),
                accelerator: Accelerator::Simulated,
                hypervisor_type: "QEMU".to_owned(),
                hypervisor_version: 10_000_002,
                vcpus: 100_000,
                memory_mib: 64 * 1024 * 1024,
                disk_gib: 10_000_000,
                address: "127.0.0.1".to_owned(),
                traits: kogge_node_api::host_trait::all(),
                machines: ["pc", "q35", "pc-i440fx-10.0", "pc-q35-10.0"].map(str::to_owned).into(),
            },
            delays: Delays::default(),
            strict_ports: true,
        }
    }

    /// The same host with this much of everything.
    #[must_use]
    pub fn with_size(mut self, vcpus: u32, memory_mib: u64, disk_gib: u64) -> Self {
        self.facts.vcpus = vcpus;
        self.facts.memory_mib = memory_mib;
        self.facts.disk_gib = disk_gib;
        self
    }

    /// The same host, working this slowly.
    #[must_use]
    pub fn with_delays(mut self, delays: Delays) -> Self {
        self.delays = delays;
        self
    }
}
