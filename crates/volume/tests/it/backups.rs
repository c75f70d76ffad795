//! Backups over HTTP: bodies, states, increments, restoring, records, faults, races.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_ids::BackupId;
use kogge_storage::{DiskId, SimFault};
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::given::{self, text_on};

async fn create(cloud: &Cloud, body: Value) -> String {
    let made = cloud.post("/backups", json!({ "backup": body })).await.expect(202);
    made["backup"]["id"].as_str().unwrap().to_owned()
}

async fn shown(cloud: &Cloud, id: &str) -> Value {
    cloud.get(&format!("/backups/{id}")).await.expect(200)["backup"].clone()
}

async fn volume_status(cloud: &Cloud, id: impl std::fmt::Display) -> String {
    let shown = cloud.get(&format!("/volumes/{id}")).await.expect(200);
    shown["volume"]["status"].as_str().unwrap().to_owned()
}

async fn restore(cloud: &Cloud, backup: &str, body: Value) -> String {
    let path = format!("/backups/{backup}/restore");
    let answer = cloud.post(&path, json!({ "restore": body })).await.expect(202);
    assert_eq!(answer["restore"]["backup_id"], backup);
    answer["restore"]["volume_id"].as_str().unwrap().to_owned()
}

fn files(cloud: &Cloud) -> usize {
    std::fs::read_dir(cloud.dir.path().join("backups")).map_or(0, Iterator::count)
}

fn disk(volume: &str) -> DiskId {
    DiskId::Volume(volume.parse().unwrap())
}

const USED: &str =
    "SELECT CAST(COALESCE(SUM(backups + 1000 * backup_gigabytes), 0) AS BIGINT) AS n FROM volume_usage";
const ROWS: &str = "SELECT COUNT(*) AS n FROM volume_backups";

on_both! {
    a_backup_comes_back_as_it_was(cloud) {
        let volume = given::volume(&cloud, 2, "before").await;
        let id = create(&cloud, json!({ "volume_id": volume, "name": " b ", "description": "d", "container": "c" })).await;
        assert_eq!(volume_status(&cloud, volume).await, "backing-up");
        cloud.run().await;
        assert_eq!(volume_status(&cloud, volume).await, "available");
        let row = cloud.at("3.64").get(&format!("/backups/{id}")).await.expect(200)["backup"].clone();
        assert_eq!(row, json!({
            "id": id, "status": "available", "size": 2, "object_count": 1, "availability_zone": null, "container": "c",
            "created_at": row["created_at"], "updated_at": row["updated_at"], "name": "b", "description": "d",
            "fail_reason": null, "volume_id": volume, "links": row["links"], "is_incremental": false,
            "has_dependent_backups": false, "snapshot_id": null, "data_timestamp": row["created_at"], "metadata": {},
        }));
        let admin = cloud.admin("GET", &format!("/backups/{id}"), None).await.expect(200);
        assert_eq!(admin["backup"]["os-backup-project-attr:project_id"], Persona::Member.project_id());
        assert!(admin["backup"]["user_id"].is_string());
        cloud.storage[0].write(DiskId::Volume(volume), given::AT, b"after!");
        assert_eq!(restore(&cloud, &id, json!({ "volume_id": volume })).await, volume.to_string());
        assert_eq!(volume_status(&cloud, volume).await, "restoring-backup");
        assert_eq!(shown(&cloud, &id).await["status"], "restoring");
        cloud.run().await;
        assert_eq!(volume_status(&cloud, volume).await, "available");
        assert_eq!(shown(&cloud, &id).await["status"], "available");
        assert_eq!(text_on(&cloud, DiskId::Volume(volume)).await, "before");
        let new = restore(&cloud, &id, json!({})).await;
        let named = restore(&cloud, &id, json!({ "name": "mine" })).await;
        cloud.delete(&format!("/backups/{id}")).await.fault(400);
        cloud.run().await;
        for (volume, name) in [(&new, format!("restore_backup_{id}")), (&named, "mine".to_owned())] {
            let shown = cloud.get(&format!("/volumes/{volume}")).await.expect(200);
            assert_eq!(shown["volume"]["status"], "available");
            assert_eq!(shown["volume"]["name"], name);
            assert_eq!(shown["volume"]["size"], 2);
            assert_eq!(text_on(&cloud, disk(volume)).await, "before");
        }
        cloud.delete(&format!("/backups/{id}")).await.expect(202);
        cloud.run().await;
        cloud.get(&format!("/backups/{id}")).await.fault(404);
        assert_eq!(cloud.count(USED).await, 0);
        assert_eq!(files(&cloud), 0);
    }

    increments_build_on_the_latest_and_keep_it(cloud) {
        let volume = given::volume(&cloud, 1, "one").await;
        let lonely = json!({ "backup": { "volume_id": volume, "incremental": true } });
        assert_eq!(
            cloud.post("/backups", lonely).await.fault(400),
            "Invalid backup: No backups available to do an incremental backup."
        );
        let full = create(&cloud, json!({ "volume_id": volume })).await;
        cloud.run().await;
        cloud.storage[0].write(DiskId::Volume(volume), 5 << 20, b"two");
        cloud.time.advance(std::time::Duration::from_secs(1));
        let second = create(&cloud, json!({ "volume_id": volume, "incremental": true })).await;
        cloud.run().await;
        cloud.time.advance(std::time::Duration::from_secs(1));
        let third = create(&cloud, json!({ "volume_id": volume, "incremental": true })).await;
        cloud.run().await;
        assert_eq!(shown(&cloud, &full).await["has_dependent_backups"], true);
        let row = shown(&cloud, &second).await;
        assert_eq!((&row["is_incremental"], &row["object_count"]), (&json!(true), &json!(1)));
        assert_eq!(shown(&cloud, &third).await["object_count"], 0);
        let refused = cloud.delete(&format!("/backups/{full}")).await.fault(400);
        assert_eq!(refused, "Invalid backup: Incremental backups exist for this backup.");
        cloud.delete(&format!("/backups/{second}")).await.fault(400);
        let back = restore(&cloud, &third, json!({})).await;
        cloud.run().await;
        assert_eq!(text_on(&cloud, disk(&back)).await, "one");
        for id in [&third, &second, &full] {
            cloud.delete(&format!("/backups/{id}")).await.expect(202);
            cloud.run().await;
        }
        assert_eq!(files(&cloud), 0);
    }

    a_snapshot_is_backed_up_as_it_was(cloud) {
        let volume = given::volume(&cloud, 1, "then").await;
        let made = cloud.post("/snapshots", json!({ "snapshot": { "volume_id": volume } })).await.expect(202);
        let snapshot = made["snapshot"]["id"].as_str().unwrap();
        let early = json!({ "backup": { "volume_id": volume, "snapshot_id": snapshot } });
        cloud.post("/backups", early.clone()).await.fault(400);
        cloud.run().await;
        cloud.storage[0].write(DiskId::Volume(volume), given::AT, b"now!");
        let other = given::volume(&cloud, 1, "x").await;
        cloud.post("/backups", json!({ "backup": { "volume_id": other, "snapshot_id": snapshot } })).await.fault(400);
        given::call(&cloud, volume, "in-use").await;
        let id = create(&cloud, early["backup"].clone()).await;
        let row = cloud.get(&format!("/snapshots/{snapshot}")).await.expect(200);
        assert_eq!(row["snapshot"]["status"], "backing-up");
        cloud.run().await;
        let row = cloud.get(&format!("/snapshots/{snapshot}")).await.expect(200);
        assert_eq!(row["snapshot"]["status"], "available");
        assert_eq!(shown(&cloud, &id).await["data_timestamp"], row["snapshot"]["created_at"]);
        let back = restore(&cloud, &id, json!({})).await;
        cloud.run().await;
        assert_eq!(text_on(&cloud, disk(&back)).await, "then");
    }

    a_volume_in_use_goes_on_while_it_is_backed_up(cloud) {
        let volume = given::volume(&cloud, 1, "live").await;
        given::attach(&cloud, volume, "sim1", "3f2504e0-4f89-41d3-9a0c-0305e82c3301").await;
        let refused = cloud.post("/backups", json!({ "backup": { "volume_id": volume } })).await.fault(400);
        assert_eq!(refused, "Invalid volume: Backing up an in-use volume must use the force flag.");
        let id = create(&cloud, json!({ "volume_id": volume, "force": true })).await;
        assert_eq!(volume_status(&cloud, volume).await, "in-use");
        cloud.run().await;
        assert_eq!(shown(&cloud, &id).await["status"], "available");
        assert_eq!(volume_status(&cloud, volume).await, "in-use");
        // the copy of that moment is gone
        use kogge_storage::Backend as _;
        assert_eq!(cloud.storage[0].disks().await.unwrap(), [DiskId::Volume(volume)]);
        let back = restore(&cloud, &id, json!({})).await;
        cloud.run().await;
        assert_eq!(text_on(&cloud, disk(&back)).await, "live");
    }

    encrypted_ones_stay_so_and_have_keys_of_their_own(cloud) {
        let keys = "SELECT COUNT(*) AS n FROM volume_keys";
        let volume = given::encrypted(&cloud, 1, "x").await;
        let plain = given::volume(&cloud, 1, "x").await;
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        cloud.run().await;
        assert_eq!(cloud.count(keys).await, 2);
        cloud.post(&format!("/backups/{id}/restore"), json!({ "restore": { "volume_id": plain } })).await.fault(400);
        cloud.at("3.64");
        assert!(shown(&cloud, &id).await["encryption_key_id"].is_string());
        let new = restore(&cloud, &id, json!({})).await;
        cloud.run().await;
        let row = cloud.get(&format!("/volumes/{new}")).await.expect(200);
        assert_eq!((&row["volume"]["encrypted"], &row["volume"]["status"]), (&json!(true), &json!("available")));
        assert_eq!(cloud.count(keys).await, 3);
        restore(&cloud, &id, json!({ "volume_id": volume })).await;
        cloud.run().await;
        assert_eq!(volume_status(&cloud, volume).await, "available");
        assert_eq!(cloud.count(keys).await, 3);
        cloud.admin("GET", &format!("/backups/{id}/export_record"), None).await.fault(400);
        cloud.delete(&format!("/backups/{id}")).await.expect(202);
        cloud.run().await;
        assert_eq!(cloud.count(keys).await, 2);
    }

    bad_bodies_and_states_change_nothing(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        for body in [
            json!({}),
            json!({ "volume_id": "x" }),
            json!({ "volume_id": volume, "metadata": {} }),
            json!({ "volume_id": volume, "colour": "red" }),
            json!({ "volume_id": volume, "force": "maybe" }),
            json!({ "volume_id": volume, "container": "x".repeat(256) }),
        ] {
            cloud.post("/backups", json!({ "backup": body })).await.fault(400);
        }
        let body = json!({ "backup": { "volume_id": volume } });
        cloud.ask(Persona::OtherMember, "POST", "/backups", Some(body.clone())).await.fault(404);
        cloud.ask(Persona::Reader, "POST", "/backups", Some(body.clone())).await.fault(403);
        given::call(&cloud, volume, "error").await;
        cloud.post("/backups", body.clone()).await.fault(400);
        let elsewhere = json!({ "backup": { "volume_id": volume, "availability_zone": "mars" } });
        given::call(&cloud, volume, "available").await;
        cloud.at("3.51").post("/backups", elsewhere).await.fault(503);
        assert_eq!((cloud.count(ROWS).await, cloud.count(USED).await), (0, 0));
        let id = create(&cloud, json!({ "volume_id": volume, "metadata": { "k": "v" } })).await;
        cloud.put(&format!("/backups/{id}"), json!({ "backup": { "name": "n", "metadata": { "a": "b" } } })).await.expect(200);
        let row = shown(&cloud, &id).await;
        assert_eq!((&row["name"], &row["metadata"]), (&json!("n"), &json!({ "a": "b" })));
        cloud.delete(&format!("/backups/{id}")).await.fault(400);
        let path = format!("/backups/{id}/restore");
        cloud.post(&path, json!({ "restore": {} })).await.fault(400);
        cloud.run().await;
        cloud.ask(Persona::OtherMember, "POST", &path, Some(json!({ "restore": {} }))).await.fault(404);
        let small = given::volume(&cloud, 1, "x").await;
        given::call(&cloud, small, "in-use").await;
        cloud.post(&path, json!({ "restore": { "volume_id": small } })).await.fault(400);
        cloud.post(&path, json!({ "restore": { "volume_id": BackupId::random() } })).await.fault(404);
        let list = cloud.get(&format!("/backups/detail?with_count=true&volume_id={volume}")).await.expect(200);
        assert_eq!((&list["count"], &list["backups"][0]["id"]), (&json!(1), &json!(id)));
        assert_eq!(cloud.ask(Persona::OtherMember, "GET", "/backups", None).await.expect(200), json!({ "backups": [] }));
        cloud.at("3.8").put(&format!("/backups/{id}"), json!({ "backup": { "name": "n" } })).await.fault(404);
    }

    administrators_say_how_it_is(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        let action = format!("/backups/{id}/action");
        let reset = |status: &str| Some(json!({ "os-reset_status": { "status": status } }));
        cloud.post(&action, reset("error").unwrap()).await.fault(403);
        cloud.admin("POST", &action, reset("creating")).await.fault(400);
        cloud.admin("POST", &action, reset("error")).await.expect(202);
        assert_eq!(shown(&cloud, &id).await["status"], "error");
        assert_eq!(volume_status(&cloud, volume).await, "available");
        cloud.run().await;
        let second = create(&cloud, json!({ "volume_id": volume })).await;
        let force = Some(json!({ "os-force_delete": {} }));
        cloud.admin("POST", &format!("/backups/{second}/action"), force.clone()).await.expect(202);
        assert_eq!(volume_status(&cloud, volume).await, "available");
        cloud.admin("POST", &action, force).await.expect(202);
        cloud.run().await;
        assert_eq!((cloud.count(ROWS).await, cloud.count(USED).await, files(&cloud)), (0, 0, 0));
    }

    faults_end_well(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        cloud.storage[0].fail(Some(SimFault::Silent));
        cloud.wait(60).await;
        let row = shown(&cloud, &id).await;
        assert_eq!((&row["status"], &row["fail_reason"]), (&json!("error"), &json!("The storage backend does not answer.")));
        assert_eq!(volume_status(&cloud, volume).await, "available");
        let said = cloud.at("3.3").get("/messages").await.expect(200)["messages"][0].clone();
        assert_eq!((&said["resource_type"], &said["resource_uuid"]), (&json!("VOLUME_BACKUP"), &json!(id)));
        cloud.storage[0].fail(None);
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        cloud.storage[0].fail(Some(SimFault::Failing(1)));
        cloud.wait(10).await;
        assert_eq!(shown(&cloud, &id).await["status"], "available");
        cloud.storage[0].write(DiskId::Volume(volume), given::AT, b"newer");
        // a damaged backup is never put onto a volume, not even in part
        let path = cloud.dir.path().join("backups").join(format!("{id}.backup"));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8 + 4096] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        restore(&cloud, &id, json!({ "volume_id": volume })).await;
        cloud.wait(60).await;
        assert_eq!(volume_status(&cloud, volume).await, "error_restoring");
        assert_eq!(text_on(&cloud, DiskId::Volume(volume)).await, "newer");
        let row = shown(&cloud, &id).await;
        assert_eq!(row["status"], "available");
        assert!(row["fail_reason"].as_str().unwrap().starts_with("The backup is damaged"), "{row}");
        let new = restore(&cloud, &id, json!({})).await;
        cloud.wait(30).await;
        assert_eq!(volume_status(&cloud, new).await, "error");
    }

    a_record_finds_its_data_again(cloud) {
        let volume = given::volume(&cloud, 1, "kept").await;
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        cloud.run().await;
        let path = format!("/backups/{id}/export_record");
        cloud.get(&path).await.fault(403);
        let record = cloud.admin("GET", &path, None).await.expect(200);
        let import = |record: Value| cloud.admin("POST", "/backups/import_record", Some(record));
        assert_eq!(import(record.clone()).await.fault(400), "Invalid backup: Backup already exists in database.");
        let changed = |name: &str, value: Value| {
            let text = STANDARD.decode(record["backup-record"]["backup_url"].as_str().unwrap()).unwrap();
            let mut inner: Value = serde_json::from_slice(&text).unwrap();
            inner[name] = value;
            let mut record = record.clone();
            record["backup-record"]["backup_url"] = json!(STANDARD.encode(inner.to_string()));
            record
        };
        for (name, value) in [
            ("size", json!(0)), ("size", json!("x")), ("size", json!(i64::MAX)), ("id", json!("../x")), ("data_id", json!("/etc/passwd")),
            ("data_id", json!(BackupId::random())), ("display_name", json!("x".repeat(256))), ("parent_id", json!(BackupId::random())),
        ] {
            let mut record = changed("id", json!(BackupId::random()));
            if name != "id" {
                let text = STANDARD.decode(record["backup-record"]["backup_url"].as_str().unwrap()).unwrap();
                let mut inner: Value = serde_json::from_slice(&text).unwrap();
                inner[name] = value;
                record["backup-record"]["backup_url"] = json!(STANDARD.encode(inner.to_string()));
            } else {
                record = changed(name, value);
            }
            import(record).await.fault(400);
        }
        import(json!({ "backup-record": { "backup_service": "swift", "backup_url": "eA==" } })).await.fault(503);
        import(json!({ "backup-record": { "backup_service": "cinder.backup.drivers.kogge_folder", "backup_url": "?" } })).await.fault(400);
        let other = BackupId::random().to_string();
        let taken = import(changed("id", json!(other))).await.expect(201);
        assert_eq!(taken["backup"]["id"], other);
        // the data stay until nobody has them any more
        cloud.delete(&format!("/backups/{id}")).await.expect(202);
        cloud.run().await;
        let answer = cloud.admin("POST", &format!("/backups/{other}/restore"), Some(json!({ "restore": {} }))).await.expect(202);
        cloud.run().await;
        assert_eq!(text_on(&cloud, disk(answer["restore"]["volume_id"].as_str().unwrap())).await, "kept");
        cloud.admin("DELETE", &format!("/backups/{other}"), None).await.expect(202);
        cloud.run().await;
        assert_eq!((cloud.count(ROWS).await, files(&cloud)), (0, 0));
    }

    of_a_hundred_at_once_one_has_the_volume(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let body = json!({ "backup": { "volume_id": volume } });
        let tries = join_all((0..100).map(|_| cloud.post("/backups", body.clone()))).await;
        assert_eq!(tries.iter().filter(|answer| answer.status == 202).count(), 1);
        assert!(tries.iter().all(|answer| [202, 400].contains(&answer.status)));
        cloud.run().await;
        let list = cloud.get("/backups").await.expect(200);
        let id = list["backups"][0]["id"].as_str().unwrap().to_owned();
        let restore = json!({ "restore": { "volume_id": volume } });
        let path = format!("/backups/{id}/restore");
        let tries = join_all((0..100).map(|_| cloud.post(&path, restore.clone()))).await;
        assert_eq!(tries.iter().filter(|answer| answer.status == 202).count(), 1);
        cloud.run().await;
        cloud.run().await;
        assert_eq!(volume_status(&cloud, volume).await, "available");
        assert_eq!(cloud.count(USED).await, 1001);
    }
}
