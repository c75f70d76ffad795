//! Guests on other machines than the usual one.

use kogge_ids::PortId;
use kogge_node_api::{
    DiskBus, Epoch, Hardware, InstanceState, NetworkingChange, NicModel, Node, Power, Screen, WatchdogAction,
};
use kogge_qemu::Machine;

use crate::hotplug::nic;
use crate::lab::{Lab, next, real_guest};
use crate::network::networking;
use crate::tiny;

const PROMPT: &str = "tiny login: ";

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_starts_from_a_disk_on_every_bus_and_goes_on_there() {
    let Some(lab) = Lab::open().await else { return };
    for (machine, bus) in [
        ("q35", DiskBus::Sata),
        ("q35", DiskBus::Usb),
        // the disk of a rescue
        ("q35", DiskBus::Ide),
        ("pc", DiskBus::Virtio),
        ("pc", DiskBus::Scsi),
        ("pc", DiskBus::Sata),
        ("pc", DiskBus::Ide),
    ] {
        let mut web = lab.server(&tiny::waiting());
        web.disks[0].bus = bus;
        web.hardware = Hardware { machine: Some(machine.to_owned()), ..Hardware::default() };
        let seen = lab.make(&web).await;
        assert_eq!(seen.fault, None, "{machine} {bus:?}");
        lab.says(web.id, PROMPT, 1).await;
        let away = next(&web, Power::Suspended);
        assert_eq!(lab.make(&away).await.state, InstanceState::Suspended, "{machine} {bus:?}");
        let seen = lab.make(&next(&away, Power::Running)).await;
        assert_eq!((seen.state, seen.deferred), (InstanceState::Running, None), "{machine} {bus:?}");
        assert_eq!(lab.console(web.id).await.matches(PROMPT).count(), 1, "{machine} {bus:?}: no new start");
        lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
        lab.gone(web.id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn linux_boots_on_the_older_machine_with_scsi_an_e1000_and_a_watchdog() {
    let Some(mut web) = real_guest() else { return };
    let Some(mut lab) = Lab::open_networked().await else { return };
    let ports = [PortId::random()];
    web.nics = vec![nic(0, ports[0])];
    web.disks[0].bus = DiskBus::Scsi;
    web.hardware = Hardware {
        machine: Some("pc".to_owned()),
        nic: NicModel::E1000,
        watchdog: Some(WatchdogAction::Reset),
        screen: Screen::Absent,
        guest_agent: true,
        ..Hardware::default()
    };
    let networking = networking(&web, &ports);
    lab.node().apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking)).await.unwrap();
    let seen = lab.make(&web).await;
    assert_eq!((seen.fault, seen.deferred), (None, None));
    lab.says(web.id, "login:", 1).await;
    let console = lab.console(web.id).await;
    assert!(console.contains("user-data-was-here"), "it reads the config drive: {console}");
    let guest = lab.guests().remove(0);
    let machine = Machine::adopt(guest.process, &guest.dir, guest.launch);
    lab.close();
    let machine = machine.await.unwrap();
    let asked = serde_json::json!({ "path": "/machine/peripheral" });
    let devices = machine.qmp().execute("qom-list", asked).await.unwrap().to_string();
    for kind in ["e1000", "i6300esb", "virtio-scsi-pci", "scsi-hd", "pci-bridge", "virtserialport"] {
        assert!(devices.contains(&format!("child<{kind}>")), "{kind}: {devices}");
    }
    assert!(!machine.slots().await.unwrap().screen);
}
