//! How the machine of a guest is made: what flavors (`hw:…`) and images (`hw_…`) ask for, in the words of nodes.
//!
//! Each default is what a guest has whose flavor and image ask for nothing, and what versions before this one made.

use serde::{Deserialize, Serialize};

use crate::{DiskBus, IoLimits};

/// How the machine of a guest is made, beside its CPUs, memory, disks and network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hardware {
    /// The machine: `q35`, `pc`, or one of a version (`pc-q35-7.2`); the node's own choice where nothing is said.
    pub machine: Option<String>,
    /// How its CPUs are arranged; each is a socket where nothing is said.
    pub topology: Option<Topology>,
    /// UEFI starts only what is signed.
    pub secure_boot: bool,
    /// A trusted platform module.
    pub tpm: Option<Tpm>,
    /// The controller of disks on SCSI.
    pub scsi: ScsiModel,
    /// How the config drive is attached; as the disks where nothing is said.
    pub cdrom: Option<DiskBus>,
    /// The network cards.
    pub nic: NicModel,
    /// Devices may offer packed rings.
    pub packed_rings: bool,
    /// The graphics card.
    pub screen: Screen,
    /// A USB controller beside what disks and input need.
    pub usb: bool,
    /// A pointer, and a keyboard, on this bus.
    pub input: Option<InputBus>,
    /// A watchdog, and what it does.
    pub watchdog: Option<WatchdogAction>,
    /// The firmware shows its menu.
    pub boot_menu: bool,
    /// Whether there is a performance monitor; the node's own choice where nothing is said.
    pub pmu: Option<bool>,
    /// Whether there is a high precision timer; the machine's own choice where nothing is said.
    pub hpet: Option<bool>,
    /// The source of randomness.
    pub rng: Rng,
    /// A channel for QEMU's guest agent.
    pub guest_agent: bool,
    /// Serial ports beside the first one, which is the console.
    pub more_serial_ports: u8,
    /// The guest is not told that it is one.
    pub hide_hypervisor: bool,
    /// The guest is Windows: its clock keeps local time, and it is told of what it knows of Hyper-V.
    pub windows: bool,
    /// How much it may ask of each of its disks that is no volume.
    pub disk_limits: IoLimits,
}

impl Hardware {
    /// Whether the machine is the older one, with PCI and IDE instead of PCI Express and SATA.
    #[must_use]
    pub fn is_pc(&self) -> bool {
        self.machine.as_deref().is_some_and(is_pc)
    }
}

/// Whether a machine of this name is the older one.
#[must_use]
pub fn is_pc(machine: &str) -> bool {
    machine == "pc" || machine.starts_with("pc-i440fx-")
}

/// Whether a machine of this name is one of those that guests may have, in whatever version.
#[must_use]
pub fn is_machine(name: &str) -> bool {
    let version = name.strip_prefix("pc-i440fx-").or_else(|| name.strip_prefix("pc-q35-"));
    let good = |version: &str| {
        (1..=16).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    matches!(name, "pc" | "q35") || version.is_some_and(good)
}

/// How virtual CPUs are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// Sockets.
    pub sockets: u32,
    /// Cores of a socket.
    pub cores: u32,
    /// Threads of a core.
    pub threads: u32,
}

/// A trusted platform module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tpm {
    /// What it speaks.
    pub version: TpmVersion,
    /// How the guest speaks to it.
    pub model: TpmModel,
}

/// The graphics card of a guest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Screen {
    /// The one that all firmware and all systems know.
    #[default]
    Usual,
    /// This one.
    Card(Video),
    /// None.
    Absent,
}

/// A graphics card that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    /// Which one.
    pub model: VideoModel,
    /// Its memory in MiB, where that was said.
    pub ram_mib: Option<u32>,
}

/// A source of randomness for the guest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rng {
    /// As fast as the host has it.
    #[default]
    Free,
    /// So many bytes in each period of milliseconds.
    Limited {
        /// Bytes.
        bytes: u64,
        /// Milliseconds.
        period: u32,
    },
    /// None.
    Absent,
}

/// Words that are written down as OpenStack spells them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$say:meta])* $one:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$say])* #[serde(rename = $word)] $one,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$one),+];

            /// The word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$one => $word,)+ }
            }

            /// What a word stands for.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$one),)+ _ => None }
            }
        }
    };
}

words! {
    /// What a trusted platform module speaks.
    TpmVersion {
        /// 1.2.
        V1_2 = "1.2",
        /// 2.0.
        V2_0 = "2.0",
    }
}

words! {
    /// How a guest speaks to its trusted platform module.
    TpmModel {
        /// By the interface that every version has.
        Tis = "tpm-tis",
        /// By the interface of version 2.0.
        Crb = "tpm-crb",
    }
}

words! {
    /// A controller of disks on SCSI.
    #[derive(Default)]
    ScsiModel {
        /// virtio-scsi.
        #[default]
        Virtio = "virtio-scsi",
        /// LSI 53c895a.
        Lsilogic = "lsilogic",
        /// LSI SAS 1068.
        Lsisas1068 = "lsisas1068",
        /// LSI SAS 1078.
        Lsisas1078 = "lsisas1078",
        /// VMware's paravirtualized one.
        Vmpvscsi = "vmpvscsi",
    }
}

words! {
    /// A network card.
    #[derive(Default)]
    NicModel {
        /// virtio-net.
        #[default]
        Virtio = "virtio",
        /// Intel 82540EM.
        E1000 = "e1000",
        /// Intel 82574L.
        E1000e = "e1000e",
        /// Intel 82576.
        Igb = "igb",
        /// Realtek 8139.
        Rtl8139 = "rtl8139",
        /// AMD PCnet.
        Pcnet = "pcnet",
        /// NE2000 on PCI.
        Ne2kPci = "ne2k_pci",
        /// VMware's paravirtualized one.
        Vmxnet3 = "vmxnet3",
    }
}

words! {
    /// A graphics card.
    VideoModel {
        /// Standard VGA.
        Vga = "vga",
        /// Cirrus Logic GD5446.
        Cirrus = "cirrus",
        /// QXL.
        Qxl = "qxl",
        /// virtio-vga.
        Virtio = "virtio",
        /// A frame buffer and no more.
        Bochs = "bochs",
        /// VMware's.
        Vmvga = "vmvga",
    }
}

words! {
    /// Where pointer and keyboard are attached.
    InputBus {
        /// USB.
        Usb = "usb",
        /// virtio.
        Virtio = "virtio",
    }
}

words! {
    /// What a watchdog does that a guest does not feed.
    WatchdogAction {
        /// Nothing but say so.
        None = "none",
        /// The guest stands still.
        Pause = "pause",
        /// The guest is switched off.
        Poweroff = "poweroff",
        /// The guest is reset.
        Reset = "reset",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_version_before_wrote_is_a_guest_that_asks_for_nothing() {
        assert_eq!(serde_json::from_str::<Hardware>("{}").unwrap(), Hardware::default());
    }

    #[test]
    fn every_word_is_written_down_as_it_is_read() {
        for model in NicModel::ALL {
            assert_eq!(serde_json::to_value(model).unwrap(), model.word());
            assert_eq!(NicModel::of_word(model.word()), Some(*model));
        }
        let limited = Hardware {
            rng: Rng::Limited { bytes: 1024, period: 1000 },
            watchdog: Some(WatchdogAction::None),
            screen: Screen::Card(Video { model: VideoModel::Qxl, ram_mib: None }),
            ..Hardware::default()
        };
        let text = serde_json::to_string(&limited).unwrap();
        assert_eq!(serde_json::from_str::<Hardware>(&text).unwrap(), limited);
    }

    #[test]
    fn a_machine_is_a_plain_name_and_no_further_option() {
        for good in ["pc", "q35", "pc-q35-7.2", "pc-i440fx-10.0"] {
            assert!(is_machine(good), "{good}");
        }
        for bad in ["", "virt", "pc,dumpdtb=/x", "pc-q35-", "pc-q35-7.2,usb=on", "isapc", "pc-q35-rhel9"] {
            assert!(!is_machine(bad), "{bad}");
        }
        assert!(is_pc("pc-i440fx-7.2") && !is_pc("pc-q35-7.2"));
    }
}
