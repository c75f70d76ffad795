//! Flavor names of SCS-0100: model, grammar, canonical and short form, explanation, judgement.
//!
//! ```text
//! SCS- 16 T  -64  -3x10s  _bms  _hwv  _i3h  _GNa-64-24h  _ib
//!      │  │   │    │ │ │    │     │    │││    ││││  │ │    └ InfiniBand
//!      │  │   │    │ │ │    │     │    │││    ││││  │ └ high-bandwidth memory
//!      │  │   │    │ │ │    │     │    │││    │││└ units and VRAM in GiB
//!      │  │   │    │ │ │    │     │    │││    ││└ generation
//!      │  │   │    │ │ │    │     │    │││    │└ GPU vendor
//!      │  │   │    │ │ │    │     │    │││    └ pass-through (G) or virtual (g)
//!      │  │   │    │ │ │    │     │    └┴┴ CPU vendor, generation, clock
//!      │  │   │    │ │ │    └ hypervisor and nested virtualisation
//!      │  │   │    └─┴─┴ number of disks, size in GB each, type
//!      │  │   └ RAM in GiB, then u (no ECC), o (oversubscribed)
//!      │  └ CPU type, then i (insecure)
//!      └ number of vCPUs
//! ```
//!
//! [`FlavorName::parse`] takes the spelling of versions 2 and 3 only; [`FlavorName::parse_tolerant`] does what the
//! testcases do and takes the colon spelling of version 1 as well. [`Reading::Document`] mends the two places
//! where the upstream parser refuses names that its document allows.

mod build;
mod error;
mod explain;
mod generation;
mod judge;
mod parse;
mod print;
mod remark;
mod scan;
mod specs;
mod suggest;

use serde::Serialize;

pub use build::{BuildError, FlavorNameBuilder};
pub use error::{ParseError, ParseErrorKind};
pub use explain::Explained;
pub use generation::GpuGeneration;
pub use judge::{SEMANTICS_CHECK, SYNTAX_CHECK, judge_semantics, judge_syntax};
pub use parse::{Parsed, Reading};
pub(crate) use print::respell;
pub use specs::extra_specs;

/// What every name under SCS-0100 begins with; all other names are unregulated.
pub const PREFIX: &str = "SCS-";

/// Whether SCS-0100 says anything about this name at all.
pub fn is_scs_name(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Which delimiters a name is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Spelling {
    /// Version 1: `SCS-2V:4:20s-ib`.
    Colons,
    /// Versions 2 and 3: `SCS-2V-4-20s_ib`.
    Dashes,
}

/// A flavor name taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct FlavorName {
    /// Number and commitment of vCPUs.
    pub cpu: Cpu,
    /// Memory.
    pub ram: Ram,
    /// Disk part; `None` means that the user brings a boot volume.
    pub disk: Option<Disk>,
    /// Hypervisor, if named.
    pub hypervisor: Option<Hypervisor>,
    /// Hardware-assisted (nested) virtualisation is promised; `false` says nothing.
    pub hwvirt: bool,
    /// CPU vendor, generation and clock, if named.
    pub cpu_brand: Option<CpuBrand>,
    /// GPU, if named.
    pub gpu: Option<Gpu>,
    /// InfiniBand is promised.
    pub infiniband: bool,
}

/// The vCPU part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Cpu {
    /// Number of vCPUs, at least 1. Longer numbers than 64 bits can hold count as the greatest one.
    pub count: u64,
    /// What each vCPU promises.
    pub kind: CpuKind,
    /// The CPU is, or may be, vulnerable (`i`).
    pub insecure: bool,
}

/// What a vCPU promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CpuKind {
    /// `L`: heavily oversubscribed.
    CrowdedCore,
    /// `V`: oversubscribed, yet ≥ 20 % of a core in > 99 % of the time.
    SharedCore,
    /// `T`: a hardware thread of its own.
    DedicatedThread,
    /// `C`: a core of its own.
    DedicatedCore,
}

/// The memory part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Ram {
    /// Size in halves of a GiB, at least 1.
    pub half_gib: u64,
    /// Memory without error correction (`u`).
    pub no_ecc: bool,
    /// Memory is oversubscribed (`o`).
    pub oversubscribed: bool,
}

impl Ram {
    /// Size in MiB.
    pub const fn mib(self) -> u64 {
        self.half_gib.saturating_mul(512)
    }
}

/// The disk part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Disk {
    /// Number of independent disks, at least 1.
    pub count: u64,
    /// Size of each in GB, at least 1; `None` leaves it to the cloud.
    pub size_gb: Option<u64>,
    /// Where the disk lives; `None` leaves it to the cloud.
    pub kind: Option<DiskKind>,
}

/// Where a disk lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskKind {
    /// `n`: network storage that survives the loss of a disk or node.
    Network,
    /// `h`: local hard disk.
    Hdd,
    /// `s`: local SSD.
    Ssd,
    /// `p`: local NVMe.
    Nvme,
}

/// The hypervisor part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hypervisor {
    /// `kvm`
    Kvm,
    /// `xen`
    Xen,
    /// `vmw`: VMware
    Vmw,
    /// `hyv`: Hyper-V
    Hyv,
    /// `bms`: bare metal
    Bms,
    /// `chy`: Cloud Hypervisor; unknown to version 1
    Chy,
}

/// The CPU vendor part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct CpuBrand {
    /// Vendor or architecture.
    pub vendor: CpuVendor,
    /// Generation; 0 is *old or unspecified* and is not printed.
    pub generation: u8,
    /// Number of `h`: 0 standard, 1 above 2.75 GHz, 2 above 3.25 GHz, 3 above 3.75 GHz (all cores).
    pub clock: u8,
}

/// CPU vendor or architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CpuVendor {
    /// `i`: Intel x86-64
    Intel,
    /// `z`: AMD x86-64
    Amd,
    /// `a`: Arm v8 or newer
    Arm,
    /// `r`: RISC-V
    RiscV,
}

/// The GPU part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Gpu {
    /// `G` hands a whole device through, `g` is a virtual GPU.
    pub passthrough: bool,
    /// Vendor.
    pub vendor: GpuVendor,
    /// Generation, if named.
    pub generation: Option<GpuGeneration>,
    /// Processing units (SMs, CUs or EUs), at least 1, if named.
    pub units: Option<u64>,
    /// Number of `h` after the units: 0, 1 or 2.
    pub clock: u8,
    /// Video memory in whole GiB, at least 1, if named.
    pub vram_gib: Option<u64>,
    /// Number of `h` after the video memory: 0, 1 or 2.
    pub bandwidth: u8,
}

/// GPU vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GpuVendor {
    /// `N`
    Nvidia,
    /// `A`
    Amd,
    /// `I`
    Intel,
}
