//! Images come and go (SCS-0102 has providers rotate them); servers keep what they were born with.

use kogge_auth::testing::Persona;
use kogge_db::{Executor as _, Query};
use kogge_node_api::{DesiredInstance, DiskBus, DiskFormat, Epoch, Firmware, Node as _};
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

async fn delete_image(cloud: &Cloud, id: &str) {
    let gone = cloud.call(Persona::Member, "DELETE", &format!("/image/v2/images/{id}"), None).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
}

fn told(cloud: &Cloud, id: &str) -> DesiredInstance {
    cloud.node.desired(id.parse().unwrap()).expect("the node knows the server")
}

async fn acts(cloud: &Cloud, id: &str, action: Value, status: &str) {
    let answer = cloud.action(id, action.clone()).await;
    assert!((200..300).contains(&answer.status), "{action}: {}", answer.body);
    cloud.run().await;
    assert_eq!(cloud.status(id).await, status, "{action}: {}", cloud.show(id).await);
}

/// Everything that a user does to a server.
async fn lives(cloud: &Cloud, id: &str) {
    acts(cloud, id, json!({"os-stop": null}), "SHUTOFF").await;
    acts(cloud, id, json!({"os-start": null}), "ACTIVE").await;
    acts(cloud, id, json!({"reboot": {"type": "SOFT"}}), "ACTIVE").await;
    acts(cloud, id, json!({"reboot": {"type": "HARD"}}), "ACTIVE").await;
    acts(cloud, id, json!({"pause": null}), "PAUSED").await;
    acts(cloud, id, json!({"unpause": null}), "ACTIVE").await;
    acts(cloud, id, json!({"resize": {"flavorRef": "large"}}), "VERIFY_RESIZE").await;
    acts(cloud, id, json!({"confirmResize": null}), "ACTIVE").await;
    cloud.put(&format!("/servers/{id}"), json!({"server": {"name": "renamed"}})).await.expect(200);
    cloud.post(&format!("/servers/{id}/metadata"), json!({"metadata": {"a": "b"}})).await.expect(200);
    let net = json!({"interfaceAttachment": {"net_id": cloud.network}});
    cloud.post(&format!("/servers/{id}/os-interface"), net).await.expect(200);
    cloud.run().await;
    assert_eq!(told(cloud, id).metadata.name, "renamed");
    assert_eq!(told(cloud, id).nics.len(), 2);
    acts(cloud, id, json!({"createImage": {"name": "picture"}}), "ACTIVE").await;
    let pictures =
        cloud.call(Persona::Member, "GET", "/image/v2/images?name=picture", None).await.expect(200);
    assert_eq!(pictures["images"][0]["status"], "active", "{pictures}");
    assert!(told(cloud, id).disks.iter().all(|disk| disk.made), "a built disk needs no image");
}

on_both! {
    servers_of_a_deleted_image_live_on(cloud) {
        let v1 = cloud.image.clone();
        let id = cloud.boot(json!({})).await;
        let v2 = cloud.upload(json!({"name": "tiny"})).await;
        delete_image(&cloud, &v1).await;
        assert_eq!(cloud.image_files().await.len(), 1, "the data of v1 are gone at once");
        lives(&cloud, &id).await;
        let missing = cloud.action(&id, json!({"rebuild": {"imageRef": v1}})).await.fault(400);
        assert_eq!(missing, "Cannot find image for rebuild");
        acts(&cloud, &id, json!({"rebuild": {"imageRef": v2}}), "ACTIVE").await;
        assert_eq!(told(&cloud, &id).image().unwrap().image.to_string(), v2);
        delete_image(&cloud, &v2).await;
        acts(&cloud, &id, json!({"reboot": {"type": "HARD"}}), "ACTIVE").await;
    }

    servers_of_a_hidden_image_live_on_and_are_rebuilt_from_it(cloud) {
        let v1 = cloud.image.clone();
        let id = cloud.boot(json!({})).await;
        let hide = json!([{"op": "replace", "path": "/os_hidden", "value": true}]);
        cloud.patch_image(&v1, hide).await;
        lives(&cloud, &id).await;
        acts(&cloud, &id, json!({"rebuild": {"imageRef": v1}}), "ACTIVE").await;
    }

    an_image_that_changes_changes_no_guest(cloud) {
        let id = cloud.boot(json!({})).await;
        let change = json!([
            {"op": "add", "path": "/hw_firmware_type", "value": "uefi"},
            {"op": "replace", "path": "/hw_disk_bus", "value": "virtio"},
        ]);
        cloud.patch_image(&cloud.image, change).await;
        acts(&cloud, &id, json!({"os-stop": null}), "SHUTOFF").await;
        acts(&cloud, &id, json!({"os-start": null}), "ACTIVE").await;
        let told_old = told(&cloud, &id);
        assert_eq!((told_old.firmware, told_old.disks[0].bus), (Firmware::Bios, DiskBus::Scsi));
        // whoever asks for the new image gets it
        acts(&cloud, &id, json!({"rebuild": {"imageRef": cloud.image}}), "ACTIVE").await;
        let told_new = told(&cloud, &id);
        assert_eq!((told_new.firmware, told_new.disks[0].bus), (Firmware::Uefi, DiskBus::Virtio));
    }

    data_stay_until_the_last_disk_is_built(cloud) {
        let keep = cloud.boot(json!({})).await;
        let [one, two] = [cloud.create(json!({})).await, cloud.create(json!({})).await];
        delete_image(&cloud, &cloud.image).await;
        let shown = cloud.call(Persona::Member, "GET", &format!("/image/v2/images/{}", cloud.image), None).await;
        assert_eq!(shown.status, 404, "users see it deleted");
        assert_eq!(cloud.image_files().await.len(), 1, "two servers wait for it");
        cloud.delete(&format!("/servers/{two}")).await;
        cloud.run().await;
        assert_eq!(cloud.status(&one).await, "ACTIVE", "{}", cloud.show(&one).await);
        assert_eq!(cloud.image_files().await, Vec::<String>::new(), "and nobody needs it now");
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM image_holds").await, 0);
        acts(&cloud, &keep, json!({"reboot": {"type": "HARD"}}), "ACTIVE").await;
    }

    a_rebuild_lets_go_of_the_image_before_it(cloud) {
        let v2 = cloud.upload(json!({"name": "tiny"})).await;
        let id = cloud.boot(json!({})).await;
        cloud.node.faults().fail(kogge_node_sim::Call::Apply, kogge_node_sim::Times::N(1));
        assert_eq!(cloud.action(&id, json!({"rebuild": {"imageRef": v2}})).await.status, 202);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM image_holds").await, 1);
        delete_image(&cloud, &v2).await;
        cloud.wait(30).await;
        assert_eq!(cloud.status(&id).await, "ACTIVE", "{}", cloud.show(&id).await);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM image_holds").await, 0);
    }

    a_server_of_a_version_that_kept_nothing_lives_without_its_image(cloud) {
        let id = cloud.boot(json!({})).await;
        let read = Query::new("SELECT spec, observed FROM servers");
        let row = (&cloud.db).one(read).await.unwrap();
        let mut columns: Vec<Value> =
            ["spec", "observed"].iter().map(|name| row.json(name).unwrap()).collect();
        columns[0].as_object_mut().unwrap().remove("disk").expect("facts of the disk");
        columns[1].as_object_mut().unwrap().remove("built").expect("whether it was built");
        let write = Query::new("UPDATE servers SET spec = $1, observed = $2");
        (&cloud.db).execute(write.bind(columns[0].to_string()).bind(columns[1].to_string())).await.unwrap();
        acts(&cloud, &id, json!({"os-stop": null}), "SHUTOFF").await;
        assert_eq!((told(&cloud, &id).disks[0].bus, told(&cloud, &id).image().unwrap().format), (DiskBus::Scsi, DiskFormat::Raw));
        delete_image(&cloud, &cloud.image).await;
        acts(&cloud, &id, json!({"os-start": null}), "ACTIVE").await;
    }

    a_disk_that_was_built_is_not_ordered_again(cloud) {
        let id = cloud.boot(json!({})).await;
        assert!(!told(&cloud, &id).disks[0].made);
        cloud.node.remove(Epoch::FIRST, id.parse().unwrap(), i64::MAX).await.unwrap();
        cloud.run().await;
        assert!(told(&cloud, &id).disks[0].made);
    }
}

#[tokio::test]
async fn an_image_that_no_server_boots_is_refused_with_words() {
    let cloud = Cloud::start().await;
    let image = cloud.upload(json!({"name": "odd"})).await;
    cloud.call(Persona::Admin, "POST", &format!("/image/v2/images/{image}/actions/deactivate"), None).await;
    let refused = cloud.post("/servers", cloud.server(&json!({"imageRef": image}))).await.fault(400);
    assert_eq!(refused, format!("Image {image} is not active."));
}
