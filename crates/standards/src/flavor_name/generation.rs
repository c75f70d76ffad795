//! Letters, words and tables of the grammar: vendors, generations, markers.

use serde::Serialize;

use super::{CpuKind, CpuVendor, DiskKind, GpuVendor, Hypervisor};

/// A GPU generation that its vendor's table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct GpuGeneration(&'static str);

impl GpuGeneration {
    /// The generation of this vendor with exactly this text, such as `a` or `3.1`.
    pub fn find(vendor: GpuVendor, text: &str) -> Option<Self> {
        vendor.generations().iter().find(|(code, _)| *code == text).map(|(code, _)| Self(code))
    }

    /// The text in flavor names.
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// The marketing name of this vendor's generation.
    pub fn title(self, vendor: GpuVendor) -> &'static str {
        vendor.generations().iter().find(|(code, _)| *code == self.0).map_or(self.0, |(_, title)| title)
    }
}

impl GpuVendor {
    /// All vendors.
    pub const ALL: [Self; 3] = [Self::Nvidia, Self::Amd, Self::Intel];

    /// The letter in flavor names.
    pub const fn letter(self) -> char {
        match self {
            Self::Nvidia => 'N',
            Self::Amd => 'A',
            Self::Intel => 'I',
        }
    }

    /// The vendor's name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Nvidia => "Nvidia",
            Self::Amd => "AMD",
            Self::Intel => "Intel",
        }
    }

    /// What the vendor calls its processing units.
    pub const fn units(self) -> &'static str {
        match self {
            Self::Nvidia => "SMs",
            Self::Amd => "CUs",
            Self::Intel => "EUs",
        }
    }

    /// Code and title of each known generation.
    pub const fn generations(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Nvidia => &[
                ("f", "Fermi"),
                ("k", "Kepler"),
                ("m", "Maxwell"),
                ("p", "Pascal"),
                ("v", "Volta"),
                ("t", "Turing"),
                ("a", "Ampere"),
                ("l", "Ada Lovelace"),
                ("g", "Grace Hopper"),
                ("b", "Blackwell"),
                ("u", "Blackwell Ultra"),
            ],
            Self::Amd => &[
                ("0.4", "GCN4 (Polaris)"),
                ("0.5", "GCN5 (Vega)"),
                ("1", "CDNA1"),
                ("1.1", "RDNA1"),
                ("2", "CDNA2"),
                ("2.1", "RDNA2"),
                ("3", "CDNA3"),
                ("3.1", "RDNA3"),
                ("3.5", "RDNA3.5"),
                ("4", "CDNA4"),
                ("4.1", "RDNA4"),
                ("5.1", "RDNA5"),
            ],
            Self::Intel => &[
                ("0.9", "Gen9"),
                ("0.95", "Gen9.5"),
                ("1", "Xe1 (DG1)"),
                ("2", "Xe2"),
                ("3", "Arc (DG2, Ponte Vecchio)"),
                ("4", "Battlemage"),
            ],
        }
    }
}

impl CpuVendor {
    /// All vendors.
    pub const ALL: [Self; 4] = [Self::Intel, Self::Amd, Self::Arm, Self::RiscV];

    /// The letter in flavor names.
    pub const fn letter(self) -> char {
        match self {
            Self::Intel => 'i',
            Self::Amd => 'z',
            Self::Arm => 'a',
            Self::RiscV => 'r',
        }
    }

    /// The vendor's or architecture's name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Intel => "Intel x86-64",
            Self::Amd => "AMD x86-64",
            Self::Arm => "Arm",
            Self::RiscV => "RISC-V",
        }
    }

    /// The titles of the generations, index 0 first; the last index is the newest generation that is known.
    pub const fn generations(self) -> &'static [&'static str] {
        match self {
            Self::Intel => &[
                "before Skylake",
                "Skylake",
                "Cascade Lake",
                "Ice Lake",
                "Sapphire Rapids",
                "Sierra Forest (E cores)",
                "Granite Rapids (P cores)",
            ],
            Self::Amd => &["before Zen", "Zen 1", "Zen 2", "Zen 3", "Zen 4/4c", "Zen 5/5c", "Zen 6/6c"],
            Self::Arm => &[
                "before A76",
                "A76, Neoverse N1",
                "A78, X1, Neoverse V1",
                "A71x, Neoverse N2, V2",
                "AmpereOne",
                "A72x, Neoverse N3, V3",
            ],
            Self::RiscV => &["unspecified"],
        }
    }

    /// The architecture that images need, in Glance's words; `None` where no value is agreed on.
    pub const fn image_architecture(self) -> Option<&'static str> {
        match self {
            Self::Intel | Self::Amd => Some("x86_64"),
            Self::Arm => Some("aarch64"),
            Self::RiscV => None,
        }
    }
}

impl CpuKind {
    /// All kinds, from the weakest commitment to the strongest.
    pub const ALL: [Self; 4] =
        [Self::CrowdedCore, Self::SharedCore, Self::DedicatedThread, Self::DedicatedCore];

    /// The letter in flavor names.
    pub const fn letter(self) -> char {
        match self {
            Self::CrowdedCore => 'L',
            Self::SharedCore => 'V',
            Self::DedicatedThread => 'T',
            Self::DedicatedCore => 'C',
        }
    }

    /// The value of the extra spec `scs:cpu-type`.
    pub const fn extra_spec(self) -> &'static str {
        match self {
            Self::CrowdedCore => "crowded-core",
            Self::SharedCore => "shared-core",
            Self::DedicatedThread => "dedicated-thread",
            Self::DedicatedCore => "dedicated-core",
        }
    }
}

impl DiskKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Network, Self::Hdd, Self::Ssd, Self::Nvme];

    /// The letter in flavor names.
    pub const fn letter(self) -> char {
        match self {
            Self::Network => 'n',
            Self::Hdd => 'h',
            Self::Ssd => 's',
            Self::Nvme => 'p',
        }
    }

    /// The value of the extra spec `scs:diskN-type`.
    pub const fn extra_spec(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Hdd => "hdd",
            Self::Ssd => "ssd",
            Self::Nvme => "nvme",
        }
    }
}

impl Hypervisor {
    /// All hypervisors.
    pub const ALL: [Self; 6] = [Self::Kvm, Self::Xen, Self::Vmw, Self::Hyv, Self::Bms, Self::Chy];

    /// The text in flavor names.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Xen => "xen",
            Self::Vmw => "vmw",
            Self::Hyv => "hyv",
            Self::Bms => "bms",
            Self::Chy => "chy",
        }
    }

    /// The hypervisor's name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Kvm => "KVM",
            Self::Xen => "Xen",
            Self::Vmw => "VMware",
            Self::Hyv => "Hyper-V",
            Self::Bms => "bare metal",
            Self::Chy => "Cloud Hypervisor",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_belong_to_their_vendor() {
        assert!(GpuGeneration::find(GpuVendor::Nvidia, "a").is_some());
        assert!(GpuGeneration::find(GpuVendor::Amd, "a").is_none());
        assert!(GpuGeneration::find(GpuVendor::Intel, "3.1").is_none());
        let ponte_vecchio = GpuGeneration::find(GpuVendor::Intel, "3").unwrap();
        assert!(ponte_vecchio.title(GpuVendor::Intel).contains("Arc"));
        assert_eq!(GpuGeneration::find(GpuVendor::Amd, "3").unwrap().title(GpuVendor::Amd), "CDNA3");
    }

    #[test]
    fn generation_codes_hold_no_delimiter_and_no_clock_letter() {
        for vendor in GpuVendor::ALL {
            assert!(vendor.generations().iter().all(|(code, _)| !code.contains(['-', '_', ':', 'h'])));
        }
    }

    #[test]
    fn newest_cpu_generations_are_those_of_the_standard() {
        let newest: Vec<_> = CpuVendor::ALL.iter().map(|vendor| vendor.generations().len() - 1).collect();
        assert_eq!(newest, [6, 6, 5, 0]);
    }
}
