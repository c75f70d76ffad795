//! Volumes for tests.

use kogge_ids::{AttachmentId, VolumeId};
use kogge_node_api::{
    DesiredDisk, DiskBus, DiskFormat, DiskSource, IoLimits, Slot, VolumePlace, VolumeSource,
};

/// A disk that is a volume of 1 GiB on the backend `fast`.
pub(crate) fn volume(number: u128) -> DesiredDisk {
    let attachment: AttachmentId = format!("{number:032x}").parse().unwrap();
    let place = VolumePlace::File {
        backend: "fast".to_owned(),
        name: format!("volume-{number}.raw"),
        format: DiskFormat::Raw,
    };
    let source = VolumeSource {
        volume: VolumeId::random(),
        attachment,
        place,
        passphrase: None,
        read_only: false,
        shared: false,
        limits: IoLimits::default(),
    };
    DesiredDisk {
        // what tells these apart is at the end
        slot: Slot::try_from(format!("vol-{number}")).unwrap(),
        source: DiskSource::Volume(source),
        size_mib: 1024,
        bus: DiskBus::Virtio,
        boot: None,
        made: true,
    }
}
