//! What clients of Cinder look for in answers beyond the volume itself: which words stand in which answer, the next page,
//! types that no backend suits, and what comes back with a backup.

use kogge_ids::VolumeId;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::given;

const EXTRA: [&str; 4] = [
    "os-vol-tenant-attr:tenant_id",
    "os-vol-host-attr:host",
    "os-vol-mig-status-attr:migstat",
    "volume_image_metadata",
];

fn has(volume: &Value, name: &str) -> bool {
    volume.get(name).is_some()
}

async fn seen(cloud: &Cloud, id: &str) -> Value {
    cloud.admin("GET", &format!("/volumes/{id}"), None).await.expect(200)["volume"].take()
}

async fn kind(cloud: &Cloud, name: &str, specs: Value) -> String {
    let made = cloud
        .admin("POST", "/types", Some(json!({"volume_type": {"name": name, "extra_specs": specs}})))
        .await;
    let made = made.expect(200)["volume_type"].take();
    assert!(!has(&made, "qos_specs_id") && has(&made, "os-volume-type-access:is_public"), "{made}");
    made["id"].as_str().unwrap().to_owned()
}

on_both! {
    extensions_speak_where_a_volume_is_looked_at(cloud) {
        let made = cloud.admin("POST", "/volumes", Some(json!({"volume": {"size": 1}}))).await.expect(202);
        let id = made["volume"]["id"].as_str().unwrap().to_owned();
        cloud.run().await;
        let words = json!({"os-set_image_metadata": {"metadata": {"hw_disk_bus": "scsi"}}});
        cloud.admin("POST", &format!("/volumes/{id}/action"), Some(words)).await.expect(200);
        let body = json!({"volume": {"name": "n"}});
        let changed = cloud.admin("PUT", &format!("/volumes/{id}"), Some(body)).await.expect(200);
        for name in EXTRA {
            assert!(!has(&made["volume"], name) && !has(&changed["volume"], name), "{name}");
            assert!(has(&seen(&cloud, &id).await, name), "{name}");
        }
    }

    a_type_shows_its_qualities_where_it_is_looked_at(cloud) {
        let id = kind(&cloud, "plain", json!({})).await;
        let shown = cloud.admin("GET", &format!("/types/{id}"), None).await.expect(200);
        assert_eq!(shown["volume_type"]["qos_specs_id"], Value::Null);
        let body = json!({"volume_type": {"description": "d"}});
        let changed = cloud.admin("PUT", &format!("/types/{id}"), Some(body)).await.expect(200);
        assert!(!has(&changed["volume_type"], "qos_specs_id"));
    }

    whether_it_may_be_written_to_is_shown_once_somebody_said_so(cloud) {
        let id = given::volume(&cloud, 1, "x").await.to_string();
        assert_eq!(seen(&cloud, &id).await["metadata"], json!({}));
        for (said, shown) in [(true, "True"), (false, "False")] {
            let action = json!({"os-update_readonly_flag": {"readonly": said}});
            cloud.post(&format!("/volumes/{id}/action"), action).await.expect(202);
            assert_eq!(seen(&cloud, &id).await["metadata"], json!({"readonly": shown}));
        }
    }

    a_full_page_has_a_next_one(cloud) {
        for _ in 0..2 {
            given::volume(&cloud, 1, "x").await;
        }
        for (limit, more) in [(1, true), (2, true), (3, false)] {
            let page = cloud.get(&format!("/volumes?limit={limit}")).await.expect(200);
            assert_eq!(page["volumes_links"][0]["rel"] == "next", more, "{limit}: {page}");
        }
        let first = cloud.get("/volumes?limit=2").await.expect(200);
        let last = first["volumes"][1]["id"].as_str().unwrap().to_owned();
        let empty = cloud.get(&format!("/volumes?limit=2&marker={last}")).await.expect(200);
        assert_eq!(empty, json!({"volumes": []}));
    }

    a_type_that_no_backend_suits_makes_a_volume_that_says_so(cloud) {
        for (name, specs) in [("vendor", json!({"vendor_name": "Other"})), ("unknown", json!({"capabilities:colour": "red"}))] {
            kind(&cloud, name, specs).await;
            let made = cloud.post("/volumes", json!({"volume": {"size": 1, "volume_type": name}})).await.expect(202);
            let id = made["volume"]["id"].as_str().unwrap().to_owned();
            cloud.run().await;
            let volume = seen(&cloud, &id).await;
            assert_eq!((&volume["status"], &volume["os-vol-host-attr:host"]), (&json!("error"), &Value::Null), "{name}");
            let told = cloud.at("3.5").get("/messages").await.expect(200)["messages"].take();
            let about = |told: &&Value| told["resource_uuid"] == json!(id);
            let told = told.as_array().unwrap().iter().find(about).unwrap();
            assert_eq!(told["event_id"], "VOLUME_VOLUME_001_003");
            cloud.delete(&format!("/volumes/{id}")).await.expect(202);
            cloud.run().await;
            cloud.get(&format!("/volumes/{id}")).await.fault(404);
        }
        let used = "SELECT CAST(COALESCE(SUM(volumes), 0) AS BIGINT) AS n FROM volume_usage";
        assert_eq!(cloud.count(used).await, 0);
    }

    extra_specs_choose_the_backend(cloud) {
        let suits = json!({
            "vendor_name": "Kogge", "capabilities:storage_protocol": "<or> nfs <or> simulated", "multiattach": "<is> True",
            "thin_provisioning_support": "<is> True", "RESKEY:availability_zones": "nova", "other:scope": "1",
        });
        kind(&cloud, "many", suits).await;
        let pools = cloud.admin("GET", "/scheduler-stats/get_pools?volume_type=many", None).await.expect(200);
        assert_eq!(pools["pools"].as_array().unwrap().len(), 2, "{pools}");
        kind(&cloud, "second", json!({"volume_backend_name": "second"})).await;
        let made = cloud.post("/volumes", json!({"volume": {"size": 1, "volume_type": "second"}})).await.expect(202);
        let id = made["volume"]["id"].as_str().unwrap().to_owned();
        cloud.run().await;
        // another type that suits the backend too leaves the data where they are
        let retype = json!({"os-retype": {"new_type": "many", "migration_policy": "never"}});
        cloud.post(&format!("/volumes/{id}/action"), retype).await.expect(202);
        cloud.run().await;
        let volume = seen(&cloud, &id).await;
        assert_eq!((&volume["volume_type"], &volume["os-vol-host-attr:host"]), (&json!("many"), &json!("kogge@second#second")));
    }

    a_backup_brings_back_what_the_volume_said_of_itself(cloud) {
        let id = given::volume(&cloud, 1, "x").await.to_string();
        cloud.post(&format!("/volumes/{id}/metadata"), json!({"metadata": {"a": "b"}})).await.expect(200);
        let action = format!("/volumes/{id}/action");
        cloud.post(&action, json!({"os-set_bootable": {"bootable": true}})).await.expect(200);
        cloud.post(&action, json!({"os-set_image_metadata": {"metadata": {"os_distro": "debian"}}})).await.expect(200);
        let backup = cloud.post("/backups", json!({"backup": {"volume_id": id}})).await.expect(202);
        let backup = backup["backup"]["id"].as_str().unwrap().to_owned();
        cloud.run().await;
        let other = given::volume(&cloud, 1, "y").await.to_string();
        cloud.post(&format!("/volumes/{other}/metadata"), json!({"metadata": {"c": "d"}})).await.expect(200);
        let restore = |body: Value| {
            let (cloud, path) = (&cloud, format!("/backups/{backup}/restore"));
            async move { cloud.post(&path, json!({ "restore": body })).await.expect(202)["restore"]["volume_id"].take() }
        };
        let onto = restore(json!({ "volume_id": other })).await;
        cloud.run().await;
        let new = restore(json!({})).await;
        cloud.run().await;
        let own = json!({"volume": {"backup_id": backup, "metadata": {"a": "own"}}});
        let own = cloud.at("3.47").post("/volumes", own).await.expect(202)["volume"]["id"].take();
        cloud.run().await;
        for (volume, metadata) in [(onto, "b"), (new, "b"), (own, "own")] {
            let volume = seen(&cloud, volume.as_str().unwrap()).await;
            assert_eq!(volume["metadata"], json!({"a": metadata}));
            assert_eq!((&volume["bootable"], &volume["status"]), (&json!("true"), &json!("available")));
            assert_eq!(volume["volume_image_metadata"], json!({"os_distro": "debian"}));
        }
    }

    what_was_let_go_is_found_by_the_name_that_it_had(cloud) {
        let id = given::volume(&cloud, 1, "x").await.to_string();
        cloud.admin("POST", &format!("/volumes/{id}/action"), Some(json!({"os-unmanage": {}}))).await.expect(202);
        cloud.run().await;
        let body = |name: &str| json!({"volume": {"host": "kogge@memory#memory", "ref": {"source-name": name}}});
        cloud.admin("POST", "/os-volume-manage", Some(body("volume-"))).await.fault(400);
        let again = cloud.admin("POST", "/os-volume-manage", Some(body(&format!("volume-{id}")))).await.expect(202);
        cloud.run().await;
        assert_eq!(seen(&cloud, again["volume"]["id"].as_str().unwrap()).await["status"], "available");
    }

    a_forced_detach_ends_what_was_said_of_the_volume(cloud) {
        let id = given::volume(&cloud, 1, "x").await.to_string();
        let action = format!("/volumes/{id}/action");
        let server = VolumeId::random();
        let attach = json!({"os-attach": {"instance_uuid": server, "mountpoint": "/dev/vdc"}});
        cloud.post(&action, attach).await.expect(202);
        cloud.admin("POST", &action, Some(json!({"os-reset_status": {"status": "error"}}))).await.expect(202);
        assert_eq!(seen(&cloud, &id).await["status"], "error");
        let tie = seen(&cloud, &id).await["attachments"][0]["attachment_id"].take();
        let detach = json!({"os-force_detach": {"attachment_id": tie, "connector": null}});
        cloud.admin("POST", &action, Some(detach)).await.expect(202);
        let volume = seen(&cloud, &id).await;
        assert_eq!((&volume["status"], &volume["attachments"]), (&json!("available"), &json!([])));
    }
}
