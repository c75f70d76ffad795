//! Records for tests.

use std::collections::BTreeMap;

use kogge_ids::{ImageId, ServerId};
use kogge_node_api::{DesiredInstance, DiskBus, DiskFormat, Firmware, GuestMetadata, Power, RootDisk};

use crate::record::Record;

pub(crate) fn desired() -> DesiredInstance {
    let id = ServerId::random();
    DesiredInstance {
        id,
        generation: 1,
        power: Power::Running,
        reboot: None,
        vcpus: 1,
        memory_mib: 192,
        root: RootDisk {
            image: ImageId::random(),
            source: Some("/nowhere".into()),
            format: DiskFormat::Qcow2,
            size_gib: 0,
        },
        ephemeral_gib: 0,
        swap_mib: 0,
        nics: Vec::new(),
        config_drive: false,
        disk_bus: DiskBus::Virtio,
        firmware: Firmware::Bios,
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
        },
    }
}

/// A record of an instance that was just asked for.
pub(crate) fn record() -> Record {
    Record::new(desired(), None)
}

/// A record of an instance with disks.
pub(crate) fn built() -> Record {
    let mut record = record();
    record.built = Some(record.desired.root.image);
    record
}
