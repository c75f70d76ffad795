//! Deleting that can be undone, backups that go by themselves, resizes that confirm themselves.

use kogge_node_sim::SimConfig;
use serde_json::json;

use super::cloud::Cloud;

async fn with_reclaim(seconds: u64) -> Cloud {
    let set = move |config: &mut kogge_compute::ComputeConfig| config.reclaim_seconds = seconds;
    Cloud::set(SimConfig::new("sim1"), false, set).await.unwrap()
}

#[tokio::test]
async fn a_deleted_server_is_off_hidden_uncounted_and_can_be_brought_back() {
    let cloud = with_reclaim(600).await;
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"restore": null})).await.fault(409);
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    assert_eq!(cloud.show(&id).await["OS-EXT-STS:task_state"], "soft-deleting");
    cloud.run().await;
    let server = cloud.show(&id).await;
    assert_eq!(
        (&server["status"], &server["OS-EXT-STS:vm_state"]),
        (&json!("SOFT_DELETED"), &json!("soft-delete"))
    );
    assert_eq!(server["OS-EXT-STS:power_state"], 4);
    let list = cloud.get("/servers").await.expect(200);
    assert_eq!(list["servers"], json!([]));
    let list = cloud.admin("GET", "/servers?all_tenants=1&soft_deleted=True", None).await.expect(200);
    assert_eq!(list["servers"][0]["id"], json!(id));
    let limits = cloud.get("/limits").await.expect(200);
    assert_eq!(limits["limits"]["absolute"]["totalInstancesUsed"], 0);
    cloud.assert_counts().await;
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    cloud.action(&id, json!({"os-start": null})).await.fault(409);
    cloud.action(&id, json!({"restore": null})).await.expect(202);
    assert_eq!(cloud.show(&id).await["OS-EXT-STS:task_state"], "restoring");
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    cloud.assert_counts().await;
    // in the end it goes
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    cloud.wait(590).await;
    assert_eq!(cloud.status(&id).await, "SOFT_DELETED");
    cloud.wait(30).await;
    cloud.get(&format!("/servers/{id}")).await.fault(404);
    cloud.assert_clean().await;
}

#[tokio::test]
async fn force_deletes_at_once_and_what_never_ran_is_not_kept() {
    let cloud = with_reclaim(600).await;
    let id = cloud.boot(json!({})).await;
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    cloud.run().await;
    cloud.action(&id, json!({"forceDelete": null})).await.expect(202);
    cloud.run().await;
    cloud.get(&format!("/servers/{id}")).await.fault(404);
    let id = cloud.create(json!({})).await;
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    cloud.run().await;
    cloud.get(&format!("/servers/{id}")).await.fault(404);
    // nor what is on the shelf
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"shelve": null})).await.expect(202);
    cloud.run().await;
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    cloud.run().await;
    cloud.get(&format!("/servers/{id}")).await.fault(404);
    cloud.assert_clean().await;
}

#[tokio::test]
async fn a_server_is_not_brought_back_beyond_the_quota() {
    let cloud = with_reclaim(600).await;
    let id = cloud.boot(json!({})).await;
    cloud.delete(&format!("/servers/{id}")).await.expect(204);
    cloud.run().await;
    let project = cloud.show(&id).await["tenant_id"].as_str().unwrap().to_owned();
    let one = json!({"quota_set": {"instances": 1}});
    cloud.admin("PUT", &format!("/os-quota-sets/{project}"), Some(one)).await.expect(200);
    let other = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"restore": null})).await.fault(403);
    cloud.delete(&format!("/servers/{other}")).await.expect(204);
    cloud.action(&id, json!({"restore": null})).await.expect(202);
    cloud.run().await;
    cloud.assert_counts().await;
}

#[tokio::test]
async fn the_oldest_backups_of_a_kind_go() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let backup = |name: &str, kind: &str, rotation: u32| json!({"createBackup": {"name": name, "backup_type": kind, "rotation": rotation}});
    for (name, kind) in [("one", "daily"), ("week", "weekly"), ("two", "daily"), ("three", "daily")] {
        let answer = cloud.action(&id, backup(name, kind, 2)).await;
        assert!(answer.headers.contains_key("location"), "{}", answer.body);
        answer.expect(202);
        assert_eq!(cloud.show(&id).await["OS-EXT-STS:task_state"], "image_backup");
        cloud.action(&id, backup("x", kind, 2)).await.fault(409);
        cloud.time.advance(std::time::Duration::from_secs(1));
        cloud.run().await;
    }
    let mut names: Vec<String> = cloud.images().await.into_iter().map(|(_, name)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["three", "tiny", "two", "week"]);
    cloud.at("2.45");
    let made = cloud.action(&id, backup("none", "daily", 0)).await.expect(202);
    let image = made["image_id"].as_str().unwrap().to_owned();
    let shown = cloud.image_of(&image).await.expect(200);
    assert_eq!((&shown["backup_type"], &shown["image_type"]), (&json!("daily"), &json!("backup")));
    cloud.run().await;
    let mut names: Vec<String> = cloud.images().await.into_iter().map(|(_, name)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["tiny", "week"], "none is to be kept");
    for bad in [
        json!({"name": "x", "backup_type": "daily"}),
        json!({"name": "x", "backup_type": "daily", "rotation": -1}),
        json!({"name": "x", "backup_type": 1, "rotation": 1}),
        json!({"name": "x", "backup_type": "daily", "rotation": 1, "more": 1}),
    ] {
        cloud.action(&id, json!({"createBackup": bad})).await.fault(400);
    }
}

#[tokio::test]
async fn a_resize_that_nobody_confirms_confirms_itself() {
    let set = |config: &mut kogge_compute::ComputeConfig| config.confirm_resize_seconds = 300;
    let cloud = Cloud::set(SimConfig::new("sim1"), false, set).await.unwrap();
    let id = cloud.boot(json!({})).await;
    cloud.action(&id, json!({"resize": {"flavorRef": "large"}})).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "VERIFY_RESIZE");
    cloud.wait(280).await;
    assert_eq!(cloud.status(&id).await, "VERIFY_RESIZE");
    cloud.wait(40).await;
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    cloud.action(&id, json!({"revertResize": null})).await.fault(409);
    let moves = cloud.admin("GET", "/os-migrations", None).await.expect(200);
    assert_eq!(moves["migrations"][0]["status"], "confirmed");
    cloud.assert_counts().await;
}
