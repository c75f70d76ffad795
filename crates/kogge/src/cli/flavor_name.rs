//! The command line of `kogge standards flavor-name`.

use clap::{Args, Subcommand, ValueEnum};
use kogge_standards::flavor_name::{self as grammar, CpuKind, CpuVendor, DiskKind};

use super::print::Print;

/// `kogge standards flavor-name`.
#[derive(Debug, Subcommand)]
pub enum FlavorName {
    /// Explain names part by part, and what is wrong with them
    Parse(Parse),
    /// Make the names of a flavor from its figures
    For(Box<For>),
}

/// `kogge standards flavor-name parse`.
#[derive(Debug, Clone, Args)]
pub struct Parse {
    /// Flavor names
    #[arg(required = true)]
    pub name: Vec<String>,
    /// How to print
    #[command(flatten)]
    pub print: Print,
}

/// `kogge standards flavor-name for`.
#[derive(Debug, Clone, Args)]
pub struct For {
    /// Number of vCPUs
    #[arg(long, value_name = "N")]
    pub vcpus: u64,
    /// RAM in GiB; rounded down to halves
    #[arg(long, value_name = "GIB", value_parser = gib)]
    pub ram: f64,
    /// What a vCPU promises: c core of its own, t hardware thread of its own, v oversubscribed, l heavily so;
    /// with i behind it where the CPU may be vulnerable
    #[arg(long, value_name = "c|t|v|l[i]", default_value = "v", value_parser = cpu)]
    pub cpu: Cpu,
    /// Memory without error correction
    #[arg(long)]
    pub no_ecc: bool,
    /// Memory is oversubscribed
    #[arg(long)]
    pub ram_oversubscribed: bool,
    /// Size of each disk in GB; without it and without a type, users bring a boot volume
    #[arg(long, value_name = "GB")]
    pub disk: Option<u64>,
    /// Where the disk lives
    #[arg(long, value_enum, value_name = "TYPE")]
    pub disk_type: Option<DiskType>,
    /// Number of disks
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub disk_count: u64,
    /// Hypervisor
    #[arg(long, value_enum, value_name = "NAME")]
    pub hypervisor: Option<Hypervisor>,
    /// Virtual machines inside of the machine are hardware-assisted
    #[arg(long)]
    pub nested: bool,
    /// Vendor or architecture of the CPU
    #[arg(long, value_enum, value_name = "VENDOR")]
    pub arch: Option<Arch>,
    /// Generation of the CPU, by the table of its vendor
    #[arg(long, value_name = "N", default_value_t = 0, requires = "arch")]
    pub generation: u8,
    /// Clock of all cores: 1 above 2.75 GHz, 2 above 3.25 GHz, 3 above 3.75 GHz
    #[arg(long, value_name = "0-3", default_value_t = 0, requires = "arch", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub clock: u8,
    /// GPU as in names, e.g. GNa-14-6h: G whole or g virtual, vendor, generation, units, video memory in GiB
    #[arg(long, value_name = "GPU")]
    pub gpu: Option<String>,
    /// InfiniBand
    #[arg(long)]
    pub ib: bool,
    /// How to print
    #[command(flatten)]
    pub print: Print,
}

/// What a vCPU promises, and whether it may be vulnerable.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// What it promises.
    pub kind: CpuKind,
    /// Whether it may be vulnerable.
    pub insecure: bool,
}

fn cpu(text: &str) -> Result<Cpu, String> {
    let (kind, insecure) = text.strip_suffix('i').map_or((text, false), |kind| (kind, true));
    let known = CpuKind::ALL.into_iter().find(|known| kind.eq_ignore_ascii_case(&known.letter().to_string()));
    let kind = known
        .ok_or_else(|| "use c, t, v or l, with i behind it where the CPU may be vulnerable".to_owned())?;
    Ok(Cpu { kind, insecure })
}

/// More RAM than any machine has, in GiB; names count in 64 bits.
const MOST_GIB: f64 = 1e9;

fn gib(text: &str) -> Result<f64, String> {
    let size: f64 = text.parse().map_err(|_| "use a number of GiB such as 16 or 0.5".to_owned())?;
    if (0.5..=MOST_GIB).contains(&size) {
        Ok(size)
    } else {
        Err("use at least 0.5 GiB, at most 1e9".to_owned())
    }
}

/// Where a disk lives.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DiskType {
    /// Local SSD
    Ssd,
    /// Local NVMe disk
    Nvme,
    /// Local hard disk
    Hdd,
    /// Network storage that survives the loss of a disk or host
    Network,
}

impl From<DiskType> for DiskKind {
    fn from(kind: DiskType) -> Self {
        match kind {
            DiskType::Ssd => Self::Ssd,
            DiskType::Nvme => Self::Nvme,
            DiskType::Hdd => Self::Hdd,
            DiskType::Network => Self::Network,
        }
    }
}

/// A hypervisor.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Hypervisor {
    /// KVM
    Kvm,
    /// Xen
    Xen,
    /// VMware
    Vmw,
    /// Hyper-V
    Hyv,
    /// Bare metal
    Bms,
    /// Cloud Hypervisor
    Chy,
}

impl From<Hypervisor> for grammar::Hypervisor {
    fn from(hypervisor: Hypervisor) -> Self {
        match hypervisor {
            Hypervisor::Kvm => Self::Kvm,
            Hypervisor::Xen => Self::Xen,
            Hypervisor::Vmw => Self::Vmw,
            Hypervisor::Hyv => Self::Hyv,
            Hypervisor::Bms => Self::Bms,
            Hypervisor::Chy => Self::Chy,
        }
    }
}

/// Vendor or architecture of a CPU.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Arch {
    /// Intel x86-64
    Intel,
    /// AMD x86-64
    Amd,
    /// Arm v8 or newer
    Arm,
    /// RISC-V
    Riscv,
}

impl From<Arch> for CpuVendor {
    fn from(arch: Arch) -> Self {
        match arch {
            Arch::Intel => Self::Intel,
            Arch::Amd => Self::Amd,
            Arch::Arm => Self::Arm,
            Arch::Riscv => Self::RiscV,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpus_are_a_letter_and_maybe_an_i() {
        let read = |text| cpu(text).map(|cpu| (cpu.kind, cpu.insecure));
        assert_eq!(read("c"), Ok((CpuKind::DedicatedCore, false)));
        assert_eq!(read("Li"), Ok((CpuKind::CrowdedCore, true)));
        for wrong in ["", "i", "x", "ci i"] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn ram_is_finite_and_not_too_small() {
        assert_eq!(gib("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "NaN", "inf", "1e300", "", "16G"] {
            assert!(gib(wrong).is_err(), "{wrong:?}");
        }
    }
}
