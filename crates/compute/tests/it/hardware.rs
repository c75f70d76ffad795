//! What flavors and images ask of a server's machine: checked, kept, told to its host, refused by hosts that lack it.

use kogge_node_api::{DesiredInstance, DiskBus, Firmware, NicModel, Topology, WatchdogAction, host_trait};
use kogge_node_sim::SimConfig;
use serde_json::{Value, json};

use super::cloud::{Cloud, NOWHERE};

/// A flavor of four CPUs with these extra specs.
async fn flavor(cloud: &Cloud, name: &str, specs: Value) {
    let body = json!({"flavor": {"name": name, "id": name, "ram": 512, "vcpus": 4, "disk": 1}});
    cloud.admin("POST", "/flavors", Some(body)).await.expect(200);
    let path = format!("/flavors/{name}/os-extra_specs");
    cloud.admin("POST", &path, Some(json!({ "extra_specs": specs }))).await.expect(200);
}

fn told(cloud: &Cloud, id: &str) -> DesiredInstance {
    cloud.node.desired(id.parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_machine_is_made_as_flavor_and_image_ask() {
    let cloud = Cloud::start().await;
    let image = cloud
        .upload(json!({
            "name": "picky", "hw_disk_bus": "sata", "hw_vif_model": "e1000", "hw_firmware_type": "uefi",
            "hw_watchdog_action": "reset", "hw_cpu_sockets": "1", "hw_qemu_guest_agent": "yes",
        }))
        .await;
    flavor(&cloud, "f", json!({"hw:cpu_max_threads": "1", "quota:disk_write_iops_sec": "50"})).await;
    let id = cloud.boot(json!({"imageRef": image, "flavorRef": "f"})).await;
    let desired = told(&cloud, &id);
    assert_eq!((desired.disks[0].bus, desired.firmware), (DiskBus::Sata, Firmware::Uefi));
    let made = &desired.hardware;
    assert_eq!((made.nic, made.watchdog), (NicModel::E1000, Some(WatchdogAction::Reset)));
    assert_eq!(made.topology, Some(Topology { sockets: 1, cores: 4, threads: 1 }));
    assert!(made.guest_agent && made.disk_limits.write_iops == Some(50));
    // an image that is changed later changes no server
    let patch = json!([{"op": "replace", "path": "/hw_disk_bus", "value": "scsi"}]);
    cloud.patch_image(&image, patch).await;
    cloud.action(&id, json!({"reboot": {"type": "HARD"}})).await.expect(202);
    cloud.run().await;
    assert_eq!(told(&cloud, &id).hardware, *made);
    assert_eq!(told(&cloud, &id).disks[0].bus, DiskBus::Sata);
    // a rebuild takes what the image says now
    cloud.action(&id, json!({"rebuild": {"imageRef": cloud.image}})).await.expect(202);
    cloud.run().await;
    let rebuilt = told(&cloud, &id);
    assert_eq!((rebuilt.disks[0].bus, rebuilt.hardware.nic), (DiskBus::Scsi, NicModel::Virtio));
}

#[tokio::test]
async fn a_resize_takes_what_the_new_flavor_asks_and_a_revert_gives_it_back() {
    let cloud = Cloud::start().await;
    flavor(&cloud, "plain", json!({})).await;
    flavor(&cloud, "dog", json!({"hw:watchdog_action": "poweroff"})).await;
    flavor(&cloud, "bad", json!({"hw:watchdog_action": "bark"})).await;
    let id = cloud.boot(json!({"flavorRef": "plain"})).await;
    let refused = cloud.action(&id, json!({"resize": {"flavorRef": "bad"}})).await.fault(400);
    assert!(refused.contains("watchdog"), "{refused}");
    cloud.action(&id, json!({"resize": {"flavorRef": "dog"}})).await.expect(202);
    cloud.run().await;
    assert_eq!(told(&cloud, &id).hardware.watchdog, Some(WatchdogAction::Poweroff));
    cloud.action(&id, json!({"revertResize": null})).await.expect(202);
    cloud.run().await;
    assert_eq!(told(&cloud, &id).hardware.watchdog, None);
    assert_eq!(cloud.status(&id).await, "ACTIVE");
}

#[tokio::test]
async fn a_volume_says_as_its_image_did() {
    let cloud = Cloud::start().await;
    let image = cloud.upload(json!({"name": "v", "hw_disk_bus": "usb", "hw_boot_menu": "true"})).await;
    let device = json!([{
        "boot_index": 0, "source_type": "image", "destination_type": "volume", "uuid": image,
        "volume_size": 1, "delete_on_termination": true,
    }]);
    let id = cloud.create(json!({"imageRef": "", "block_device_mapping_v2": device})).await;
    cloud.wait(30).await;
    let desired = told(&cloud, &id);
    assert_eq!((desired.disks[0].bus, desired.hardware.boot_menu), (DiskBus::Usb, true));
}

#[tokio::test]
async fn what_cannot_be_is_a_400_that_names_the_key_and_makes_nothing() {
    let cloud = Cloud::start().await;
    for (key, value) in [
        ("hw_disk_bus", "fdc"),
        ("hw_machine_type", "q35,accel=kvm"),
        ("hw_vif_model", "netfront"),
        ("hw_serial_port_count", "9"),
        ("hw_mem_page_size", "large"),
    ] {
        let image = cloud.upload(json!({"name": "odd", key: value})).await;
        let why = cloud.post("/servers", cloud.server(&json!({"imageRef": image}))).await.fault(400);
        assert!(why.contains(key), "{why}");
    }
    cloud.assert_clean().await;
}

#[tokio::test]
async fn a_host_that_lacks_something_gets_no_server_that_asks_for_it() {
    let mut config = SimConfig::new("sim1");
    config.facts.traits.remove(&host_trait::bus(DiskBus::Sata));
    config.facts.machines.remove("pc");
    let cloud = Cloud::with(config, false).await.unwrap();
    let sata = cloud.upload(json!({"name": "sata", "hw_disk_bus": "sata"})).await;
    let ide = cloud.upload(json!({"name": "ide", "hw_disk_bus": "ide"})).await;
    flavor(&cloud, "pinned", json!({"hw:cpu_policy": "dedicated"})).await;
    flavor(&cloud, "slow", json!({"quota:vif_outbound_average": "1000"})).await;
    for (asked, why) in [
        (json!({"imageRef": sata}), "lacks the trait COMPUTE_STORAGE_BUS_SATA"),
        (json!({"imageRef": ide}), "has no machine of type pc"),
        (json!({"flavorRef": "slow"}), "lacks the trait CUSTOM_KOGGE_VIF_LIMITS"),
        (json!({"flavorRef": "pinned"}), "lacks the trait CUSTOM_KOGGE_PINNING"),
    ] {
        let id = cloud.create(asked).await;
        cloud.run().await;
        assert_eq!(cloud.show(&id).await["fault"]["message"], NOWHERE);
        let told = cloud.fault_details(&id).await;
        assert!(told.contains(why), "{told}");
    }
    // one that has it takes it
    cloud.add_host(SimConfig::new("sim2")).await;
    let id = cloud.boot(json!({"imageRef": sata})).await;
    assert_eq!(cloud.host_of(&id).await, "sim2");
}

#[tokio::test]
async fn what_hosts_say_is_in_placement_beside_what_admins_say() {
    let cloud = Cloud::start().await;
    let placement = kogge_placement::Placement::new(cloud.db.clone(), kogge_clock::Clock::system());
    let traits = || async { placement.supplies().await.unwrap().pop().unwrap() };
    let first = traits().await;
    assert!(first.traits.is_superset(&host_trait::all()));
    let mut more = first.traits.clone();
    more.insert("CUSTOM_RACK".to_owned());
    more.remove(&host_trait::bus(DiskBus::Usb));
    let mut tx = cloud.db.begin().await.unwrap();
    placement.set_traits_in(&mut tx, first.provider.id, &more).await.unwrap();
    tx.commit().await.unwrap();
    let less = SimConfig::new("sim1").with_size(10, 4096, 100);
    cloud.add_host(less).await;
    let now = traits().await.traits;
    assert!(now.contains("CUSTOM_RACK") && now.contains(&host_trait::bus(DiskBus::Usb)), "{now:?}");
}
