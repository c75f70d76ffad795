//! Copies, owners and counts where two things happen to one volume.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_ids::VolumeId;
use kogge_storage::{Backend as _, DiskId, NewDisk, Origin, SimFault};
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::given::{self, AT, snapshot_disk, text_on};

const SERVER: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

async fn shown(cloud: &Cloud, id: VolumeId) -> Value {
    cloud.admin("GET", &format!("/volumes/{id}"), None).await.expect(200)["volume"].take()
}

async fn status(cloud: &Cloud, id: VolumeId) -> String {
    shown(cloud, id).await["status"].as_str().unwrap().to_owned()
}

async fn act(cloud: &Cloud, who: Persona, id: VolumeId, body: Value) -> super::cloud::Answer {
    cloud.ask(who, "POST", &format!("/volumes/{id}/action"), Some(body)).await
}

async fn snapshot(cloud: &Cloud, id: VolumeId) -> String {
    let body = json!({ "snapshot": { "volume_id": id } });
    cloud.post("/snapshots", body).await.expect(202)["snapshot"]["id"].as_str().unwrap().to_owned()
}

async fn offer(cloud: &Cloud, body: Value) -> (String, Value) {
    let made =
        cloud.post("/volume-transfers", json!({ "transfer": body })).await.expect(202)["transfer"].take();
    let path = format!("/volume-transfers/{}", made["id"].as_str().unwrap());
    (path, json!({ "accept": { "auth_key": made["auth_key"] } }))
}

async fn take(cloud: &Cloud, path: &str, key: Value) -> super::cloud::Answer {
    cloud.ask(Persona::OtherMember, "POST", &format!("{path}/accept"), Some(key)).await
}

/// A type whose volumes are on the second backend.
async fn far(cloud: &Cloud) {
    let new = json!({ "volume_type": { "name": "far", "extra_specs": { "volume_backend_name": "second" } } });
    cloud.admin("POST", "/types", Some(new)).await.expect(200);
}

fn to_far() -> Value {
    json!({ "os-retype": { "new_type": "far", "migration_policy": "on-demand" } })
}

async fn assert_counts(cloud: &Cloud) {
    assert_eq!(kogge_volume::miscounted(&cloud.db).await.unwrap(), Vec::<String>::new());
}

/// Leaves something in the place of a disk, as a try that was cut off does.
async fn leave(cloud: &Cloud, backend: usize, id: DiskId) {
    let torn = NewDisk { id, bytes: 1 << 30, passphrase: None };
    cloud.storage[backend].create(torn, Origin::Blank).await.unwrap();
    cloud.storage[backend].write(id, AT, b"torn!");
}

on_both! {
    what_is_attached_is_not_reimaged_though_a_fault_hides_it(cloud) {
        let image = cloud.upload(json!({ "name": "i" }), vec![7; 4096]).await;
        let order = json!({ "os-reimage": { "image_id": image } });
        let reserved = json!({ "os-reimage": { "image_id": image, "reimage_reserved": true } });
        let broken = json!({ "os-reset_status": { "status": "error" } });
        let open = given::volume(&cloud, 1, "mine").await;
        given::attach(&cloud, open, "sim1", SERVER).await;
        act(&cloud, Persona::Admin, open, broken.clone()).await.expect(202);
        cloud.at("3.68");
        act(&cloud, Persona::Member, open, order.clone()).await.fault(409);
        act(&cloud, Persona::Member, open, reserved).await.fault(409);
        let theirs = given::volume(&cloud, 1, "mine").await;
        let tie = json!({ "attachment": { "volume_uuid": theirs, "instance_uuid": SERVER } });
        cloud.post("/attachments", tie).await.expect(200);
        act(&cloud, Persona::Admin, theirs, broken).await.expect(202);
        act(&cloud, Persona::Member, theirs, order).await.fault(400);
        cloud.run().await;
        for id in [open, theirs] {
            assert_eq!(text_on(&cloud, DiskId::Volume(id)).await, "mine");
        }
    }

    a_volume_that_is_being_copied_changes_no_hands(cloud) {
        cloud.at("3.55");
        let volume = given::volume(&cloud, 1, "mine").await;
        let body = json!({ "transfer": { "volume_id": volume } });
        let taken = snapshot(&cloud, volume).await;
        let refused = cloud.post("/volume-transfers", body.clone()).await.fault(400);
        assert!(refused.contains("is being copied"), "{refused}");
        cloud.run().await;
        let copy = json!({ "volume": { "size": 1, "source_volid": volume } });
        cloud.post("/volumes", copy).await.expect(202);
        cloud.post("/volume-transfers", body.clone()).await.fault(400);
        cloud.run().await;
        cloud.post("/volume-transfers", body).await.expect(202);
        assert_eq!(text_on(&cloud, snapshot_disk(&taken)).await, "mine");
    }

    what_stayed_with_an_earlier_owner_is_none_of_the_new_ones(cloud) {
        cloud.at("3.55");
        let volume = given::volume(&cloud, 1, "mine").await;
        let kept = snapshot(&cloud, volume).await;
        cloud.run().await;
        let (path, key) = offer(&cloud, json!({ "volume_id": volume, "no_snapshots": true })).await;
        take(&cloud, &path, key).await.expect(202);
        let cascade = format!("/volumes/{volume}?cascade=true");
        cloud.ask(Persona::OtherMember, "DELETE", &cascade, None).await.fault(400);
        act(&cloud, Persona::OtherMember, volume, json!({ "revert": { "snapshot_id": kept } })).await.fault(400);
        // and what the new one says of the volume is not said of copies of the old one's
        let secret = json!({ "os-set_image_metadata": { "metadata": { "theirs": "secret" } } });
        act(&cloud, Persona::OtherMember, volume, secret).await.expect(200);
        act(&cloud, Persona::OtherMember, volume, json!({ "os-set_bootable": { "bootable": true } })).await.expect(200);
        let copy = json!({ "volume": { "snapshot_id": kept } });
        let copy = cloud.post("/volumes", copy).await.expect(202)["volume"]["id"].as_str().unwrap().to_owned();
        cloud.run().await;
        let seen = shown(&cloud, copy.parse().unwrap()).await;
        assert_eq!((&seen["bootable"], seen.get("volume_image_metadata")), (&json!("false"), None));
        assert_eq!(cloud.get(&format!("/snapshots/{kept}")).await.expect(200)["snapshot"]["status"], "available");
        assert_counts(&cloud).await;
    }

    a_retype_that_is_cut_short_gives_back_what_it_counted(cloud) {
        far(&cloud).await;
        for ends in [json!({ "os-reset_status": { "status": "available" } }), json!({ "os-force_delete": {} })] {
            let volume = given::volume(&cloud, 1, "mine").await;
            act(&cloud, Persona::Member, volume, to_far()).await.expect(202);
            act(&cloud, Persona::Admin, volume, ends).await.expect(202);
            cloud.run().await;
            assert_counts(&cloud).await;
        }
    }

    a_retype_that_fails_leaves_the_volume_as_it_was(cloud) {
        far(&cloud).await;
        let volume = given::volume(&cloud, 1, "mine").await;
        cloud.storage[1].fail(Some(SimFault::Full));
        act(&cloud, Persona::Member, volume, to_far()).await.expect(202);
        cloud.wait(60).await;
        let seen = shown(&cloud, volume).await;
        assert_eq!((&seen["status"], &seen["volume_type"]), (&json!("available"), &json!("__DEFAULT__")));
        assert_counts(&cloud).await;
    }

    what_an_earlier_try_left_is_not_taken_for_the_copy(cloud) {
        far(&cloud).await;
        let volume = given::volume(&cloud, 1, "mine").await;
        let disk = DiskId::Volume(volume);
        let taken = snapshot(&cloud, volume).await;
        leave(&cloud, 0, snapshot_disk(&taken)).await;
        cloud.run().await;
        assert_eq!(text_on(&cloud, snapshot_disk(&taken)).await, "mine");
        let copy = json!({ "volume": { "size": 1, "source_volid": volume } });
        let copy = cloud.post("/volumes", copy).await.expect(202)["volume"]["id"].as_str().unwrap().to_owned();
        let copied = DiskId::Volume(copy.parse().unwrap());
        leave(&cloud, 0, copied).await;
        cloud.run().await;
        assert_eq!(text_on(&cloud, copied).await, "mine");
        leave(&cloud, 1, disk).await;
        act(&cloud, Persona::Member, volume, to_far()).await.expect(202);
        cloud.run().await;
        let near = json!({"volume_type": {"name": "near", "extra_specs": {"volume_backend_name": "memory"}}});
        cloud.admin("POST", "/types", Some(near)).await.expect(200);
        let home = json!({ "os-retype": { "new_type": "near", "migration_policy": "on-demand" } });
        act(&cloud, Persona::Member, volume, home).await.expect(202);
        cloud.run().await;
        assert_eq!((status(&cloud, volume).await.as_str(), text_on(&cloud, disk).await.as_str()), ("available", "mine"));
    }

    snapshots_of_another_type_change_hands_as_what_they_are(cloud) {
        far(&cloud).await;
        cloud.at("3.55");
        let volume = given::volume(&cloud, 1, "mine").await;
        snapshot(&cloud, volume).await;
        cloud.run().await;
        act(&cloud, Persona::Member, volume, to_far()).await.expect(202);
        cloud.run().await;
        let (path, key) = offer(&cloud, json!({ "volume_id": volume })).await;
        take(&cloud, &path, key).await.expect(202);
        assert_counts(&cloud).await;
    }

    an_offer_ends_with_what_an_administrator_says(cloud) {
        cloud.at("3.55");
        let volume = given::volume(&cloud, 1, "mine").await;
        let (path, key) = offer(&cloud, json!({ "volume_id": volume })).await;
        act(&cloud, Persona::Admin, volume, json!({ "os-reset_status": { "status": "available" } })).await.expect(202);
        take(&cloud, &path, key).await.fault(404);
        assert_eq!(shown(&cloud, volume).await["os-vol-tenant-attr:tenant_id"], Persona::Member.project_id());
    }

    an_offer_that_is_taken_and_taken_back_at_once_ends_once(cloud) {
        cloud.at("3.55");
        let volume = given::volume(&cloud, 1, "mine").await;
        let (path, key) = offer(&cloud, json!({ "volume_id": volume })).await;
        let backs = join_all((0..50).map(|_| cloud.delete(&path)));
        let (backs, taken) = futures_util::join!(backs, take(&cloud, &path, key));
        assert!(backs.iter().all(|answer| [202, 404].contains(&answer.status)));
        assert!([202, 404].contains(&taken.status), "{}", taken.status);
        let owner = if taken.status == 202 { Persona::OtherMember } else { Persona::Member };
        let seen = shown(&cloud, volume).await;
        assert_eq!((&seen["status"], &seen["os-vol-tenant-attr:tenant_id"]), (&json!("available"), &json!(owner.project_id())));
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_transfers").await, 0);
        assert_counts(&cloud).await;
    }

    members_end_no_maintenance(cloud) {
        let volume = given::volume(&cloud, 1, "mine").await;
        act(&cloud, Persona::Admin, volume, json!({ "os-reset_status": { "status": "maintenance" } })).await.expect(202);
        let refused = act(&cloud, Persona::Member, volume, json!({ "os-detach": {} })).await.fault(400);
        assert!(refused.contains("maintenance"), "{refused}");
        assert_eq!(status(&cloud, volume).await, "maintenance");
    }
}
