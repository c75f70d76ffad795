//! Machines of every kind, started by this host's QEMU: it takes the command line, and the monitor shows what was asked for.
//!
//! No guest runs in them. What this host's QEMU does not have is passed over, and said.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail, and say what it passes over"
)]

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::Path;

use kogge_ids::PortId;
use kogge_node_api::{
    DiskBus, DiskFormat, Hardware, InputBus, IoLimits, NicModel, Rng, Screen, ScsiModel, Topology, Video,
    VideoModel, WatchdogAction, host_trait,
};
use kogge_qemu::{
    AccelSetting, Disk, Engine, EngineConfig, GuestSpec, Machine, OpenDisk, QemuError, disk_device,
    write_swap,
};

struct Place {
    dir: tempfile::TempDir,
    engine: Engine,
}

async fn place() -> Option<Place> {
    let dir = tempfile::tempdir().unwrap();
    let config = EngineConfig { accel: AccelSetting::Tcg, ..EngineConfig::default() };
    match Engine::probe(&config, dir.path(), None).await {
        Err(QemuError::NoProgram { .. }) => {
            println!("skipped: QEMU is not installed");
            None
        }
        found => {
            std::fs::create_dir(dir.path().join("run")).unwrap();
            Some(Place { dir, engine: found.unwrap() })
        }
    }
}

fn disk(dir: &Path, node: &str, bus: DiskBus, cdrom: bool) -> Disk {
    let file = format!("{node}.raw");
    write_swap(&dir.join(&file), 1, [7; 16]).unwrap();
    Disk {
        node: node.to_owned(),
        file: file.into(),
        pool: None,
        format: DiskFormat::Raw,
        backing: None,
        read_only: cdrom,
        bus,
        boot: (!cdrom).then_some(1),
        serial: Some(node.to_owned()),
        shared: false,
        encrypted: false,
        cdrom,
    }
}

impl Place {
    fn spec(&self, hardware: Hardware, disks: Vec<Disk>) -> GuestSpec {
        GuestSpec {
            id: kogge_ids::ServerId::random(),
            launch: 1,
            machine_type: self.engine.machine_for(None, hardware.machine.as_deref()),
            accelerator: self.engine.accelerator,
            vcpus: 4,
            memory_mib: 32,
            hardware,
            firmware: None,
            disks,
            files: Vec::new(),
            keys: Vec::new(),
            nics: Vec::new(),
            sandbox: self.engine.sandbox,
            paused: true,
            memory: None,
        }
    }

    async fn start(&self, spec: &GuestSpec) -> Machine {
        let started = Machine::start(&self.engine, self.dir.path(), spec, Vec::new(), None).await;
        started.unwrap_or_else(|error| panic!("{:?}: {error}", spec.hardware))
    }

    fn has(&self, named: &str) -> bool {
        let has = self.engine.traits.contains(named);
        if !has {
            println!("passed over: this QEMU has no {named}");
        }
        has
    }
}

/// Whether the guest has a device that a driver made.
async fn has_device(machine: &Machine, id: &str, kind: &str) -> bool {
    let asked = serde_json::json!({ "path": "/machine/peripheral" });
    let all = machine.qmp().execute("qom-list", asked).await.unwrap();
    all.as_array().unwrap().iter().any(|one| one["name"] == id && one["type"] == format!("child<{kind}>"))
}

#[tokio::test]
async fn disks_are_attached_by_every_bus_and_show_again() {
    let Some(place) = place().await else { return };
    let dir = place.dir.path();
    for (machine, bus, many) in [
        ("q35", DiskBus::Virtio, 3),
        ("q35", DiskBus::Scsi, 3),
        ("q35", DiskBus::Sata, 14),
        ("q35", DiskBus::Usb, 2),
        ("pc", DiskBus::Virtio, 40),
        ("pc", DiskBus::Scsi, 3),
        ("pc", DiskBus::Sata, 8),
        ("pc", DiskBus::Ide, 3),
        ("pc", DiskBus::Usb, 1),
    ] {
        let name = |number: usize| format!("d{number}");
        let mut disks: Vec<Disk> = (0..many).map(|number| disk(dir, &name(number), bus, false)).collect();
        disks.iter_mut().skip(1).for_each(|disk| disk.boot = None);
        let drive = if bus == DiskBus::Usb { DiskBus::Sata } else { bus };
        disks.push(disk(dir, "config", drive, true));
        let hardware = Hardware { machine: Some(machine.to_owned()), ..Hardware::default() };
        let running = place.start(&place.spec(hardware, disks)).await;
        let seen = running.disks().await.unwrap();
        let plugged: BTreeSet<&str> =
            seen.iter().filter(|disk| disk.plugged).map(|disk| disk.node.as_str()).collect();
        assert_eq!(plugged.len(), many + 1, "{machine} {bus:?}: {seen:?}");
        let limits = IoLimits { read_iops: Some(100), total_bytes: Some(1 << 20), ..IoLimits::default() };
        running.limit_disk("d0", limits).await.unwrap();
        let held = running.disks().await.unwrap().into_iter().find(|disk| disk.node == "d0").unwrap();
        assert_eq!(held.limits, limits, "{machine} {bus:?}");
        running.end().await;
    }
}

#[tokio::test]
async fn every_controller_takes_disks() {
    let Some(place) = place().await else { return };
    for scsi in ScsiModel::ALL.iter().copied().filter(|model| place.has(&host_trait::scsi(*model))) {
        for machine in ["q35", "pc"] {
            let hardware = Hardware { scsi, machine: Some(machine.to_owned()), ..Hardware::default() };
            let disks = ["a", "b", "c"]
                .map(|node| Disk { boot: None, ..disk(place.dir.path(), node, DiskBus::Scsi, false) });
            let running = place.start(&place.spec(hardware, disks.into())).await;
            let seen = running.disks().await.unwrap();
            assert_eq!(seen.iter().filter(|disk| disk.plugged).count(), 3, "{scsi:?} on {machine}");
            running.end().await;
        }
    }
}

#[tokio::test]
async fn everything_else_is_there_that_was_asked_for() {
    let Some(place) = place().await else { return };
    for machine in ["q35", "pc"] {
        let hardware = Hardware {
            machine: Some(machine.to_owned()),
            topology: Some(Topology { sockets: 1, cores: 2, threads: 2 }),
            packed_rings: true,
            input: Some(InputBus::Usb),
            watchdog: Some(WatchdogAction::Poweroff),
            boot_menu: true,
            pmu: Some(false),
            hpet: Some(false),
            rng: Rng::Limited { bytes: 1024, period: 1000 },
            guest_agent: true,
            more_serial_ports: 3,
            hide_hypervisor: true,
            windows: true,
            ..Hardware::default()
        };
        let disks = vec![disk(place.dir.path(), "root", DiskBus::Virtio, false)];
        let running = place.start(&place.spec(hardware, disks)).await;
        for (id, kind) in [
            ("watchdog0", "i6300esb"),
            ("vser0", "virtio-serial-pci"),
            ("agent0", "virtserialport"),
            ("pointer0", "usb-tablet"),
            ("keyboard0", "usb-kbd"),
            ("rng0", "virtio-rng-pci"),
            (&disk_device("root"), "virtio-blk-pci"),
        ] {
            assert!(has_device(&running, id, kind).await, "{id} on {machine}");
        }
        let asked = serde_json::json!({ "path": "/machine", "property": "hpet" });
        assert_eq!(running.qmp().execute("qom-get", asked).await.unwrap(), false);
        let cpus = running.qmp().execute("query-hotpluggable-cpus", serde_json::Value::Null).await.unwrap();
        let last = cpus.as_array().unwrap().iter().map(|cpu| &cpu["props"]);
        let place_of = |cpu: &serde_json::Value, what: &str| cpu[what].as_u64().unwrap();
        let mut all: Vec<[u64; 3]> =
            last.map(|cpu| ["socket-id", "core-id", "thread-id"].map(|what| place_of(cpu, what))).collect();
        all.sort_unstable();
        assert_eq!(all, [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]);
        running.end().await;
    }
}

#[tokio::test]
async fn every_graphics_card_with_and_without_a_word_about_its_memory() {
    let Some(place) = place().await else { return };
    for model in VideoModel::ALL.iter().copied().filter(|model| place.has(&host_trait::video(*model))) {
        for ram_mib in [None, Some(1), Some(48), Some(512)] {
            let hardware = Hardware {
                screen: Screen::Card(Video { model, ram_mib }),
                input: Some(InputBus::Virtio),
                ..Hardware::default()
            };
            let running = place.start(&place.spec(hardware, Vec::new())).await;
            assert!(has_device(&running, "pointer0", "virtio-tablet-pci").await);
            assert!(running.slots().await.unwrap().screen);
            running.end().await;
        }
    }
}

#[tokio::test]
async fn network_cards_and_disks_are_plugged_into_both_machines() {
    let Some(place) = place().await else { return };
    let models = NicModel::ALL.iter().copied().filter(|model| place.has(&host_trait::nic(*model)));
    for (machine, nic) in models.flat_map(|model| [("q35", model), ("pc", model)]) {
        let hardware = Hardware { machine: Some(machine.to_owned()), nic, ..Hardware::default() };
        let spec = place.spec(hardware.clone(), vec![disk(place.dir.path(), "root", DiskBus::Virtio, false)]);
        let running = place.start(&spec).await;
        assert!(spec.fits(&running.slots().await.unwrap()), "{machine}");
        let port = PortId::random();
        let device = kogge_qemu::nic_device(port);
        // without a tap: a hub takes its place
        let backend = device.replacen("nic", "net", 1);
        let hub = serde_json::json!({ "type": "hubport", "id": backend, "hubid": 0 });
        running.qmp().execute("netdev_add", hub).await.unwrap();
        running.plug_card(&device, "fa:16:3e:00:00:01", 1450, &hardware).await.unwrap();
        let seen = running.nics().await.unwrap();
        assert_eq!((seen.len(), seen[0].mac.as_str()), (1, "fa:16:3e:00:00:01"), "{nic:?} on {machine}");
        for bus in [DiskBus::Virtio, DiskBus::Scsi] {
            let node = format!("vol-{bus:?}").to_lowercase();
            let disk = Disk { boot: None, ..disk(place.dir.path(), &node, bus, false) };
            let file: OwnedFd = std::fs::File::options()
                .read(true)
                .write(true)
                .open(place.dir.path().join(&disk.file))
                .unwrap()
                .into();
            let open = OpenDisk { disk, file: Some(file), backing: None, secrets: Vec::new() };
            running.plug_disk(open, &hardware).await.unwrap();
        }
        assert_eq!(running.disks().await.unwrap().iter().filter(|disk| disk.plugged).count(), 3);
        let slots = running.slots().await.unwrap();
        let places: BTreeSet<&String> = slots.devices.values().collect();
        assert!(slots.devices.contains_key(&device) && places.len() == slots.devices.len(), "{slots:?}");
        running.end().await;
    }
}

#[tokio::test]
async fn disks_that_come_later_are_numbered_as_a_start_numbers_them() {
    let Some(place) = place().await else { return };
    let dir = place.dir.path();
    for scsi in ScsiModel::ALL.iter().copied().filter(|model| place.has(&host_trait::scsi(*model))) {
        let hardware = Hardware { scsi, ..Hardware::default() };
        let mut spec = place.spec(hardware.clone(), vec![disk(dir, "root", DiskBus::Scsi, false)]);
        let running = place.start(&spec).await;
        for node in ["first", "second"] {
            let disk = Disk { boot: None, ..disk(dir, node, DiskBus::Scsi, false) };
            let file = std::fs::File::options().read(true).write(true).open(dir.join(&disk.file)).unwrap();
            let open =
                OpenDisk { disk: disk.clone(), file: Some(file.into()), backing: None, secrets: Vec::new() };
            running.plug_disk(open, &hardware).await.unwrap();
            spec.disks.push(disk);
        }
        let slots = running.slots().await.unwrap();
        let luns: Vec<u64> = spec.disks.iter().map(|disk| slots.luns[&disk_device(&disk.node)]).collect();
        assert_eq!(luns, [0, 1, 2], "{scsi:?}");
        assert!(spec.fits(&slots), "{scsi:?}");
        if scsi == ScsiModel::Virtio {
            for disk in &spec.disks {
                let path = format!("/machine/peripheral/{}", disk_device(&disk.node));
                let asked = serde_json::json!({ "path": path, "property": "scsi-id" });
                assert_eq!(running.qmp().execute("qom-get", asked).await.unwrap(), 0, "{}", disk.node);
            }
        }
        running.end().await;
    }
}

#[tokio::test]
async fn a_bus_that_takes_nothing_while_the_guest_runs_says_so() {
    let Some(place) = place().await else { return };
    let spec = place.spec(Hardware::default(), vec![disk(place.dir.path(), "root", DiskBus::Sata, false)]);
    let running = place.start(&spec).await;
    let more = disk(place.dir.path(), "more", DiskBus::Sata, false);
    let file: OwnedFd = std::fs::File::open(place.dir.path().join(&more.file)).unwrap().into();
    let open = OpenDisk { disk: more, file: Some(file), backing: None, secrets: Vec::new() };
    assert!(matches!(running.plug_disk(open, &Hardware::default()).await, Err(QemuError::NoSlot)));
    // and what it has it keeps, without a fault
    running.ask_for(&disk_device("root")).await.unwrap();
    running.end().await;
}
