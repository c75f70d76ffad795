//! Rescued servers, and crash dumps.

use kogge_node_api::Slot;
use serde_json::json;

use super::cloud::{Cloud, on_both};

/// The slots of a server's disks as its node has them, and the one that it boots from.
fn disks(cloud: &Cloud, id: &str) -> (Vec<String>, String) {
    let desired = cloud.node.desired(id.parse().unwrap()).unwrap();
    let boots = desired.disks.iter().find(|disk| disk.boot == Some(1)).unwrap();
    let slots = desired.disks.iter().map(|disk| disk.slot.to_string());
    (slots.collect(), boots.slot.to_string())
}

on_both! {
    a_rescued_server_boots_from_another_disk_and_back_again(cloud) {
        let id = cloud.boot(json!({"config_drive": true})).await;
        let other = cloud.upload(json!({"name": "rescue"})).await;
        let body = json!({"rescue": {"rescue_image_ref": other, "adminPass": "rescue-me"}});
        let answer = cloud.action(&id, body).await.expect(200);
        assert_eq!(answer, json!({"adminPass": "rescue-me"}));
        let server = cloud.show(&id).await;
        assert_eq!((&server["status"], &server["OS-EXT-STS:task_state"]), (&json!("ACTIVE"), &json!("rescuing")));
        cloud.run().await;
        let server = cloud.show(&id).await;
        assert_eq!((&server["status"], &server["OS-EXT-STS:vm_state"]), (&json!("RESCUE"), &json!("rescued")));
        let (slots, boots) = disks(&cloud, &id);
        assert_eq!((slots, boots.as_str()), (vec!["rescue".to_owned(), "root".to_owned()], "rescue"));
        let desired = cloud.node.desired(id.parse().unwrap()).unwrap();
        let image = desired.disk(&Slot::rescue()).unwrap().image().unwrap().image;
        assert_eq!(image.to_string(), other);
        let refused = cloud.action(&id, json!({"rescue": null})).await.fault(409);
        assert_eq!(refused, format!("Cannot 'rescue' instance {id} while it is in vm_state rescued"));
        cloud.action(&id, json!({"os-stop": null})).await.fault(409);
        cloud.action(&id, json!({"unrescue": null})).await.expect(202);
        assert_eq!(cloud.show(&id).await["OS-EXT-STS:task_state"], "unrescuing");
        cloud.run().await;
        assert_eq!(cloud.status(&id).await, "ACTIVE");
        assert_eq!(disks(&cloud, &id), (vec!["root".to_owned()], "root".to_owned()));
        cloud.action(&id, json!({"unrescue": null})).await.fault(409);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM image_holds").await, 0);
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.run().await;
        cloud.assert_clean().await;
    }
}

#[tokio::test]
async fn a_rescue_takes_the_servers_image_unless_told_otherwise_and_no_image_that_is_none() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let gone = "70a599e0-31e7-49b7-b260-868f441e862b";
    let refused = cloud.action(&id, json!({"rescue": {"rescue_image_ref": gone}})).await.fault(400);
    assert_eq!(refused, format!("Requested rescue image '{gone}' is not supported"));
    cloud.action(&id, json!({"rescue": {"more": 1}})).await.fault(400);
    let answer = cloud.action(&id, json!({"rescue": null})).await.expect(200);
    assert_eq!(answer["adminPass"].as_str().unwrap().len(), 12);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "RESCUE");
    // one that is deleted while it is rescued leaves nothing
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    cloud.run().await;
    cloud.assert_clean().await;
}

#[tokio::test]
async fn a_stable_rescue_leaves_the_servers_disks_where_they_are() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"os-stop": null})).await.expect(202);
    cloud.run().await;
    let stable = json!({"name": "rescue", "hw_rescue_device": "disk", "hw_rescue_bus": "virtio"});
    let image = cloud.upload(stable).await;
    cloud.action(&id, json!({"rescue": {"rescue_image_ref": image}})).await.expect(200);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "RESCUE");
    assert_eq!(disks(&cloud, &id), (vec!["root".to_owned(), "rescue".to_owned()], "rescue".to_owned()));
}

#[tokio::test]
async fn a_crash_dump_is_an_interrupt_once() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"trigger_crash_dump": null})).await.fault(400);
    cloud.at("2.17");
    cloud.action(&id, json!({"trigger_crash_dump": null})).await.expect(202);
    cloud.run().await;
    cloud.action(&id, json!({"reboot": {"type": "SOFT"}})).await.expect(202);
    cloud.run().await;
    let console = cloud.action(&id, json!({"os-getConsoleOutput": {}})).await.expect(200);
    assert_eq!(console["output"].as_str().unwrap().matches("NMI received").count(), 1);
    cloud.action(&id, json!({"os-stop": null})).await.expect(202);
    cloud.run().await;
    let refused = cloud.action(&id, json!({"trigger_crash_dump": null})).await.fault(409);
    assert_eq!(refused, format!("Cannot 'trigger_crash_dump' instance {id} while it is in vm_state stopped"));
}
