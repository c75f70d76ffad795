//! Command lines as golden text; `UPDATE_GOLDEN=1` writes them anew.

use kogge_node_api::{DiskFormat, Screen, Video, VideoModel};

use super::*;
use crate::block::Secret;

fn spec() -> GuestSpec {
    GuestSpec {
        id: "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        launch: 3,
        machine_type: "pc-q35-10.0".to_owned(),
        accelerator: Accelerator::Tcg,
        vcpus: 2,
        memory_mib: 512,
        hardware: Hardware::default(),
        firmware: None,
        disks: vec![
            Disk {
                node: "root".to_owned(),
                file: "root.qcow2".into(),
                pool: None,
                format: DiskFormat::Qcow2,
                backing: Some(("/srv/bases/b.qcow2".into(), DiskFormat::Qcow2)),
                read_only: false,
                bus: DiskBus::Virtio,
                boot: Some(1),
                serial: None,
                shared: false,
                encrypted: false,
                cdrom: false,
            },
            Disk {
                node: "config".to_owned(),
                file: "config.iso".into(),
                pool: None,
                format: DiskFormat::Raw,
                backing: None,
                read_only: true,
                bus: DiskBus::Virtio,
                boot: None,
                serial: None,
                shared: false,
                encrypted: false,
                cdrom: false,
            },
        ],
        files: Vec::new(),
        keys: Vec::new(),
        nics: vec![GuestNic {
            port: "22222222-3333-4444-8555-666666666666".parse().unwrap(),
            mac: "fa:16:3e:00:00:01".to_owned(),
            mtu: 1450,
            fd: 17,
        }],
        sandbox: true,
        paused: false,
        memory: None,
    }
}

fn golden(name: &str, spec: &GuestSpec) {
    let path = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = arguments(spec).join("\n") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{name}");
}

#[test]
fn a_common_guest() {
    golden("virtio", &spec());
}

#[test]
fn a_guest_with_scsi_uefi_and_kvm() {
    let firmware = FirmwareFiles { code: "/usr/share/OVMF/CODE.fd".into(), variables: "uefi-vars.fd".into() };
    let accelerator = Accelerator::Kvm;
    let disks = spec().disks.into_iter().map(|disk| Disk { bus: DiskBus::Scsi, ..disk }).collect();
    let (firmware, sandbox, paused) = (Some(firmware), false, true);
    golden("scsi-uefi-kvm", &GuestSpec { disks, firmware, accelerator, sandbox, paused, ..spec() });
}

#[test]
fn a_guest_with_volumes() {
    let mut spec = spec();
    let plain = Disk {
        node: "vol-00000000000000000001".to_owned(),
        file: crate::fd_set(1),
        backing: Some((crate::fd_set(2), DiskFormat::Raw)),
        serial: Some("33333333-4444-4555-8".to_owned()),
        boot: None,
        ..spec.disks[0].clone()
    };
    let mut locked =
        Disk { node: "vol-00000000000000000002".to_owned(), file: crate::fd_set(3), ..plain.clone() };
    (locked.format, locked.backing, locked.encrypted) = (DiskFormat::Raw, None, true);
    let mut shared =
        Disk { node: "vol-00000000000000000003".to_owned(), file: crate::fd_set(4), ..plain.clone() };
    (shared.format, shared.backing, shared.shared, shared.bus) = (DiskFormat::Raw, None, true, DiskBus::Scsi);
    let file = |fd, set, of: &Disk| PassedFile { fd, set, node: of.node.clone() };
    spec.files = vec![file(20, 1, &plain), file(21, 2, &plain), file(22, 3, &locked), file(23, 4, &shared)];
    spec.keys = vec![PassedKey { node: locked.node.clone(), secret: Secret::Container, fd: 24 }];
    spec.disks.extend([plain, locked, shared]);
    golden("volumes", &spec);
}

#[test]
fn disks_on_both_buses_are_each_attached_once() {
    let mut mixed = spec();
    mixed.disks[0].bus = DiskBus::Scsi;
    let all = arguments(&mixed).join("\n");
    assert!(all.contains("scsi-hd,id=disk-root,drive=root,bus=scsi0.0,lun=0,bootindex=1"), "{all}");
    assert!(all.contains("virtio-blk-pci,id=disk-config,drive=config,bus=rp2"), "{all}");
    assert_eq!(all.matches("drive=").count(), 2);
}

#[test]
fn a_guest_that_goes_on_has_its_scsi_disks_where_they_were() {
    let mut mixed = spec();
    mixed.disks.iter_mut().for_each(|disk| disk.bus = DiskBus::Scsi);
    let ids = devices(&mixed).into_iter().map(|device| (device.id, "rp0".to_owned())).collect();
    let luns = [("disk-root".to_owned(), 3), ("disk-config".to_owned(), 1)];
    let mut slots = Slots { ports: 4, devices: ids, luns: luns.into(), screen: false };
    assert!(mixed.fits(&slots));
    mixed.memory = Some(GuestMemory { fd: 9, slots: slots.clone() });
    let all = arguments(&mixed).join("\n");
    assert!(all.contains("id=disk-root,drive=root,bus=scsi0.0,lun=3"), "{all}");
    assert!(all.contains("id=disk-config,drive=config,bus=scsi0.0,lun=1"), "{all}");
    slots.luns.remove("disk-config");
    assert!(!mixed.fits(&slots), "it would have another disk than the memory knows of");
}

#[test]
fn there_is_one_graphics_card_where_the_machine_has_room_for_it() {
    let cards = |change: &dyn Fn(&mut GuestSpec)| {
        let mut spec = spec();
        change(&mut spec);
        let all = arguments(&spec).into_iter();
        all.filter(|argument| argument.contains("id=screen0")).collect::<Vec<_>>()
    };
    let qxl = Screen::Card(Video { model: VideoModel::Qxl, ram_mib: Some(16) });
    let before = |screen| GuestMemory { fd: 9, slots: Slots { ports: 4, screen, ..Slots::default() } };
    assert_eq!(cards(&|_| ()), ["VGA,id=screen0,bus=pcie.0,addr=0x1,vgamem_mb=8"]);
    assert_eq!(
        cards(&|spec| spec.machine_type = "pc-i440fx-10.0".to_owned()),
        ["VGA,id=screen0,bus=pci.0,addr=0x2,vgamem_mb=8"]
    );
    let asked = ["qxl-vga,id=screen0,bus=pcie.0,addr=0x1,vgamem_mb=16"];
    assert_eq!(cards(&|spec| spec.hardware.screen = qxl), asked);
    assert!(cards(&|spec| spec.hardware.screen = Screen::Absent).is_empty());
    assert!(cards(&|spec| spec.memory = Some(before(false))).is_empty(), "the memory knows of none");
    assert_eq!(cards(&|spec| (spec.memory, spec.hardware.screen) = (Some(before(true)), qxl)), asked);
}

#[test]
fn a_disk_for_ide_is_on_sata_where_there_is_no_ide() {
    let mut mixed = spec();
    (mixed.disks[0].bus, mixed.disks[1].bus) = (DiskBus::Sata, DiskBus::Ide);
    let places = |spec: &GuestSpec| -> Vec<String> {
        extras::on_controllers(spec).into_iter().map(|(place, _)| place).collect()
    };
    assert_eq!(places(&mixed), ["bus=ide.0", "bus=ide.1"]);
    mixed.machine_type = "pc-i440fx-10.0".to_owned();
    assert_eq!(places(&mixed), ["bus=sata0.0", "bus=ide.0,unit=0"]);
}

#[test]
fn every_root_port_has_an_address_and_chassis_of_its_own() {
    let nics =
        (0..26).map(|fd| GuestNic { port: PortId::random(), mac: String::new(), mtu: 1500, fd }).collect();
    let all = arguments(&GuestSpec { nics, ..spec() });
    let ports: Vec<&String> = all.iter().filter(|a| a.starts_with("pcie-root-port")).collect();
    assert_eq!(ports.len(), 26 + 2 + 1 + SPARE_PORTS);
    let part = |port: &str, n: usize| port.split(',').nth(n).unwrap().to_owned();
    for n in [1, 3, 4] {
        let mut distinct: Vec<String> = ports.iter().map(|port| part(port, n)).collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), ports.len());
    }
}

#[test]
fn a_file_name_with_commas_and_quotes_stays_one_value() {
    let mut odd = spec();
    odd.disks[0].file = "a,b\"c.qcow2".into();
    let all = arguments(&odd);
    let json = all.iter().find(|a| a.contains("\"root\"")).unwrap();
    let value: Value = serde_json::from_str(json).unwrap();
    assert_eq!(value["file"]["filename"], "a,b\"c.qcow2");
}

#[test]
fn no_layer_is_left_to_guessing() {
    fn walk(value: &Value) {
        let Value::Object(map) = value else { return };
        assert!(map.contains_key("driver"), "{value}");
        assert!(map["driver"] != "qcow2" || map.contains_key("backing"), "{value}");
        map.values().for_each(walk);
    }
    for argument in arguments(&spec()).iter().filter(|a| a.starts_with('{')) {
        walk(&serde_json::from_str(argument).unwrap());
    }
}
