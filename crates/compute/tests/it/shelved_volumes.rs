//! Volumes of servers that do not run: on the shelf, on no host, deleted but not gone.

use kogge_auth::testing::Persona;
use kogge_compute::ComputeConfig;
use kogge_node_sim::SimConfig;
use serde_json::json;

use super::cloud::Cloud;
use super::volumes::{attach, server, shown, status, volume};

async fn cloud(set: impl Fn(&mut ComputeConfig) + Send + 'static) -> Cloud {
    Cloud::set(SimConfig::new("sim1"), false, set).await.unwrap()
}

/// Which volumes the node is to open for a server.
fn opened(cloud: &Cloud, id: &str) -> usize {
    let desired = cloud.node.desired(id.parse().unwrap());
    desired.map_or(0, |desired| desired.disks.iter().filter(|disk| disk.volume().is_some()).count())
}

#[tokio::test]
async fn a_server_on_no_host_takes_and_gives_volumes_and_opens_them_when_it_is_back() {
    let mut cloud = cloud(|_| {}).await;
    let id = cloud.boot(json!({})).await;
    let (first, second) =
        (volume(&cloud, Persona::Member, 1).await, volume(&cloud, Persona::Member, 1).await);
    attach(&cloud, &id, &first).await.expect(200);
    cloud.run().await;
    cloud.action(&id, json!({ "shelve": null })).await.expect(202);
    cloud.wait(10).await;
    assert_eq!(cloud.status(&id).await, "SHELVED_OFFLOADED");
    let before = format!("Cannot 'attach_volume' instance {id} while it is in vm_state shelved_offloaded");
    assert_eq!(attach(&cloud, &id, &second).await.fault(409), before);
    let path = format!("/servers/{id}/os-volume_attachments/{first}");
    cloud.delete(&path).await.fault(409);
    let tagged = json!({ "volumeAttachment": { "volumeId": second, "tag": "mine" } });
    let fault =
        cloud.at("2.49").post(&format!("/servers/{id}/os-volume_attachments"), tagged).await.fault(400);
    assert!(fault.contains("Tagged volume attachment is not supported"), "{fault}");
    assert_eq!(status(&cloud, &second).await, "available");
    cloud.at("2.20");
    attach(&cloud, &id, &second).await.expect(200);
    assert_eq!(status(&cloud, &second).await, "in-use");
    cloud.delete(&path).await.expect(202);
    assert_eq!(status(&cloud, &first).await, "available");
    cloud.action(&id, json!({ "unshelve": null })).await.expect(202);
    cloud.wait(10).await;
    let seen = server(&cloud, &id).await;
    assert_eq!(
        (&seen["status"], &seen["os-extended-volumes:volumes_attached"][0]["id"]),
        (&json!("ACTIVE"), &json!(second))
    );
    assert_eq!(opened(&cloud, &id), 1);
    let host = shown(&cloud, &second).await["attachments"][0]["server_id"].take();
    assert_eq!(host, json!(id));
    cloud.assert_counts().await;
}

#[tokio::test]
async fn a_volume_that_goes_with_a_server_on_no_host_goes_when_it_is_detached() {
    let mut cloud = cloud(|_| {}).await;
    let id = cloud.boot(json!({})).await;
    let volume = volume(&cloud, Persona::Member, 1).await;
    cloud.action(&id, json!({ "shelve": null })).await.expect(202);
    cloud.wait(10).await;
    let wish = json!({ "volumeAttachment": { "volumeId": volume, "delete_on_termination": true } });
    cloud.at("2.79").post(&format!("/servers/{id}/os-volume_attachments"), wish).await.expect(200);
    cloud.delete(&format!("/servers/{id}/os-volume_attachments/{volume}")).await.expect(202);
    cloud.run().await;
    super::volumes::ask(&cloud, Persona::Member, "GET", &format!("/volumes/{volume}"), None).await.fault(404);
}

#[tokio::test]
async fn a_server_on_the_shelf_takes_and_gives_volumes_and_stays_there() {
    let mut cloud = cloud(|config| config.offload_seconds = None).await;
    let id = cloud.boot(json!({})).await;
    let volume = volume(&cloud, Persona::Member, 1).await;
    cloud.action(&id, json!({ "shelve": null })).await.expect(202);
    cloud.wait(60).await;
    assert_eq!(cloud.status(&id).await, "SHELVED");
    cloud.at("2.20");
    attach(&cloud, &id, &volume).await.expect(200);
    let seen = server(&cloud, &id).await;
    assert_eq!((&seen["status"], &seen["OS-EXT-STS:task_state"]), (&json!("SHELVED"), &json!(null)));
    cloud.run().await;
    assert_eq!((status(&cloud, &volume).await, opened(&cloud, &id)), ("in-use".to_owned(), 1));
    cloud.delete(&format!("/servers/{id}/os-volume_attachments/{volume}")).await.expect(202);
    cloud
        .admin("POST", &format!("/servers/{id}/action"), Some(json!({ "shelveOffload": null })))
        .await
        .expect(202);
    cloud.wait(20).await;
    assert_eq!(
        (cloud.status(&id).await.as_str(), status(&cloud, &volume).await.as_str()),
        ("SHELVED_OFFLOADED", "available")
    );
}

#[tokio::test]
async fn a_server_that_can_be_brought_back_takes_and_gives_volumes() {
    let cloud = cloud(|config| config.reclaim_seconds = 600).await;
    let id = cloud.boot(json!({})).await;
    let volume = volume(&cloud, Persona::Member, 1).await;
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    cloud.run().await;
    attach(&cloud, &id, &volume).await.expect(200);
    cloud.run().await;
    assert_eq!(
        (cloud.status(&id).await.as_str(), status(&cloud, &volume).await.as_str()),
        ("SOFT_DELETED", "in-use")
    );
    cloud.delete(&format!("/servers/{id}/os-volume_attachments/{volume}")).await.expect(202);
    cloud.run().await;
    assert_eq!(
        (cloud.status(&id).await.as_str(), status(&cloud, &volume).await.as_str()),
        ("SOFT_DELETED", "available")
    );
    cloud.action(&id, json!({ "restore": null })).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
}
