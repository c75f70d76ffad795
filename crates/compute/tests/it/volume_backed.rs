//! Servers that boot from a volume: images of them, backups, rebuilds.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::volumes::{ask, attach, boot, server, shown, status, volume};

/// A running server on a volume made of the image; answers its id and that of the volume.
async fn backed(cloud: &Cloud) -> (String, String) {
    let device = json!([{ "source_type": "image", "destination_type": "volume", "uuid": cloud.image, "boot_index": 0,
        "volume_size": 2, "delete_on_termination": true }]);
    let made = boot(cloud, device, json!({})).await.expect(202);
    let id = made["server"]["id"].as_str().unwrap().to_owned();
    cloud.wait(10).await;
    let seen = server(cloud, &id).await;
    assert_eq!(seen["status"], "ACTIVE", "{seen}");
    let root = seen["os-extended-volumes:volumes_attached"][0]["id"].as_str().unwrap().to_owned();
    (id, root)
}

async fn snapshots(cloud: &Cloud) -> Vec<Value> {
    let list = ask(cloud, Persona::Member, "GET", "/snapshots", None).await.expect(200);
    list["snapshots"].as_array().unwrap().clone()
}

/// The newest image that is a picture of a server.
async fn picture(cloud: &Cloud, name: &str) -> Value {
    let images = cloud.images().await;
    let (id, _) = images.iter().find(|(_, known)| known == name).unwrap();
    cloud.image_of(id).await.expect(200)
}

on_both! {
    an_image_of_it_names_snapshots_of_all_its_volumes(cloud) {
        let (id, root) = backed(&cloud).await;
        let data = volume(&cloud, Persona::Member, 1).await;
        attach(&cloud, &id, &data).await.expect(200);
        cloud.run().await;
        let order = json!({ "createImage": { "name": "both", "metadata": { "mine": "yes" } } });
        cloud.action(&id, order).await.expect(202);
        assert_eq!(server(&cloud, &id).await["OS-EXT-STS:task_state"], "image_uploading");
        cloud.wait(10).await;
        let image = picture(&cloud, "both").await;
        assert_eq!((&image["status"], &image["size"], &image["disk_format"]), (&json!("active"), &json!(0), &json!("raw")));
        assert_eq!((&image["bdm_v2"], &image["root_device_name"], &image["mine"]), (&json!("True"), &json!("/dev/vda"), &json!("yes")));
        assert_eq!((&image["image_type"], &image["base_image_ref"]), (&json!("snapshot"), &json!(cloud.image)));
        let devices: Value = serde_json::from_str(image["block_device_mapping"].as_str().unwrap()).unwrap();
        let snapshots = snapshots(&cloud).await;
        let of = |volume: &str| {
            let found = snapshots.iter().find(|one| one["volume_id"] == volume).unwrap();
            assert_eq!((&found["status"], &found["name"]), (&json!("available"), &json!("snapshot for both")));
            found["id"].clone()
        };
        assert_eq!(devices.as_array().unwrap().len(), 2);
        for (device, volume, boot, size) in [(&devices[0], &root, json!(0), 2), (&devices[1], &data, Value::Null, 1)] {
            assert_eq!((&device["source_type"], &device["destination_type"]), (&json!("snapshot"), &json!("volume")));
            assert_eq!((&device["snapshot_id"], &device["boot_index"]), (&of(volume), &boot));
            assert_eq!(device["volume_size"], size);
        }
        let copy = cloud.create(json!({ "imageRef": image["id"] })).await;
        cloud.wait(10).await;
        let seen = server(&cloud, &copy).await;
        assert_eq!((&seen["status"], &seen["image"]), (&json!("ACTIVE"), &json!("")));
        let attached = seen["os-extended-volumes:volumes_attached"].as_array().unwrap();
        assert_eq!(attached.len(), 2);
        let first = shown(&cloud, attached[0]["id"].as_str().unwrap()).await;
        assert_eq!((&first["snapshot_id"], &first["attachments"][0]["device"]), (&of(&root), &json!("/dev/vda")));
        cloud.assert_counts().await;
    }

    one_image_is_made_at_a_time(cloud) {
        let (id, _) = backed(&cloud).await;
        let tries = (0..40).map(|n| cloud.action(&id, json!({ "createImage": { "name": format!("n{n}") } })));
        let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1, "{statuses:?}");
        assert_eq!(snapshots(&cloud).await.len(), 1);
    }

    without_room_for_snapshots_nothing_is_made(cloud) {
        let (id, _) = backed(&cloud).await;
        let limit = json!({ "quota_set": { "snapshots": 0 } });
        let project = cloud.image_of(&cloud.image).await.expect(200)["owner"].take();
        let path = format!("/os-quota-sets/{}", project.as_str().unwrap());
        ask(&cloud, Persona::Admin, "PUT", &path, Some(limit)).await.expect(200);
        let before = cloud.images().await;
        cloud.action(&id, json!({ "createImage": { "name": "none" } })).await.fault(403);
        assert_eq!((snapshots(&cloud).await.len(), cloud.images().await), (0, before));
    }

    no_backup_is_made_of_it(cloud) {
        let (id, _) = backed(&cloud).await;
        let order = json!({ "createBackup": { "name": "b", "backup_type": "daily", "rotation": 1 } });
        let fault = cloud.action(&id, order).await.fault(400);
        assert_eq!(fault, "Backup is not supported for volume-backed instances.");
    }

    an_image_that_names_what_is_not_the_callers_boots_nothing(cloud) {
        let theirs = volume(&cloud, Persona::OtherMember, 1).await;
        let body = json!({ "snapshot": { "volume_id": theirs } });
        let made = ask(&cloud, Persona::OtherMember, "POST", "/snapshots", Some(body)).await.expect(202);
        cloud.run().await;
        let device = json!([{ "source_type": "snapshot", "destination_type": "volume", "boot_index": 0,
            "snapshot_id": made["snapshot"]["id"], "volume_size": 1 }]);
        let image = cloud.upload(json!({ "name": "forged", "bdm_v2": "true", "block_device_mapping": device.to_string() })).await;
        let wanted = cloud.server(&json!({ "imageRef": image }));
        let fault = cloud.post("/servers", wanted).await.fault(400);
        assert!(fault.contains("could not be found"), "{fault}");
        let broken = cloud.upload(json!({ "name": "broken", "bdm_v2": "true", "block_device_mapping": "{" })).await;
        let fault = cloud.post("/servers", cloud.server(&json!({ "imageRef": broken }))).await.fault(400);
        assert!(fault.contains("no list of devices"), "{fault}");
        // where such an image cannot stand for a disk, it is refused
        let other = cloud.boot(json!({})).await;
        cloud.action(&other, json!({ "rebuild": { "imageRef": image } })).await.fault(400);
        cloud.action(&other, json!({ "rescue": { "rescue_image_ref": image } })).await.fault(400);
    }

    a_rebuild_puts_the_image_onto_its_volume(cloud) {
        let (id, root) = backed(&cloud).await;
        let data = volume(&cloud, Persona::Member, 1).await;
        attach(&cloud, &id, &data).await.expect(200);
        cloud.run().await;
        let other = cloud.upload(json!({ "name": "other" })).await;
        let order = json!({ "rebuild": { "imageRef": other } });
        let fault = cloud.action(&id, order.clone()).await.fault(400);
        assert!(fault.contains("Unable to rebuild with a different image for a volume-backed server."), "{fault}");
        assert_eq!(server(&cloud, &id).await["status"], "ACTIVE");
        cloud.at("2.93").action(&id, order.clone()).await.expect(202);
        assert_eq!(server(&cloud, &id).await["status"], "REBUILD");
        assert_eq!(status(&cloud, &root).await, "downloading");
        // what is being done to it is not begun again
        cloud.action(&id, order).await.fault(409);
        cloud.wait(20).await;
        let seen = server(&cloud, &id).await;
        assert_eq!((&seen["status"], &seen["image"]), (&json!("ACTIVE"), &json!("")), "{seen}");
        let after = shown(&cloud, &root).await;
        assert_eq!((&after["status"], &after["volume_image_metadata"]["image_id"]), (&json!("in-use"), &json!(other)));
        assert_eq!(status(&cloud, &data).await, "in-use");
        cloud.assert_counts().await;
    }

    a_rebuild_from_the_same_image_keeps_the_data_before_2_93(cloud) {
        let (id, root) = backed(&cloud).await;
        let before = shown(&cloud, &root).await["volume_image_metadata"].take();
        let order = json!({ "rebuild": { "imageRef": cloud.image } });
        cloud.at("2.92").action(&id, order).await.expect(202);
        assert_eq!(status(&cloud, &root).await, "in-use");
        cloud.wait(20).await;
        assert_eq!(server(&cloud, &id).await["status"], "ACTIVE");
        assert_eq!(shown(&cloud, &root).await["volume_image_metadata"], before);
    }

    a_server_that_is_deleted_in_its_rebuild_leaves_nothing(cloud) {
        let (id, root) = backed(&cloud).await;
        let order = json!({ "rebuild": { "imageRef": cloud.image } });
        cloud.at("2.93").action(&id, order).await.expect(202);
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.wait(20).await;
        cloud.get(&format!("/servers/{id}")).await.fault(404);
        ask(&cloud, Persona::Member, "GET", &format!("/volumes/{root}"), None).await.fault(404);
        cloud.assert_counts().await;
    }

    a_volume_that_is_busy_or_too_small_is_not_rebuilt(cloud) {
        let (id, root) = backed(&cloud).await;
        let large = cloud.upload(json!({ "name": "large", "min_disk": 3 })).await;
        let fault = cloud.at("2.93").action(&id, json!({ "rebuild": { "imageRef": large } })).await.fault(400);
        assert!(fault.contains("minDisk"), "{fault}");
        let data = volume(&cloud, Persona::Member, 1).await;
        attach(&cloud, &id, &data).await.expect(200);
        let fault = cloud.action(&id, json!({ "rebuild": { "imageRef": cloud.image } })).await.fault(400);
        assert!(fault.contains("Currently in 'reserved' status"), "{fault}");
        assert_eq!(status(&cloud, &root).await, "in-use");
        assert_eq!(server(&cloud, &id).await["status"], "ACTIVE");
    }

    on_the_shelf_it_has_no_picture_and_comes_back_with_its_volumes(cloud) {
        let (id, root) = backed(&cloud).await;
        let before = cloud.images().await;
        cloud.action(&id, json!({ "shelve": null })).await.expect(202);
        cloud.wait(10).await;
        let seen = server(&cloud, &id).await;
        assert_eq!(seen["status"], "SHELVED_OFFLOADED", "{seen}");
        assert!(cloud.node.instance_ids().is_empty(), "the node forgot it");
        assert_eq!((cloud.images().await, status(&cloud, &root).await), (before, "in-use".to_owned()));
        cloud.action(&id, json!({ "unshelve": null })).await.expect(202);
        cloud.wait(10).await;
        assert_eq!(server(&cloud, &id).await["status"], "ACTIVE");
        assert_eq!(status(&cloud, &root).await, "in-use");
        cloud.assert_counts().await;
        cloud.delete(&format!("/servers/{id}")).await.expect(204);
        cloud.wait(10).await;
        ask(&cloud, Persona::Member, "GET", &format!("/volumes/{root}"), None).await.fault(404);
    }

    it_is_rescued_by_a_disk_that_comes_after_its_own_alone(cloud) {
        let (id, _) = backed(&cloud).await;
        let plain = cloud.upload(json!({ "name": "plain" })).await;
        let half = cloud.upload(json!({ "name": "half", "hw_rescue_bus": "virtio" })).await;
        let stable = json!({ "name": "stable", "hw_rescue_bus": "virtio", "hw_rescue_device": "disk" });
        let stable = cloud.upload(stable).await;
        let order = |image: &str| json!({ "rescue": { "rescue_image_ref": image } });
        let fault = cloud.at("2.86").action(&id, order(&stable)).await.fault(400);
        assert_eq!(fault, format!("Instance {id} cannot be rescued: Cannot rescue a volume-backed instance"));
        for image in [&plain, &half] {
            cloud.at("2.87").action(&id, order(image)).await.fault(400);
        }
        assert_eq!(server(&cloud, &id).await["status"], "ACTIVE");
        cloud.at("2.87").action(&id, order(&stable)).await.expect(200);
        cloud.run().await;
        assert_eq!(server(&cloud, &id).await["status"], "RESCUE");
        let disks = cloud.node.desired(id.parse().unwrap()).unwrap().disks;
        let boots: Vec<_> = disks.iter().map(|disk| (disk.slot.to_string(), disk.boot)).collect();
        assert_eq!((boots.len(), boots[0].1, &boots[1]), (2, None, &("rescue".to_owned(), Some(1))));
    }
}
