//! Making a name from figures.

use super::{
    Cpu, CpuBrand, CpuKind, CpuVendor, Disk, DiskKind, FlavorName, Gpu, Hypervisor, ParseError, Ram,
};

/// Collects what a flavor offers and makes a name that promises no more than that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlavorNameBuilder {
    ram_mib: u64,
    name: FlavorName,
}

/// Why no name can be made of the figures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A flavor without vCPUs cannot be named.
    #[error("a flavor name needs at least 1 vCPU")]
    NoCpu,
    /// The least RAM that a name can express is half a GiB.
    #[error("a flavor name needs at least 512 MiB of RAM, got {0} MiB")]
    TooLittleRam(u64),
    /// The grammar has no text for this combination.
    #[error("the grammar cannot express this: {0:?} is refused")]
    NotExpressible(String, #[source] ParseError),
    /// The text for this combination means something else.
    #[error("the grammar cannot express this: {0:?} would mean something else")]
    Ambiguous(String),
}

impl FlavorName {
    /// Begins a name for a flavor with this many oversubscribed vCPUs and this much RAM, without a disk.
    pub const fn builder(vcpus: u64, ram_mib: u64) -> FlavorNameBuilder {
        FlavorNameBuilder {
            ram_mib,
            name: Self {
                cpu: Cpu { count: vcpus, kind: CpuKind::SharedCore, insecure: false },
                ram: Ram { half_gib: ram_mib / 512, no_ecc: false, oversubscribed: false },
                disk: None,
                hypervisor: None,
                hwvirt: false,
                cpu_brand: None,
                gpu: None,
                infiniband: false,
            },
        }
    }
}

impl FlavorNameBuilder {
    /// What a vCPU promises; oversubscribed unless said otherwise.
    #[must_use]
    pub const fn cpu_kind(mut self, kind: CpuKind) -> Self {
        self.name.cpu.kind = kind;
        self
    }

    /// Marks the CPU as vulnerable (`i`).
    #[must_use]
    pub const fn insecure(mut self, insecure: bool) -> Self {
        self.name.cpu.insecure = insecure;
        self
    }

    /// Marks memory without error correction (`u`).
    #[must_use]
    pub const fn no_ecc(mut self, no_ecc: bool) -> Self {
        self.name.ram.no_ecc = no_ecc;
        self
    }

    /// Marks oversubscribed memory (`o`).
    #[must_use]
    pub const fn ram_oversubscribed(mut self, oversubscribed: bool) -> Self {
        self.name.ram.oversubscribed = oversubscribed;
        self
    }

    /// One disk of this size in GB; 0 takes the disk part away.
    #[must_use]
    pub const fn disk_gb(self, size: u64) -> Self {
        self.disks(1, size, None)
    }

    /// Several disks of this size in GB each; a size of 0 takes the disk part away.
    #[must_use]
    pub const fn disks(mut self, count: u64, size: u64, kind: Option<DiskKind>) -> Self {
        self.name.disk = if size == 0 { None } else { Some(Disk { count, size_gb: Some(size), kind }) };
        self
    }

    /// The disk part; one without a size leaves it to the cloud.
    #[must_use]
    pub const fn disk(mut self, disk: Disk) -> Self {
        self.name.disk = Some(disk);
        self
    }

    /// The hypervisor.
    #[must_use]
    pub const fn hypervisor(mut self, hypervisor: Hypervisor) -> Self {
        self.name.hypervisor = Some(hypervisor);
        self
    }

    /// Promises nested virtualisation.
    #[must_use]
    pub const fn hwvirt(mut self, hwvirt: bool) -> Self {
        self.name.hwvirt = hwvirt;
        self
    }

    /// CPU vendor, generation (0: unspecified) and clock class (0 to 3).
    #[must_use]
    pub const fn cpu_brand(mut self, vendor: CpuVendor, generation: u8, clock: u8) -> Self {
        self.name.cpu_brand = Some(CpuBrand { vendor, generation, clock });
        self
    }

    /// The GPU.
    #[must_use]
    pub const fn gpu(mut self, gpu: Gpu) -> Self {
        self.name.gpu = Some(gpu);
        self
    }

    /// Promises InfiniBand.
    #[must_use]
    pub const fn infiniband(mut self, infiniband: bool) -> Self {
        self.name.infiniband = infiniband;
        self
    }

    /// The name. RAM is rounded down to half GiB, so that the name never promises more than the flavor has.
    ///
    /// # Errors
    /// [`BuildError`] when a figure is too small or when the grammar has no unambiguous text for the combination.
    pub fn build(self) -> Result<FlavorName, BuildError> {
        if self.name.cpu.count == 0 {
            return Err(BuildError::NoCpu);
        }
        if self.name.ram.half_gib == 0 {
            return Err(BuildError::TooLittleRam(self.ram_mib));
        }
        let text = self.name.to_string();
        match FlavorName::parse(&text) {
            Ok(name) if name == self.name => Ok(name),
            Ok(_) => Err(BuildError::Ambiguous(text)),
            Err(error) => Err(BuildError::NotExpressible(text, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::GpuVendor;
    use super::*;

    fn gpu() -> Gpu {
        Gpu {
            passthrough: true,
            vendor: GpuVendor::Nvidia,
            generation: None,
            units: None,
            clock: 0,
            vram_gib: None,
            bandwidth: 0,
        }
    }

    #[test]
    fn figures_become_a_name() {
        let name = FlavorName::builder(4, 16384).disks(1, 100, Some(DiskKind::Ssd)).build().unwrap();
        assert_eq!(name.to_string(), "SCS-4V-16-100s");
        let name = FlavorName::builder(8, 32768)
            .cpu_kind(CpuKind::DedicatedCore)
            .insecure(true)
            .no_ecc(true)
            .ram_oversubscribed(true)
            .disk_gb(50)
            .hypervisor(Hypervisor::Kvm)
            .hwvirt(true)
            .cpu_brand(CpuVendor::Arm, 3, 2)
            .infiniband(true)
            .build()
            .unwrap();
        assert_eq!(name.to_string(), "SCS-8Ci-32uo-50_kvm_hwv_a3hh_ib");
    }

    #[test]
    fn ram_is_rounded_down_so_that_the_name_promises_no_more_than_there_is() {
        assert_eq!(FlavorName::builder(1, 4095).build().unwrap().to_string(), "SCS-1V-3.5");
        assert_eq!(FlavorName::builder(1, 511).build(), Err(BuildError::TooLittleRam(511)));
    }

    #[test]
    fn a_disk_of_size_zero_is_no_disk() {
        assert_eq!(FlavorName::builder(1, 1024).disk_gb(0).build().unwrap().disk, None);
    }

    #[test]
    fn a_disk_part_without_size_can_be_asked_for() {
        let disk = Disk { count: 1, size_gb: None, kind: Some(DiskKind::Network) };
        assert_eq!(FlavorName::builder(2, 4096).disk(disk).build().unwrap().to_string(), "SCS-2V-4-n");
    }

    #[test]
    fn figures_that_the_grammar_cannot_tell_apart_are_refused() {
        let only_memory = Gpu { vram_gib: Some(64), ..gpu() };
        let error = FlavorName::builder(4, 4096).gpu(only_memory).build().unwrap_err();
        assert_eq!(error, BuildError::Ambiguous("SCS-4V-4_GN-64".to_owned()));
    }

    #[test]
    fn values_outside_of_the_tables_are_refused() {
        assert_eq!(FlavorName::builder(0, 1024).build(), Err(BuildError::NoCpu));
        let ninth = FlavorName::builder(1, 1024).cpu_brand(CpuVendor::Intel, 9, 0).build();
        assert!(matches!(ninth, Err(BuildError::NotExpressible(..))));
        let no_disks = FlavorName::builder(1, 1024).disks(0, 10, None).build();
        assert!(matches!(no_disks, Err(BuildError::NotExpressible(..))));
        let bare_gpu_and_infiniband = FlavorName::builder(1, 1024).gpu(gpu()).infiniband(true).build();
        assert!(matches!(bare_gpu_and_infiniband, Err(BuildError::NotExpressible(..))));
    }
}
