//! Rebuilding, resizing, snapshots.

use kogge_auth::testing::Persona;
use serde_json::json;

use super::cloud::Cloud;

#[tokio::test]
async fn a_rebuild_makes_a_new_disk() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let body = json!({"rebuild": {"imageRef": cloud.image, "name": "neu", "metadata": {"a": "b"}, "adminPass": "pw"}});
    let answer = cloud.action(&id, body).await.expect(202);
    assert_eq!(
        (&answer["server"]["status"], &answer["server"]["adminPass"]),
        (&json!("REBUILD"), &json!("pw"))
    );
    assert!(answer["server"].get("OS-EXT-STS:vm_state").is_none());
    cloud.run().await;
    let server = cloud.show(&id).await;
    assert_eq!((&server["status"], &server["name"]), (&json!("ACTIVE"), &json!("neu")));
    assert_eq!(cloud.node.faults().calls(kogge_node_sim::Call::Remove), 1, "the old disk was thrown away");
    let body = json!({"rebuild": {"imageRef": "80a599e0-31e7-49b7-b260-868f441e862b"}});
    assert_eq!(cloud.action(&id, body).await.fault(400), "Cannot find image for rebuild");
    cloud.action(&id, json!({"os-stop": null})).await.expect(202);
    cloud.run().await;
    cloud.at("2.57");
    let body = json!({"rebuild": {"imageRef": cloud.image, "user_data": "aGk="}});
    let answer = cloud.action(&id, body).await.expect(202);
    assert_eq!(answer["server"]["user_data"], "aGk=");
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "SHUTOFF", "a stopped server stays stopped");
}

#[tokio::test]
async fn a_resize_is_confirmed_or_reverted() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let path = format!("/servers/{id}");
    cloud.action(&id, json!({"resize": {"flavorRef": "large"}})).await.expect(202);
    assert_eq!(cloud.status(&id).await, "RESIZE");
    cloud.run().await;
    assert_eq!(cloud.status(&id).await, "VERIFY_RESIZE");
    cloud.action(&id, json!({"os-stop": null})).await.fault(409);
    cloud.action(&id, json!({"revertResize": null})).await.expect(202);
    assert_eq!(cloud.status(&id).await, "REVERT_RESIZE");
    cloud.run().await;
    let server = cloud.get(&path).await.expect(200);
    assert_eq!(
        (&server["server"]["status"], &server["server"]["flavor"]["id"]),
        (&json!("ACTIVE"), &json!("small"))
    );
    cloud.action(&id, json!({"resize": {"flavorRef": "wide"}})).await.fault(400);
    cloud.action(&id, json!({"resize": {"flavorRef": "large"}})).await.expect(202);
    cloud.run().await;
    assert_eq!(cloud.action(&id, json!({"confirmResize": null})).await.status, 204);
    assert_eq!(cloud.status(&id).await, "ACTIVE");
    let used = cloud
        .count("SELECT CAST(SUM(used) AS BIGINT) AS n FROM allocations WHERE resource_class = 'MEMORY_MB'")
        .await;
    assert_eq!(used, 2048);
    assert_eq!(cloud.node.desired(id.parse().unwrap()).unwrap().memory_mib, 2048);
    cloud.action(&id, json!({"confirmResize": null})).await.fault(409);
}

#[tokio::test]
async fn a_resize_that_cannot_be_is_refused() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    for (flavor, part) in [
        (json!("none"), "Flavor none could not be found."),
        (json!("small"), "must change flavor"),
        (json!(null), "is not of type"),
        (json!(""), "should be non-empty"),
    ] {
        let message = cloud.action(&id, json!({"resize": {"flavorRef": flavor}})).await.fault(400);
        assert!(message.contains(part), "{flavor}: {message}");
    }
    assert_eq!(cloud.status(&id).await, "ACTIVE");
}

#[tokio::test]
async fn a_snapshot_becomes_an_image_and_the_server_goes_on() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let body = json!({"createImage": {"name": "шot", "metadata": {"a": "b", "image_type": "mine"}}});
    let answer = cloud.action(&id, body.clone()).await;
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(answer.status, 202);
    let server = cloud.show(&id).await;
    assert_eq!(
        (&server["status"], &server["OS-EXT-STS:task_state"]),
        (&json!("ACTIVE"), &json!("image_uploading"))
    );
    cloud.action(&id, body).await.fault(409);
    cloud.run().await;
    assert_eq!(cloud.show(&id).await["OS-EXT-STS:task_state"], json!(null));
    let path = location.strip_prefix("http://cloud.example").unwrap();
    let image = cloud.call(Persona::Member, "GET", path, None).await.expect(200);
    assert_eq!(
        (&image["status"], &image["name"], &image["a"]),
        (&json!("active"), &json!("шot"), &json!("b"))
    );
    // the owner may say otherwise, as in Nova
    assert_eq!((&image["instance_uuid"], &image["image_type"]), (&json!(id), &json!("mine")));
    let image = image["id"].as_str().unwrap();
    let old = cloud.get(&format!("/images/{image}")).await.expect(200)["image"].clone();
    assert_eq!(
        (&old["status"], &old["progress"], &old["server"]["id"]),
        (&json!("ACTIVE"), &json!(100), &json!(id))
    );
    assert_eq!(cloud.get("/images/detail").await.expect(200)["images"].as_array().unwrap().len(), 2);
    assert_eq!(cloud.delete(&format!("/images/{image}")).await.status, 204);
    assert_eq!(cloud.get(&format!("/images/{image}")).await.fault(404), "Image not found.");
    cloud.at("2.36").get("/images").await.fault(404);
    cloud.at("2.1");
    let body = json!({"createImage": {"name": "second"}});
    let answer = cloud.at("2.45").action(&id, body).await.expect(202);
    assert!(answer["image_id"].is_string());
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.run().await;
    cloud.assert_clean().await;
    let path = format!("/image/v2/images/{}", answer["image_id"].as_str().unwrap());
    let image = cloud.call(Persona::Member, "GET", &path, None).await;
    assert!(image.status == 404 || image.body["status"] == "active", "never left hanging: {}", image.body);
}

#[tokio::test]
async fn a_snapshot_that_fails_for_ever_is_given_up() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    cloud.node.faults().fail(kogge_node_sim::Call::ExportDisk, kogge_node_sim::Times::Forever);
    cloud.action(&id, json!({"createImage": {"name": "s"}})).await.expect(202);
    cloud.wait(200).await;
    let server = cloud.show(&id).await;
    assert_eq!((&server["status"], &server["OS-EXT-STS:task_state"]), (&json!("ACTIVE"), &json!(null)));
    let list = cloud.call(Persona::Member, "GET", "/image/v2/images?name=s", None).await.expect(200);
    assert_eq!(list["images"], json!([]));
}
