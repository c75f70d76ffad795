//! Records for tests.

use std::collections::BTreeMap;

use kogge_ids::{ImageId, ServerId};
use kogge_node_api::{
    DesiredDisk, DesiredInstance, DiskBus, DiskFormat, DiskSource, Firmware, GuestMetadata, ImageSource,
    Power, Slot,
};

use crate::record::Record;

pub(crate) fn desired() -> DesiredInstance {
    let id = ServerId::random();
    DesiredInstance {
        id,
        generation: 1,
        power: Power::Running,
        reboot: None,
        interrupt: 0,
        vcpus: 1,
        memory_mib: 192,
        disks: vec![DesiredDisk {
            slot: Slot::root(),
            source: DiskSource::Image(ImageSource {
                image: ImageId::random(),
                digest: Some("0".repeat(128)),
                format: DiskFormat::Qcow2,
            }),
            size_mib: 0,
            bus: DiskBus::Virtio,
            boot: Some(1),
            made: false,
        }],
        nics: Vec::new(),
        config_drive: false,
        firmware: Firmware::Bios,
        hardware: Default::default(),
        metadata: GuestMetadata {
            server: id,
            name: "web".to_owned(),
            hostname: "web".to_owned(),
            project_id: "p".to_owned(),
            availability_zone: "nova".to_owned(),
            meta: BTreeMap::new(),
            keys: Vec::new(),
            user_data: None,
            admin_password: None,
            launch_index: 0,
            flavor: "small".to_owned(),
            image: String::new(),
            network_data: "{}".to_owned(),
            random_seed: None,
            files: Vec::new(),
        },
    }
}

/// The root disk of an instance.
pub(crate) fn root(desired: &mut DesiredInstance) -> &mut DesiredDisk {
    desired.disks.iter_mut().find(|disk| disk.slot == Slot::root()).unwrap()
}

/// A record of an instance that was just asked for.
pub(crate) fn record() -> Record {
    Record::new(desired(), None)
}

/// A record of an instance with disks.
pub(crate) fn built() -> Record {
    let mut record = record();
    record.built = record.desired.image().map(|image| image.image);
    record
}
