//! What machines this host's QEMU can make: distributions build it with different devices.

use std::collections::BTreeSet;

use kogge_node_api::{DiskBus, NicModel, ScsiModel, VideoModel, host_trait, is_machine};

use crate::models::{nic_driver, scsi_driver, video_driver};

/// From `-device help`, and which firmware there is.
pub(super) fn traits(said: &str, uefi: bool, secure: bool) -> BTreeSet<String> {
    let devices: BTreeSet<&str> =
        said.lines().filter_map(|line| line.strip_prefix("name \"")?.split('"').next()).collect();
    let mut all = BTreeSet::from([host_trait::HARDWARE, host_trait::BIOS].map(str::to_owned));
    let mut offer = |device: &str, named: String| {
        if devices.contains(device) {
            all.insert(named);
        }
    };
    for (bus, device) in [
        (DiskBus::Virtio, "virtio-blk-pci"),
        (DiskBus::Scsi, "scsi-hd"),
        (DiskBus::Sata, "ich9-ahci"),
        (DiskBus::Ide, "piix3-ide"),
        (DiskBus::Usb, "usb-storage"),
    ] {
        offer(device, host_trait::bus(bus));
    }
    for model in ScsiModel::ALL {
        offer(scsi_driver(*model), host_trait::scsi(*model));
    }
    for model in NicModel::ALL {
        offer(nic_driver(*model), host_trait::nic(*model));
    }
    for model in VideoModel::ALL {
        offer(video_driver(*model), host_trait::video(*model));
    }
    all.extend(uefi.then(|| host_trait::UEFI.to_owned()));
    all.extend(secure.then(|| host_trait::SECURE_BOOT.to_owned()));
    all
}

/// From `-machine help`: those that guests may have.
pub(super) fn machines(said: &str) -> BTreeSet<String> {
    let names = said.lines().filter_map(|line| line.split_ascii_whitespace().next());
    names.filter(|name| is_machine(name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_qemu_names_is_offered() {
        let said =
            "Network devices:\nname \"e1000\", bus PCI, alias \"e1000-82540em\"\nname \"VGA\", bus PCI\n";
        let found = traits(said, true, false);
        assert!(
            found.contains("COMPUTE_NET_VIF_MODEL_E1000") && found.contains("COMPUTE_GRAPHICS_MODEL_VGA")
        );
        assert!(found.contains(host_trait::UEFI) && !found.contains(host_trait::SECURE_BOOT));
        assert!(!found.contains("COMPUTE_NET_VIF_MODEL_IGB"));
        let said = "Supported machines are:\nmicrovm   m\npc   Standard (alias of pc-i440fx-7.2)\nq35  x\npc-q35-7.2  y\n";
        assert_eq!(machines(said).into_iter().collect::<Vec<_>>(), ["pc", "pc-q35-7.2", "q35"]);
    }
}
