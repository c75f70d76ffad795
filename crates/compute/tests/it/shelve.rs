//! Servers on the shelf, and back.

use kogge_auth::testing::Persona;
use kogge_node_sim::{Call, SimConfig, Times};
use serde_json::json;

use super::cloud::{Cloud, on_both};

/// The picture of a shelved server.
async fn picture(cloud: &Cloud) -> Option<String> {
    cloud.images().await.into_iter().find(|(_, name)| name == "web-shelved").map(|(id, _)| id)
}

on_both! {
    a_shelved_server_leaves_its_host_and_comes_back_from_its_picture(cloud) {
        let id = cloud.boot(json!({})).await;
        let ports = cloud.count("SELECT COUNT(*) AS n FROM ports WHERE device_owner LIKE 'compute:%'").await;
        cloud.action(&id, json!({"shelve": null})).await.expect(202);
        let server = cloud.show(&id).await;
        assert_eq!((&server["status"], &server["OS-EXT-STS:task_state"]), (&json!("ACTIVE"), &json!("shelving")));
        let refused = cloud.action(&id, json!({"shelve": null})).await.fault(409);
        assert_eq!(refused, format!("Cannot 'shelve' instance {id} while it is in task_state shelving"));
        cloud.run().await;
        cloud.run().await;
        let server = cloud.show(&id).await;
        assert_eq!(server["status"], "SHELVED_OFFLOADED", "{server}");
        assert_eq!((&server["OS-EXT-STS:vm_state"], &server["hostId"]), (&json!("shelved_offloaded"), &json!("")));
        assert!(cloud.node.instance_ids().is_empty(), "the node forgot it");
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM allocations").await, 0);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM ports WHERE device_owner LIKE 'compute:%'").await, ports);
        let image = picture(&cloud).await.unwrap();
        let shown = cloud.image_of(&image).await.expect(200);
        assert_eq!((&shown["image_type"], &shown["instance_uuid"]), (&json!("snapshot"), &json!(id)));
        cloud.assert_counts().await;
        cloud.action(&id, json!({"os-start": null})).await.fault(409);

        cloud.action(&id, json!({"unshelve": null})).await.expect(202);
        assert_eq!(cloud.show(&id).await["OS-EXT-STS:task_state"], "unshelving");
        cloud.run().await;
        let server = cloud.show(&id).await;
        assert_eq!(server["status"], "ACTIVE", "{server}");
        assert_eq!(server["image"]["id"], json!(cloud.image), "it is still a server of its image");
        let desired = cloud.node.desired(id.parse().unwrap()).unwrap();
        assert_eq!(desired.image().unwrap().image.to_string(), image);
        assert_eq!(cloud.image_of(&image).await.status, 404);
        // and it stays as it is, whatever else is told
        cloud.action(&id, json!({"os-stop": null})).await.expect(202);
        cloud.run().await;
        assert_eq!(cloud.node.desired(id.parse().unwrap()).unwrap().image().unwrap().image.to_string(), image);
        assert_eq!(cloud.status(&id).await, "SHUTOFF");
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.run().await;
        cloud.assert_clean().await;
    }

    a_server_that_is_deleted_on_the_shelf_takes_its_picture_along(cloud) {
        let id = cloud.boot(json!({})).await;
        cloud.action(&id, json!({"shelve": null})).await.expect(202);
        cloud.run().await;
        cloud.run().await;
        assert!(picture(&cloud).await.is_some());
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.run().await;
        assert_eq!(picture(&cloud).await, None);
        cloud.assert_clean().await;
    }
}

#[tokio::test]
async fn a_shelved_server_stays_on_its_host_where_it_is_not_to_leave_by_itself() {
    let set = |config: &mut kogge_compute::ComputeConfig| config.offload_seconds = None;
    let cloud = Cloud::set(SimConfig::new("sim1"), false, set).await.unwrap();
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"shelve": null})).await.expect(202);
    cloud.wait(60).await;
    assert_eq!(cloud.status(&id).await, "SHELVED");
    assert_eq!(cloud.node.instance_ids().len(), 1);
    // it wakes where it is
    cloud.action(&id, json!({"unshelve": null})).await.expect(202);
    cloud.run().await;
    assert_eq!((cloud.status(&id).await.as_str(), picture(&cloud).await), ("ACTIVE", None));
    cloud.action(&id, json!({"shelve": null})).await.expect(202);
    cloud.run().await;
    cloud.action(&id, json!({"shelveOffload": null})).await.fault(403);
    let path = format!("/servers/{id}/action");
    cloud.admin("POST", &path, Some(json!({"shelveOffload": null}))).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "SHELVED_OFFLOADED");
    let refused = cloud.admin("POST", &path, Some(json!({"shelveOffload": null}))).await.fault(409);
    assert_eq!(
        refused,
        format!("Cannot 'shelveOffload' instance {id} while it is in vm_state shelved_offloaded")
    );
}

#[tokio::test]
async fn a_picture_that_its_owner_deletes_is_there_until_the_server_is_back() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"shelve": null})).await.expect(202);
    cloud.run().await;
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "SHELVED_OFFLOADED");
    let image = picture(&cloud).await.unwrap();
    cloud.call(Persona::Member, "DELETE", &format!("/image/v2/images/{image}"), None).await;
    cloud.action(&id, json!({"unshelve": null})).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE", "{}", cloud.show(&id).await);
}

#[tokio::test]
async fn a_server_without_a_picture_does_not_leave_its_host() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"shelve": null})).await.expect(202);
    let image = picture(&cloud).await.unwrap();
    cloud.call(Persona::Member, "DELETE", &format!("/image/v2/images/{image}"), None).await;
    cloud.wait(30).await;
    assert_eq!(cloud.status(&id).await, "SHELVED");
    assert_eq!(cloud.node.instance_ids().len(), 1, "its disk is not lost");
    let body = Some(json!({"shelveOffload": null}));
    cloud.admin("POST", &format!("/servers/{id}/action"), body).await.fault(409);
    cloud.action(&id, json!({"unshelve": null})).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
}

#[tokio::test]
async fn one_comes_back_to_a_zone_or_host_of_ones_choice() {
    let mut cloud = Cloud::start().await;
    let other = cloud.add_host(SimConfig::new("sim2")).await;
    let id = cloud.boot(json!({})).await;
    cloud.at("2.77");
    let early = cloud.action(&id, json!({"unshelve": {"availability_zone": "nova"}})).await.fault(409);
    assert_eq!(early, format!("Cannot 'unshelve' instance {id} while it is in vm_state active"));
    cloud.action(&id, json!({"shelve": null})).await.expect(202);
    cloud.run().await;
    cloud.run().await;
    cloud.action(&id, json!({"unshelve": {}})).await.fault(400);
    cloud.action(&id, json!({"unshelve": {"host": "sim2"}})).await.fault(400);
    let unknown = cloud.action(&id, json!({"unshelve": {"availability_zone": "moon"}})).await.fault(400);
    assert_eq!(unknown, "The requested availability zone is not available");
    cloud.at("2.91");
    cloud.action(&id, json!({"unshelve": {"host": "sim2"}})).await.fault(403);
    let path = format!("/servers/{id}/action");
    let to = |host: &str| Some(json!({"unshelve": {"availability_zone": null, "host": host}}));
    let unknown = cloud.admin("POST", &path, to("mars")).await.fault(400);
    assert_eq!(unknown, "Compute host mars could not be found.");
    cloud.admin("POST", &path, to("sim2")).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    assert_eq!(other.instance_ids().len(), 1);
    assert!(cloud.node.instance_ids().is_empty());
}

#[tokio::test]
async fn where_no_host_takes_it_a_server_stays_on_the_shelf() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"shelve": null})).await.expect(202);
    cloud.run().await;
    cloud.run().await;
    let service = cloud.admin("GET", "/os-services?binary=nova-compute", None).await.expect(200);
    assert_eq!(service["services"][0]["host"], "sim1");
    let disable = json!({"host": "sim1", "binary": "nova-compute"});
    cloud.admin("PUT", "/os-services/disable", Some(disable.clone())).await.expect(200);
    cloud.action(&id, json!({"unshelve": null})).await.expect(202);
    cloud.run().await;
    let server = cloud.show(&id).await;
    assert_eq!(
        (&server["status"], &server["OS-EXT-STS:task_state"]),
        (&json!("SHELVED_OFFLOADED"), &json!(null))
    );
    assert!(!server["addresses"].as_object().unwrap().is_empty(), "it kept its ports: {server}");
    cloud.admin("PUT", "/os-services/enable", Some(disable)).await.expect(200);
    cloud.action(&id, json!({"unshelve": null})).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
}

#[tokio::test]
async fn a_picture_that_fails_means_no_shelf() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.node.faults().fail(Call::ExportDisk, Times::Forever);
    cloud.action(&id, json!({"shelve": null})).await.expect(202);
    cloud.wait(300).await;
    let server = cloud.show(&id).await;
    assert_eq!((&server["status"], picture(&cloud).await), (&json!("ACTIVE"), None), "{server}");
}
