//! Where volumes, shelves, rescues and moves meet.

use kogge_auth::testing::Persona;
use kogge_compute::ComputeConfig;
use kogge_node_sim::SimConfig;
use serde_json::{Value, json};

use super::cloud::{Answer, Cloud};
use super::volumes::{ask, attach, boot, shown, status, volume};

async fn cloud(set: impl FnOnce(&mut ComputeConfig)) -> Cloud {
    Cloud::set(SimConfig::new("sim1"), false, set).await.unwrap()
}

async fn by_admin(cloud: &Cloud, id: &str, body: Value) -> Answer {
    cloud.admin("POST", &format!("/servers/{id}/action"), Some(body)).await
}

async fn broken(cloud: &Cloud, id: &str) {
    by_admin(cloud, id, json!({ "os-resetState": { "state": "error" } })).await.expect(202);
    assert_eq!(cloud.status(id).await, "ERROR");
}

/// The slots of a server's disks as its node has them.
fn slots(cloud: &Cloud, id: &str) -> Vec<String> {
    let desired = cloud.node.desired(id.parse().unwrap()).unwrap();
    desired.disks.iter().map(|disk| disk.slot.to_string()).collect()
}

#[tokio::test]
async fn what_is_broken_on_the_shelf_runs_only_when_it_is_taken_from_there() {
    let cloud = cloud(|config| config.offload_seconds = None).await;
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({ "shelve": null })).await.expect(202);
    cloud.wait(60).await;
    broken(&cloud, &id).await;
    for order in [json!({ "reboot": { "type": "HARD" } }), json!({ "rebuild": { "imageRef": cloud.image } })]
    {
        let fault = cloud.action(&id, order).await.fault(409);
        assert!(fault.contains("vm_state shelved"), "{fault}");
    }
    cloud.action(&id, json!({ "unshelve": null })).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    // one that is broken without having been on the shelf does not come from there
    broken(&cloud, &id).await;
    cloud.action(&id, json!({ "unshelve": null })).await.fault(409);
}

#[tokio::test]
async fn a_failed_rescue_is_left_by_a_reboot_or_a_rebuild() {
    let cloud = Cloud::start().await;
    for order in [json!({ "reboot": { "type": "HARD" } }), json!({ "rebuild": { "imageRef": cloud.image } })]
    {
        let id = cloud.boot(json!({})).await;
        cloud.action(&id, json!({ "rescue": null })).await.expect(200);
        cloud.run().await;
        assert_eq!(slots(&cloud, &id), ["rescue", "root"]);
        broken(&cloud, &id).await;
        cloud.action(&id, order).await.expect(202);
        cloud.wait(10).await;
        assert_eq!(
            (cloud.status(&id).await.as_str(), slots(&cloud, &id)),
            ("ACTIVE", vec!["root".to_owned()])
        );
    }
}

#[tokio::test]
async fn a_guest_that_holds_a_device_is_not_suspended() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let volume = volume(&cloud, Persona::Member, 1).await;
    attach(&cloud, &id, &volume).await.expect(200);
    cloud.run().await;
    assert!(cloud.node.guest_clings(id.parse().unwrap(), true));
    cloud.delete(&format!("/servers/{id}/os-volume_attachments/{volume}")).await.expect(202);
    cloud.run().await;
    assert_eq!(status(&cloud, &volume).await, "detaching");
    let fault = cloud.action(&id, json!({ "suspend": null })).await.fault(409);
    assert!(fault.contains("cannot be suspended"), "{fault}");
    assert!(cloud.node.guest_clings(id.parse().unwrap(), false));
    cloud.wait(20).await;
    assert_eq!(status(&cloud, &volume).await, "available");
    cloud.action(&id, json!({ "suspend": null })).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "SUSPENDED");
}

#[tokio::test]
async fn a_volume_of_a_server_on_no_host_grows() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let volume = volume(&cloud, Persona::Member, 1).await;
    attach(&cloud, &id, &volume).await.expect(200);
    cloud.run().await;
    cloud.action(&id, json!({ "shelve": null })).await.expect(202);
    cloud.wait(10).await;
    assert_eq!(cloud.status(&id).await, "SHELVED_OFFLOADED");
    let grow = json!({ "os-extend": { "new_size": 2 } });
    ask(&cloud, Persona::Member, "POST", &format!("/volumes/{volume}/action"), Some(grow.clone()))
        .await
        .fault(400);
    cloud.volume_at("3.42", &format!("/volumes/{volume}/action"), grow).await.expect(202);
    cloud.wait(20).await;
    let seen = shown(&cloud, &volume).await;
    assert_eq!((&seen["status"], &seen["size"]), (&json!("in-use"), &json!(2)));
}

#[tokio::test]
async fn a_new_shape_is_taken_for_good_though_something_else_changed_since() {
    let cloud = cloud(|config| config.confirm_resize_seconds = 300).await;
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({ "resize": { "flavorRef": "large" } })).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "VERIFY_RESIZE");
    let volume = volume(&cloud, Persona::Member, 1).await;
    attach(&cloud, &id, &volume).await.expect(200);
    cloud.wait(320).await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    cloud.assert_counts().await;
}

#[tokio::test]
async fn a_volume_takes_no_room_on_the_host_to_which_its_server_moves() {
    let cloud = Cloud::start().await;
    let device = json!([{ "source_type": "image", "destination_type": "volume", "uuid": cloud.image, "boot_index": 0,
        "volume_size": 2, "delete_on_termination": true }]);
    let made = boot(&cloud, device, json!({})).await.expect(202);
    let id = made["server"]["id"].as_str().unwrap().to_owned();
    cloud.wait(10).await;
    let disk = "SELECT COUNT(*) AS n FROM allocations WHERE resource_class = 'DISK_GB'";
    assert_eq!(cloud.count(disk).await, 0);
    cloud.add_host(SimConfig::new("sim2")).await;
    by_admin(&cloud, &id, json!({ "migrate": null })).await.expect(202);
    cloud.run().await;
    assert_eq!(
        (cloud.status(&id).await.as_str(), cloud.host_of(&id).await.as_str()),
        ("VERIFY_RESIZE", "sim2")
    );
    assert_eq!(cloud.count(disk).await, 0);
}

#[tokio::test]
async fn a_server_moves_on_only_when_the_host_before_let_go() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let volume = volume(&cloud, Persona::Member, 1).await;
    attach(&cloud, &id, &volume).await.expect(200);
    cloud.run().await;
    let other = cloud.add_host(SimConfig::new("sim2")).await;
    cloud.node.faults().unreachable();
    by_admin(&cloud, &id, json!({ "migrate": null })).await.expect(202);
    cloud.wait(10).await;
    // two guests must never write to one volume
    assert!(other.instance_ids().is_empty(), "the first host may still have the volume open");
    by_admin(&cloud, &id, json!({ "migrate": null })).await.fault(409);
    cloud.node.faults().clear();
    cloud.wait(120).await;
    assert_eq!(
        (cloud.status(&id).await.as_str(), cloud.host_of(&id).await.as_str()),
        ("VERIFY_RESIZE", "sim2")
    );
    assert_eq!((cloud.node.instance_ids().len(), other.instance_ids().len()), (0, 1));
    assert_eq!(status(&cloud, &volume).await, "in-use");
    cloud.action(&id, json!({ "revertResize": null })).await.expect(202);
    cloud.wait(20).await;
    assert_eq!((cloud.status(&id).await.as_str(), cloud.host_of(&id).await.as_str()), ("ACTIVE", "sim1"));
    assert_eq!((cloud.node.instance_ids().len(), other.instance_ids().len()), (1, 0));
    cloud.assert_counts().await;
}

#[tokio::test]
async fn a_server_with_volumes_is_evacuated_from_a_host_that_is_known_to_be_dead_alone() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let volume = volume(&cloud, Persona::Member, 1).await;
    attach(&cloud, &id, &volume).await.expect(200);
    cloud.run().await;
    let other = cloud.add_host(SimConfig::new("sim2")).await;
    cloud.node.faults().unreachable();
    cloud.wait(400).await;
    let order = json!({ "evacuate": { "onSharedStorage": false } });
    let fault = by_admin(&cloud, &id, order.clone()).await.fault(400);
    assert!(fault.contains("force it down"), "{fault}");
    assert!(other.instance_ids().is_empty());
    let down = json!({ "host": "sim1", "binary": "nova-compute", "forced_down": true });
    cloud.at("2.11").admin("PUT", "/os-services/force-down", Some(down)).await.expect(200);
    cloud.at("2.1");
    by_admin(&cloud, &id, order).await.expect(200);
    cloud.wait(20).await;
    assert_eq!((cloud.status(&id).await.as_str(), cloud.host_of(&id).await.as_str()), ("ACTIVE", "sim2"));
    assert_eq!(status(&cloud, &volume).await, "in-use");
}
