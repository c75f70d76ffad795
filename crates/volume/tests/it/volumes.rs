//! Volumes over HTTP: bodies, states, what is on the backend, faults, quotas, races.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_storage::{DiskId, SimFault};
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::given::{AT, text_on};

async fn create(cloud: &Cloud, body: Value) -> String {
    let made = cloud.post("/volumes", json!({ "volume": body })).await.expect(202);
    made["volume"]["id"].as_str().unwrap().to_owned()
}

/// One that is whole.
async fn made(cloud: &Cloud, body: Value) -> String {
    let id = create(cloud, body).await;
    cloud.run().await;
    assert_eq!(status(cloud, &id).await, "available");
    id
}

async fn shown(cloud: &Cloud, id: &str) -> Value {
    cloud.get(&format!("/volumes/{id}")).await.expect(200)["volume"].take()
}

async fn status(cloud: &Cloud, id: &str) -> String {
    shown(cloud, id).await["status"].as_str().unwrap().to_owned()
}

async fn act(cloud: &Cloud, id: &str, action: Value) -> super::cloud::Answer {
    cloud.post(&format!("/volumes/{id}/action"), action).await
}

fn disk(id: &str) -> DiskId {
    DiskId::Volume(id.parse().unwrap())
}

const GIB: u64 = 1 << 30;
const USED: &str = "SELECT CAST(COALESCE(SUM(gigabytes), 0) AS BIGINT) AS n FROM volume_usage";
const NUMBER: &str = "SELECT CAST(COALESCE(SUM(volumes), 0) AS BIGINT) AS n FROM volume_usage";
const KEYS: &str = "SELECT COUNT(*) AS n FROM volume_keys";
const ROWS: &str = "SELECT COUNT(*) AS n FROM volumes";

on_both! {
    a_volume_is_made_shown_and_removed(cloud) {
        let id = create(&cloud, json!({ "size": 2, "name": " data ", "description": "d", "metadata": { "k": "v" } })).await;
        let first = shown(&cloud, &id).await;
        assert_eq!(first["status"], "creating");
        cloud.run().await;
        let seen = shown(&cloud, &id).await;
        let project = Persona::Member.project_id();
        assert_eq!(seen, json!({
            "id": id, "status": "available", "size": 2, "availability_zone": "nova",
            "created_at": seen["created_at"], "updated_at": seen["updated_at"], "name": "data", "description": "d",
            "volume_type": "__DEFAULT__", "snapshot_id": null, "source_volid": null, "metadata": { "k": "v" },
            "links": seen["links"], "user_id": seen["user_id"], "bootable": "false", "encrypted": false,
            "replication_status": null, "consistencygroup_id": null, "multiattach": false, "attachments": [],
            "os-vol-tenant-attr:tenant_id": project,
        }));
        let newest = cloud.at("3.71").get(&format!("/volumes/{id}")).await.expect(200)["volume"].take();
        for (name, value) in [("group_id", Value::Null), ("shared_targets", json!(false)), ("consumes_quota", json!(true))] {
            assert_eq!(newest[name], value, "{name}");
        }
        assert!(newest["volume_type_id"].is_string() && newest["service_uuid"].is_string());
        assert_eq!(newest.get("provider_id"), None, "for administrators");
        assert_eq!(cloud.storage[0].size(disk(&id)), Some(2 * GIB));
        cloud.delete(&format!("/volumes/{id}")).await.expect(202);
        assert_eq!(status(&cloud, &id).await, "deleting");
        cloud.delete(&format!("/volumes/{id}")).await.expect(202);
        cloud.run().await;
        cloud.get(&format!("/volumes/{id}")).await.fault(404);
        assert_eq!(cloud.storage[0].size(disk(&id)), None);
        assert_eq!((cloud.count(USED).await, cloud.count(NUMBER).await, cloud.count(ROWS).await), (0, 0, 0));
    }

    others_neither_see_nor_touch_it(cloud) {
        let id = made(&cloud, json!({ "size": 1 })).await;
        let path = format!("/volumes/{id}");
        for (method, path, body) in [
            ("GET", path.clone(), None),
            ("PUT", path.clone(), Some(json!({ "volume": { "name": "x" } }))),
            ("DELETE", path.clone(), None),
            ("POST", format!("{path}/action"), Some(json!({ "os-extend": { "new_size": 3 } }))),
            ("GET", format!("{path}/metadata"), None),
        ] {
            cloud.ask(Persona::OtherMember, method, &path, body.clone()).await.fault(404);
        }
        cloud.ask(Persona::Reader, "DELETE", &path, None).await.fault(403);
        cloud.ask(Persona::Reader, "GET", &path, None).await.expect(200);
        let theirs = cloud.ask(Persona::OtherMember, "GET", "/volumes/detail?all_tenants=1", None).await.expect(200);
        assert_eq!(theirs["volumes"], json!([]));
        let all = cloud.admin("GET", "/volumes/detail?all_tenants=1", None).await.expect(200);
        assert_eq!(all["volumes"][0]["id"], id.as_str());
        assert_eq!(all["volumes"][0]["os-vol-host-attr:host"], "kogge@memory#memory");
    }

    bad_bodies_are_refused_and_change_nothing(cloud) {
        for (body, word) in [
            (json!({ "size": 0 }), "greater than 0"),
            (json!({ "size": -1 }), "minimum"),
            (json!({ "size": "x" }), "integer"),
            (json!({ "size": null }), "greater than 0"),
            (json!({}), "greater than 0"),
            (json!({ "size": 1, "availability_zone": "mars" }), "mars"),
            (json!({ "size": 1, "multiattach": true }), "multiattach parameter"),
            (json!({ "size": 1, "metadata": { "k": "v".repeat(256) } }), "too long"),
            (json!({ "size": 1, "name": "n".repeat(256) }), "too long"),
            (json!({ "size": 1, "snapshot_id": "x" }), "uuid"),
        ] {
            let fault = cloud.post("/volumes", json!({ "volume": body })).await.fault(400);
            assert!(fault.contains(word), "{body}: {fault}");
        }
        cloud.post("/volumes", json!({ "volume": { "size": 1, "volume_type": "gone" } })).await.fault(404);
        cloud.post("/volumes", json!({ "volume": { "size": 1, "what": 1 } })).await.expect(202);
        let strict = cloud.at("3.53").post("/volumes", json!({ "volume": { "size": 1, "what": 1 } })).await.fault(400);
        assert!(strict.contains("'what' was unexpected"), "{strict}");
        assert_eq!(cloud.count(ROWS).await, 1);
    }

    copies_have_what_the_source_had(cloud) {
        let id = made(&cloud, json!({ "size": 1 })).await;
        cloud.storage[0].write(disk(&id), AT, b"before");
        let small = cloud.post("/volumes", json!({ "volume": { "size": 0, "source_volid": id } })).await;
        small.expect(202);
        let copy = made(&cloud, json!({ "size": 2, "source_volid": id })).await;
        cloud.storage[0].write(disk(&id), AT, b"after!");
        assert_eq!(text_on(&cloud, disk(&copy)).await, "before");
        assert_eq!(shown(&cloud, &copy).await["source_volid"], id.as_str());
        cloud.delete(&format!("/volumes/{id}")).await.expect(202);
        cloud.run().await;
        cloud.get(&format!("/volumes/{copy}")).await.expect(200);
        assert_eq!(text_on(&cloud, disk(&copy)).await, "before");
    }

    a_volume_that_is_being_copied_stays_until_the_copy_is_whole(cloud) {
        let id = made(&cloud, json!({ "size": 1 })).await;
        cloud.storage[0].fail(Some(SimFault::Silent));
        let copy = create(&cloud, json!({ "source_volid": id })).await;
        cloud.run().await;
        cloud.delete(&format!("/volumes/{id}")).await.expect(202);
        cloud.run().await;
        cloud.storage[0].fail(None);
        cloud.wait(20).await;
        assert_eq!(status(&cloud, &copy).await, "available");
        cloud.get(&format!("/volumes/{id}")).await.fault(404);
    }

    an_image_becomes_a_bootable_volume(cloud) {
        let image = cloud.upload(json!({ "name": "tiny", "min_disk": 2, "hw_disk_bus": "scsi" }), b"boot".repeat(200)).await;
        let small = cloud.post("/volumes", json!({ "volume": { "size": 1, "imageRef": image } })).await.fault(400);
        assert!(small.contains("minDisk size 2GB"), "{small}");
        let id = made(&cloud, json!({ "size": 2, "imageRef": image })).await;
        let seen = shown(&cloud, &id).await;
        assert_eq!(seen["bootable"], "true");
        let kept = &seen["volume_image_metadata"];
        assert_eq!((&kept["image_id"], &kept["image_name"]), (&json!(image), &json!("tiny")));
        assert_eq!((&kept["hw_disk_bus"], &kept["min_disk"]), (&json!("scsi"), &json!("2")));
        let foreign = cloud.ask(Persona::OtherMember, "POST", "/volumes", Some(json!({ "volume": { "size": 2, "imageRef": image } }))).await;
        foreign.fault(400);
        // deleted with its data held until the volume is whole
        let second = create(&cloud, json!({ "size": 2, "image_id": image })).await;
        cloud.call(Persona::Member, "DELETE", &format!("/image/v2/images/{image}"), None).await.expect(204);
        cloud.run().await;
        assert_eq!(status(&cloud, &second).await, "error", "the format of a deleted image is not known any more");
    }

    what_cannot_be_made_says_why_and_can_be_deleted(cloud) {
        cloud.storage[0].fail(Some(SimFault::Full));
        let id = create(&cloud, json!({ "size": 1 })).await;
        cloud.wait(60).await;
        assert_eq!(status(&cloud, &id).await, "error");
        cloud.storage[0].fail(None);
        cloud.delete(&format!("/volumes/{id}")).await.expect(202);
        cloud.run().await;
        cloud.get(&format!("/volumes/{id}")).await.fault(404);
        assert_eq!(cloud.count(NUMBER).await, 0);
    }

    a_passing_fault_costs_nobody_anything(cloud) {
        cloud.storage[0].fail(Some(SimFault::Failing(2)));
        let id = create(&cloud, json!({ "size": 1 })).await;
        cloud.wait(30).await;
        assert_eq!(status(&cloud, &id).await, "available");
        cloud.storage[0].fail(Some(SimFault::Failing(5)));
        cloud.delete(&format!("/volumes/{id}")).await.expect(202);
        cloud.wait(200).await;
        cloud.get(&format!("/volumes/{id}")).await.fault(404);
    }

    it_grows_and_is_counted(cloud) {
        let id = made(&cloud, json!({ "size": 1 })).await;
        let less = act(&cloud, &id, json!({ "os-extend": { "new_size": 1 } })).await.fault(400);
        assert!(less.contains("must be greater than current size"), "{less}");
        act(&cloud, &id, json!({ "os-extend": { "new_size": 3 } })).await.expect(202);
        assert_eq!(status(&cloud, &id).await, "extending");
        cloud.run().await;
        assert_eq!((status(&cloud, &id).await.as_str(), cloud.storage[0].size(disk(&id))), ("available", Some(3 * GIB)));
        assert_eq!(cloud.count(USED).await, 3);
        cloud.storage[0].fail(Some(SimFault::Full));
        act(&cloud, &id, json!({ "os-extend": { "new_size": 9 } })).await.expect(202);
        cloud.wait(60).await;
        let seen = shown(&cloud, &id).await;
        assert_eq!((&seen["status"], &seen["size"]), (&json!("error_extending"), &json!(3)));
        assert_eq!(cloud.count(USED).await, 3, "what did not grow does not count");
        let over = act(&cloud, &id, json!({ "os-extend": { "new_size": 2000 } })).await;
        assert_eq!(over.status, 400, "its state comes first");
    }

    limits_hold_for_a_hundred_at_once(cloud) {
        let tries = (0..100).map(|_| cloud.post("/volumes", json!({ "volume": { "size": 1 } })));
        let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 10);
        assert!(statuses.iter().all(|status| [202, 413].contains(status)), "{statuses:?}");
        assert_eq!(cloud.count(NUMBER).await, 10);
        let over = cloud.post("/volumes", json!({ "volume": { "size": 1 } })).await.fault(413);
        assert_eq!(over, "Maximum number of volumes allowed (10) exceeded for quota 'volumes'.");
    }

    an_encrypted_volume_has_a_key_of_its_own_and_copies_theirs(cloud) {
        let id = made(&cloud, json!({ "size": 1, "volume_type": "encrypted" })).await;
        let seen = cloud.at("3.64").get(&format!("/volumes/{id}")).await.expect(200)["volume"].take();
        assert_eq!((&seen["encrypted"], seen["encryption_key_id"].is_string()), (&json!(true), true));
        let copy = made(&cloud, json!({ "source_volid": id })).await;
        let other = cloud.get(&format!("/volumes/{copy}")).await.expect(200)["volume"].take();
        assert_ne!(other["encryption_key_id"], seen["encryption_key_id"]);
        assert_eq!(cloud.count(KEYS).await, 2);
        let bare = cloud.post("/volumes", json!({ "volume": { "source_volid": id, "volume_type": "__DEFAULT__" } })).await;
        assert!(bare.fault(400).contains("requested type is not compatible"));
        let how = cloud.get(&format!("/volumes/{id}/encryption")).await.expect(200);
        assert_eq!((&how["provider"], &how["key_size"]), (&json!("luks"), &json!(256)));
        let refused = act(&cloud, &id, json!({ "os-volume_upload_image": { "image_name": "x" } })).await.fault(400);
        assert!(refused.contains("encrypted"), "{refused}");
        for id in [&id, &copy] {
            cloud.delete(&format!("/volumes/{id}")).await.expect(202);
        }
        cloud.run().await;
        assert_eq!(cloud.count(KEYS).await, 0, "keys go with their volumes");
    }

    a_type_on_another_backend_takes_the_data_along(cloud) {
        let new = json!({ "volume_type": { "name": "far", "extra_specs": { "volume_backend_name": "second" } } });
        cloud.admin("POST", "/types", Some(new)).await.expect(200);
        let id = made(&cloud, json!({ "size": 1 })).await;
        cloud.storage[0].write(disk(&id), AT, b"mine");
        let stay = act(&cloud, &id, json!({ "os-retype": { "new_type": "far" } })).await.fault(400);
        assert!(stay.contains("another backend"), "{stay}");
        let same = act(&cloud, &id, json!({ "os-retype": { "new_type": "__DEFAULT__" } })).await.fault(400);
        assert!(same.contains("has to be different"), "{same}");
        act(&cloud, &id, json!({ "os-retype": { "new_type": "far", "migration_policy": "on-demand" } })).await.expect(202);
        cloud.run().await;
        let seen = shown(&cloud, &id).await;
        assert_eq!((&seen["status"], &seen["volume_type"]), (&json!("available"), &json!("far")));
        assert_eq!((cloud.storage[0].size(disk(&id)), cloud.storage[1].size(disk(&id))), (None, Some(GIB)));
        assert_eq!((cloud.count(NUMBER).await, cloud.count(USED).await), (1, 1));
        let host = json!({ "os-migrate_volume": { "host": "kogge@memory#memory" } });
        act(&cloud, &id, host.clone()).await.fault(403);
        cloud.admin("POST", &format!("/volumes/{id}/action"), Some(host)).await.expect(202);
        cloud.run().await;
        assert_eq!(text_on(&cloud, disk(&id)).await, "mine");
    }

    a_volume_becomes_an_image(cloud) {
        let id = made(&cloud, json!({ "size": 1, "name": "v" })).await;
        let wrong = act(&cloud, &id, json!({ "os-volume_upload_image": { "image_name": "i", "disk_format": "ploop" } })).await;
        wrong.fault(400);
        let asked = json!({ "os-volume_upload_image": { "image_name": "i", "disk_format": "raw", "visibility": "shared" } });
        let answer = cloud.at("3.1").post(&format!("/volumes/{id}/action"), asked).await.expect(202);
        let answer = &answer["os-volume_upload_image"];
        assert_eq!((&answer["status"], &answer["visibility"]), (&json!("uploading"), &json!("shared")));
        cloud.run().await;
        assert_eq!(status(&cloud, &id).await, "available");
        let image = answer["image_id"].as_str().unwrap();
        let image = cloud.call(Persona::Member, "GET", &format!("/image/v2/images/{image}"), None).await.expect(200);
        assert_eq!((&image["status"], &image["min_disk"], &image["visibility"]), (&json!("active"), &json!(1), &json!("shared")));
        let public = json!({ "os-volume_upload_image": { "image_name": "i", "visibility": "public" } });
        cloud.post(&format!("/volumes/{id}/action"), public).await.fault(403);
    }

    administrators_say_what_it_is_and_it_is_what_it_is(cloud) {
        let id = made(&cloud, json!({ "size": 1 })).await;
        let path = format!("/volumes/{id}/action");
        let say = |status: &str| json!({ "os-reset_status": { "status": status } });
        cloud.post(&path, say("error")).await.fault(403);
        cloud.admin("POST", &path, Some(say("error"))).await.expect(202);
        assert_eq!(status(&cloud, &id).await, "error");
        cloud.admin("POST", &path, Some(say("maintenance"))).await.expect(202);
        assert_eq!(status(&cloud, &id).await, "maintenance");
        cloud.delete(&format!("/volumes/{id}")).await.fault(400);
        cloud.admin("POST", &path, Some(say("in-use"))).await.fault(400);
        cloud.admin("POST", &path, Some(say("deleting"))).await.fault(400);
        cloud.admin("POST", &path, Some(say("nonsense"))).await.fault(400);
        cloud.admin("POST", &path, Some(say("available"))).await.expect(202);
        assert_eq!(status(&cloud, &id).await, "available");
        cloud.admin("POST", &path, Some(say("maintenance"))).await.expect(202);
        cloud.admin("POST", &path, Some(json!({ "os-force_delete": {} }))).await.expect(202);
        cloud.run().await;
        cloud.get(&format!("/volumes/{id}")).await.fault(404);
    }

    lists_are_filtered_sorted_paged_and_counted(cloud) {
        let (a, b) = (made(&cloud, json!({ "size": 1, "name": "a", "metadata": { "k": "v" } })).await,
            made(&cloud, json!({ "size": 2, "name": "bb" })).await);
        let ids = |list: &Value| -> Vec<String> {
            list["volumes"].as_array().unwrap().iter().map(|v| v["id"].as_str().unwrap().to_owned()).collect()
        };
        for (query, expected) in [
            ("sort=name:asc", vec![&a, &b]), ("sort_key=size&sort_dir=desc", vec![&b, &a]), ("name=a", vec![&a]),
            ("status=available&sort=name:asc", vec![&a, &b]), ("status=error", vec![]), ("size=2", vec![&b]),
            ("bootable=true", vec![]), ("metadata=%7B'k':'v'%7D", vec![&a]),
            ("limit=1&sort=name:asc", vec![&a]), ("offset=1&sort=name:asc", vec![&b]),
        ] {
            let list = cloud.get(&format!("/volumes?{query}")).await.expect(200);
            assert_eq!(ids(&list), expected.into_iter().cloned().collect::<Vec<_>>(), "{query}");
        }
        let marked = cloud.get(&format!("/volumes?sort=name:asc&marker={a}")).await.expect(200);
        assert_eq!(ids(&marked), std::slice::from_ref(&b));
        cloud.get("/volumes?sort=nonsense").await.fault(400);
        cloud.get("/volumes?limit=-1").await.fault(400);
        cloud.at("3.31");
        let unknown = cloud.get("/volumes?what=1").await.fault(400);
        assert_eq!(unknown, "Invalid filters what are found in query options.");
        let counted = cloud.at("3.45").get("/volumes?limit=1&with_count=true").await.expect(200);
        assert_eq!((&counted["count"], counted["volumes_links"].is_array()), (&json!(2), true));
        let summary = cloud.at("3.36").get("/volumes/summary").await.expect(200);
        assert_eq!(summary, json!({ "volume-summary": { "total_count": 2, "total_size": 3, "metadata": { "k": ["v"] } } }));
        let like = cloud.at("3.34").get("/volumes?name~=b").await.expect(200);
        assert_eq!(ids(&like), [b]);
        // signs that SQL takes for any other stand for themselves
        for query in ["name~=_", "name~=%25", "name~=B", "metadata=%7B'k':'_'%7D", "metadata=%7B'k':'%25'%7D"] {
            let none = cloud.get(&format!("/volumes?{query}")).await.expect(200);
            assert_eq!(ids(&none), Vec::<String>::new(), "{query}");
        }
        let odd = made(&cloud, json!({ "size": 1, "name": "50%_off" })).await;
        for query in ["name~=%25_", "name~=_off"] {
            let found = cloud.get(&format!("/volumes?{query}")).await.expect(200);
            assert_eq!(ids(&found), std::slice::from_ref(&odd), "{query}");
        }
    }

    metadata_is_read_changed_and_bounded(cloud) {
        let id = made(&cloud, json!({ "size": 1 })).await;
        let path = format!("/volumes/{id}/metadata");
        let body = |pairs: Value| json!({ "metadata": pairs });
        assert_eq!(cloud.post(&path, body(json!({ "a": "1" }))).await.expect(200), body(json!({ "a": "1" })));
        assert_eq!(cloud.post(&path, body(json!({ "b": "2" }))).await.expect(200), body(json!({ "a": "1", "b": "2" })));
        assert_eq!(cloud.get(&format!("{path}/a")).await.expect(200), json!({ "meta": { "a": "1" } }));
        cloud.put(&format!("{path}/a"), json!({ "meta": { "b": "x" } })).await.fault(400);
        cloud.put(&format!("{path}/a"), json!({ "meta": { "a": "9" } })).await.expect(200);
        cloud.delete(&format!("{path}/b")).await.expect(200);
        cloud.delete(&format!("{path}/b")).await.fault(404);
        let tagged = cloud.at("3.15").get(&path).await;
        assert!(tagged.headers.contains_key("etag"));
        assert_eq!(cloud.put(&path, body(json!({}))).await.expect(200), body(json!({})));
        let many: serde_json::Map<String, Value> = (0..257).map(|n| (format!("k{n}"), json!("v"))).collect();
        cloud.post(&path, body(many.into())).await.fault(400);
        let kept = json!({ "os-set_image_metadata": { "metadata": { "os_distro": "debian" } } });
        act(&cloud, &id, kept).await.expect(200);
        act(&cloud, &id, json!({ "os-unset_image_metadata": { "key": "os_distro" } })).await.expect(200);
        act(&cloud, &id, json!({ "os-unset_image_metadata": { "key": "os_distro" } })).await.fault(404);
    }
}
