//! QEMU's names of what guests may have several kinds of.

use kogge_node_api::{Hardware, NicModel, ScsiModel, Video, VideoModel};
use serde_json::{Value, json};

use crate::device_name::backend;

/// A network card.
pub(crate) const fn nic_driver(model: NicModel) -> &'static str {
    match model {
        NicModel::Virtio => "virtio-net-pci",
        NicModel::Vmxnet3 | NicModel::E1000 | NicModel::E1000e | NicModel::Igb => model.word(),
        NicModel::Rtl8139 | NicModel::Pcnet | NicModel::Ne2kPci => model.word(),
    }
}

/// What the network card `id` is told beside its place. Only virtio can tell a guest its MTU.
pub(crate) fn nic_options(hardware: &Hardware, id: &str, mac: &str, mtu: u32) -> Vec<(&'static str, Value)> {
    let virtio = hardware.nic == NicModel::Virtio;
    let mut options = vec![("netdev", json!(backend(id))), ("mac", json!(mac))];
    options.extend(virtio.then(|| ("host_mtu", json!(mtu))));
    options.push(("romfile", json!("")));
    options.extend((virtio && hardware.packed_rings).then_some(("packed", Value::Bool(true))));
    options
}

/// A controller of disks on SCSI.
pub(crate) const fn scsi_driver(model: ScsiModel) -> &'static str {
    match model {
        ScsiModel::Virtio => "virtio-scsi-pci",
        ScsiModel::Lsilogic => "lsi53c895a",
        ScsiModel::Lsisas1068 => "mptsas1068",
        ScsiModel::Lsisas1078 => "megasas",
        ScsiModel::Vmpvscsi => "pvscsi",
    }
}

/// The place of a disk on its SCSI controller. The older ones know one unit of each target.
pub(crate) const fn scsi_place(model: ScsiModel) -> &'static str {
    match model {
        ScsiModel::Virtio => "lun",
        ScsiModel::Lsilogic | ScsiModel::Lsisas1068 | ScsiModel::Lsisas1078 | ScsiModel::Vmpvscsi => {
            "scsi-id"
        }
    }
}

/// A graphics card.
pub(crate) const fn video_driver(model: VideoModel) -> &'static str {
    match model {
        VideoModel::Vga => "VGA",
        VideoModel::Cirrus => "cirrus-vga",
        VideoModel::Qxl => "qxl-vga",
        VideoModel::Virtio => "virtio-vga",
        VideoModel::Bochs => "bochs-display",
        VideoModel::Vmvga => "vmware-svga",
    }
}

/// Memory in MiB of the usual graphics card: as much as its largest picture takes.
const USUAL_MEMORY: u32 = 8;

/// What a graphics card is told of its memory, as far as it can have that much: QEMU takes powers of two.
pub(crate) fn video_memory(video: Video) -> String {
    let model = video.model;
    let usual = (model == VideoModel::Vga).then_some(USUAL_MEMORY);
    let Some(mib) = video.ram_mib.or(usual) else { return String::new() };
    let whole = |most: u32| mib.next_power_of_two().min(most);
    match model {
        VideoModel::Vga | VideoModel::Qxl => format!(",vgamem_mb={}", whole(256)),
        VideoModel::Cirrus => format!(",vgamem_mb={}", whole(16).max(4)),
        VideoModel::Vmvga => format!(",vgamem_mb={}", whole(128)),
        VideoModel::Bochs => format!(",vgamem={}", u64::from(whole(256).max(16)) << 20),
        // it takes of the guest's own memory
        VideoModel::Virtio => String::new(),
    }
}
