//! Snapshots over HTTP: bodies, states, what is on the backend, faults, races.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_storage::{DiskId, SimFault};
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::given::{self, snapshot_disk, text_on};

async fn create(cloud: &Cloud, body: Value) -> String {
    let made = cloud.post("/snapshots", json!({ "snapshot": body })).await.expect(202);
    made["snapshot"]["id"].as_str().unwrap().to_owned()
}

async fn status(cloud: &Cloud, id: &str) -> String {
    let shown = cloud.get(&format!("/snapshots/{id}")).await.expect(200);
    shown["snapshot"]["status"].as_str().unwrap().to_owned()
}

const SNAPSHOTS_USED: &str = "SELECT CAST(COALESCE(SUM(snapshots), 0) AS BIGINT) AS n FROM volume_usage";
const ROWS: &str = "SELECT COUNT(*) AS n FROM volume_snapshots";

on_both! {
    a_snapshot_keeps_what_was_on_the_volume(cloud) {
        let volume = given::volume(&cloud, 2, "before").await;
        let made = cloud.post("/snapshots", json!({ "snapshot": {
            "volume_id": volume, "name": " first ", "description": "of mine", "metadata": { "k": "v" }
        }})).await.expect(202);
        let id = made["snapshot"]["id"].as_str().unwrap().to_owned();
        let at = made["snapshot"]["created_at"].clone();
        assert_eq!(made, json!({ "snapshot": {
            "id": id, "created_at": at, "updated_at": null, "name": "first", "description": "of mine",
            "volume_id": volume, "status": "creating", "size": 2, "metadata": { "k": "v" },
        }}));
        cloud.run().await;
        cloud.storage[0].write(DiskId::Volume(volume), given::AT, b"after!");
        assert_eq!(text_on(&cloud, snapshot_disk(&id)).await, "before");
        let shown = cloud.at("3.65").get(&format!("/snapshots/{id}")).await.expect(200);
        let updated = shown["snapshot"]["updated_at"].clone();
        assert_eq!(shown, json!({ "snapshot": {
            "id": id, "created_at": at, "updated_at": updated, "name": "first", "description": "of mine",
            "volume_id": volume, "status": "available", "size": 2, "metadata": { "k": "v" },
            "group_snapshot_id": null, "user_id": made_by(&cloud, &id).await, "consumes_quota": true,
            "os-extended-snapshot-attributes:progress": "100%",
            "os-extended-snapshot-attributes:project_id": Persona::Member.project_id(),
        }}));
        cloud.delete(&format!("/snapshots/{id}")).await.expect(202);
        assert_eq!(status(&cloud, &id).await, "deleting");
        cloud.delete(&format!("/snapshots/{id}")).await.expect(202);
        cloud.run().await;
        cloud.get(&format!("/snapshots/{id}")).await.fault(404);
        assert_eq!(cloud.storage[0].size(snapshot_disk(&id)), None);
        assert_eq!(cloud.count(SNAPSHOTS_USED).await, 0);
    }

    lists_are_filtered_counted_and_brief(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let other = given::volume(&cloud, 1, "x").await;
        let first = create(&cloud, json!({ "volume_id": volume, "name": "red one", "metadata": { "a": "1", "b": "2" } })).await;
        let second = create(&cloud, json!({ "volume_id": other, "name": "blue one", "metadata": { "a": "1" } })).await;
        cloud.run().await;
        cloud.at("3.45");
        let ids = |list: Value| -> Vec<String> {
            let all = list["snapshots"].as_array().unwrap();
            let mut ids: Vec<String> = all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            ids
        };
        let mut both = vec![first.clone(), second.clone()];
        both.sort();
        let brief = cloud.get("/snapshots?with_count=true").await.expect(200);
        assert_eq!(brief["count"], 2);
        assert!(brief["snapshots"][0].get("user_id").is_none());
        assert_eq!(ids(brief), both);
        let detailed = cloud.get("/snapshots/detail").await.expect(200);
        assert!(detailed["snapshots"][0]["os-extended-snapshot-attributes:progress"].is_string());
        assert_eq!(ids(detailed), both);
        for (query, wanted) in [
            ("name=red%20one", vec![first.clone()]),
            ("name~=blue", vec![second.clone()]),
            ("status=available", both.clone()),
            ("status=error", vec![]),
            (&format!("volume_id={other}"), vec![second.clone()]),
            ("metadata=%7B%27a%27%3A%20%271%27%7D", both.clone()),
            ("metadata=%7B%22a%22%3A%221%22%2C%22b%22%3A%222%22%7D", vec![first.clone()]),
            ("metadata=%7B%27a%27%3A%20%272%27%7D", vec![]),
            ("consumes_quota=false", vec![]),
        ] {
            assert_eq!(ids(cloud.get(&format!("/snapshots?{query}")).await.expect(200)), wanted, "{query}");
        }
        let page = cloud.get("/snapshots/detail?limit=1&sort=name:asc").await.expect(200);
        assert_eq!(page["snapshots"][0]["id"], second.as_str());
        assert!(page["snapshots_links"][0]["href"].as_str().unwrap().contains(&format!("marker={second}")));
        cloud.get("/snapshots?colour=red").await.fault(400);
        cloud.get("/snapshots?metadata=a").await.fault(400);
        assert_eq!(ids(cloud.ask(Persona::OtherMember, "GET", "/snapshots", None).await.expect(200)).len(), 0);
        assert_eq!(ids(cloud.admin("GET", "/snapshots?all_tenants=1", None).await.expect(200)), both);
    }

    bad_bodies_and_states_change_nothing(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        for body in [
            json!({}),
            json!({ "volume_id": volume, "colour": "red" }),
            json!({ "volume_id": volume, "name": "x".repeat(256) }),
            json!({ "volume_id": volume, "metadata": { "k": 1 } }),
            json!({ "volume_id": volume, "metadata": { "k": "x".repeat(256) } }),
            json!({ "volume_id": "x" }),
            json!({ "volume_id": volume, "force": "maybe" }),
        ] {
            cloud.post("/snapshots", json!({ "snapshot": body })).await.fault(400);
        }
        cloud.post("/snapshots", json!({ "snapshot": { "volume_id": null } })).await.fault(404);
        let body = json!({ "snapshot": { "volume_id": volume } });
        cloud.ask(Persona::OtherMember, "POST", "/snapshots", Some(body.clone())).await.fault(404);
        cloud.ask(Persona::Reader, "POST", "/snapshots", Some(body.clone())).await.fault(403);
        given::call(&cloud, volume, "in-use").await;
        let words = cloud.post("/snapshots", body.clone()).await.fault(400);
        let id = volume.to_string();
        assert_eq!(
            words,
            format!("Invalid volume: Volume {id} status must be available, but current status is: in-use.")
        );
        for status in ["error", "maintenance", "attaching", "deleting"] {
            given::call(&cloud, volume, status).await;
            let forced = json!({ "snapshot": { "volume_id": volume, "force": true } });
            cloud.post("/snapshots", forced).await.fault(400);
        }
        assert_eq!(cloud.count(ROWS).await, 0);
        assert_eq!(cloud.count(SNAPSHOTS_USED).await, 0);
        given::call(&cloud, volume, "in-use").await;
        cloud.post("/snapshots", json!({ "snapshot": { "volume_id": volume, "force": true } })).await.expect(202);
        cloud.at("3.66").post("/snapshots", body).await.expect(202);
        let forced = json!({ "snapshot": { "volume_id": volume, "force": false } });
        assert!(cloud.post("/snapshots", forced).await.fault(400).starts_with("Since microversion 3.66"));
    }

    metadata_has_all_its_verbs(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let id = create(&cloud, json!({ "volume_id": volume, "metadata": { "a": "1" } })).await;
        let path = format!("/snapshots/{id}/metadata");
        let more = cloud.post(&path, json!({ "metadata": { "b": "2" } })).await.expect(200);
        assert_eq!(more, json!({ "metadata": { "a": "1", "b": "2" } }));
        let one = cloud.put(&format!("{path}/b"), json!({ "meta": { "b": "3" } })).await.expect(200);
        assert_eq!(one, json!({ "meta": { "b": "3" } }));
        assert_eq!(cloud.get(&format!("{path}/b")).await.expect(200), json!({ "meta": { "b": "3" } }));
        cloud.put(&format!("{path}/b"), json!({ "meta": { "c": "3" } })).await.fault(400);
        cloud.put(&format!("{path}/b"), json!({ "meta": { "b": "3", "c": "4" } })).await.fault(400);
        let words = cloud.delete(&format!("{path}/none")).await.fault(404);
        assert_eq!(words, format!("Snapshot {id} has no metadata with key none."));
        cloud.delete(&format!("{path}/a")).await.expect(200);
        let all = cloud.put(&path, json!({ "metadata": { "z": "" } })).await.expect(200);
        assert_eq!(all, json!({ "metadata": { "z": "" } }));
        assert_eq!(cloud.get(&path).await.expect(200), all);
        cloud.ask(Persona::Reader, "PUT", &path, Some(json!({ "metadata": {} }))).await.fault(403);
        cloud.ask(Persona::OtherMember, "GET", &path, None).await.fault(404);
        let many: serde_json::Map<String, Value> = (0..257).map(|n| (n.to_string(), json!("v"))).collect();
        cloud.put(&path, json!({ "metadata": many })).await.fault(400);
        let half = |from: i32| -> Value {
            let pairs: serde_json::Map<String, Value> =
                (from..from + 200).map(|n| (n.to_string(), json!("v"))).collect();
            json!({ "metadata": pairs })
        };
        cloud.post(&path, half(0)).await.expect(200);
        cloud.post(&path, half(1000)).await.fault(400);
    }

    an_update_says_something(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let id = create(&cloud, json!({ "volume_id": volume, "name": "a", "description": "b" })).await;
        let path = format!("/snapshots/{id}");
        let changed = cloud.put(&path, json!({ "snapshot": { "name": "new", "display_description": null } })).await.expect(200);
        assert_eq!(changed["snapshot"]["name"], "new");
        assert_eq!(changed["snapshot"]["description"], Value::Null);
        cloud.put(&path, json!({ "snapshot": {} })).await.fault(400);
        cloud.put(&path, json!({ "snapshot": { "status": "error" } })).await.fault(400);
        cloud.ask(Persona::OtherMember, "PUT", &path, Some(json!({ "snapshot": { "name": "x" } }))).await.fault(404);
    }

    administrators_say_how_it_is(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        cloud.run().await;
        let action = format!("/snapshots/{id}/action");
        let reset = |status: &str| Some(json!({ "os-reset_status": { "status": status } }));
        cloud.post(&action, reset("error").unwrap()).await.fault(403);
        cloud.ask(Persona::OtherMember, "POST", &action, reset("error")).await.fault(404);
        cloud.admin("POST", &action, reset("creating")).await.expect(202);
        assert_eq!(status(&cloud, &id).await, "creating");
        cloud.delete(&format!("/snapshots/{id}")).await.fault(400);
        let told = |body: Value| Some(json!({ "os-update_snapshot_status": body }));
        cloud.admin("POST", &action, told(json!({ "status": "error", "progress": "80%" }))).await.expect(202);
        let shown = cloud.admin("GET", &format!("/snapshots/{id}"), None).await.expect(200);
        assert_eq!(shown["snapshot"]["os-extended-snapshot-attributes:progress"], "80%");
        assert_eq!(shown["snapshot"]["status"], "error");
        cloud.admin("POST", &action, told(json!({ "status": "available" }))).await.fault(400);
        cloud.admin("POST", &action, told(json!({ "status": "error", "progress": "101%" }))).await.fault(400);
        cloud.admin("POST", &action, reset("gone")).await.fault(400);
        cloud.admin("POST", &action, Some(json!({ "os-nothing": {} }))).await.fault(400);
        cloud.admin("POST", &action, reset("Available")).await.expect(202);
        assert_eq!(status(&cloud, &id).await, "available");
        cloud.admin("POST", &action, reset("backing-up")).await.expect(202);
        cloud.delete(&format!("/snapshots/{id}")).await.fault(400);
        cloud.post(&action, json!({ "os-force_delete": {} })).await.fault(403);
        cloud.admin("POST", &action, Some(json!({ "os-force_delete": {} }))).await.expect(202);
        cloud.run().await;
        assert_eq!(cloud.count(ROWS).await, 0);
    }

    an_encrypted_one_has_a_key_of_its_own(cloud) {
        let volume = given::encrypted(&cloud, 1, "x").await;
        let keys = "SELECT COUNT(*) AS n FROM volume_keys";
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        assert_eq!(cloud.count(keys).await, 2);
        cloud.run().await;
        assert_eq!(status(&cloud, &id).await, "available");
        cloud.delete(&format!("/snapshots/{id}")).await.expect(202);
        cloud.run().await;
        assert_eq!(cloud.count(keys).await, 1);
    }

    a_guest_that_runs_is_copied_by_its_node(cloud) {
        let volume = given::volume(&cloud, 1, "still").await;
        given::attach(&cloud, volume, "nowhere", "3f2504e0-4f89-41d3-9a0c-0305e82c3301").await;
        let lost = create(&cloud, json!({ "volume_id": volume, "force": true })).await;
        cloud.wait(60).await;
        assert_eq!(status(&cloud, &lost).await, "error");
        assert_eq!(cloud.storage[0].size(snapshot_disk(&lost)), None);
        // a server that its host does not have does not run: nobody writes
        let other = given::volume(&cloud, 1, "still").await;
        given::attach(&cloud, other, "sim1", "3f2504e0-4f89-41d3-9a0c-0305e82c3301").await;
        let stopped = create(&cloud, json!({ "volume_id": other, "force": true })).await;
        cloud.run().await;
        assert_eq!(text_on(&cloud, snapshot_disk(&stopped)).await, "still");
    }

    a_process_that_knows_no_host_yet_waits_for_them(cloud) {
        let volume = given::volume(&cloud, 1, "still").await;
        given::attach(&cloud, volume, "sim1", "3f2504e0-4f89-41d3-9a0c-0305e82c3301").await;
        let id = create(&cloud, json!({ "volume_id": volume, "force": true })).await;
        // as after a start: hosts are joined one after the other
        cloud.nodes.leave("sim1");
        cloud.wait(60).await;
        assert_eq!(status(&cloud, &id).await, "creating", "nothing failed");
        cloud.nodes.insert("sim1", std::sync::Arc::new(cloud.node.clone()));
        cloud.wait(10).await;
        assert_eq!((status(&cloud, &id).await.as_str(), text_on(&cloud, snapshot_disk(&id)).await.as_str()), ("available", "still"));
    }

    faults_of_the_backend_end_well(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        cloud.storage[0].fail(Some(SimFault::Failing(1)));
        cloud.run().await;
        assert_eq!(status(&cloud, &id).await, "creating");
        cloud.wait(10).await;
        assert_eq!(status(&cloud, &id).await, "available");
        let full = create(&cloud, json!({ "volume_id": volume })).await;
        cloud.storage[0].fail(Some(SimFault::Full));
        cloud.wait(60).await;
        assert_eq!(status(&cloud, &full).await, "error");
        cloud.storage[0].fail(Some(SimFault::Silent));
        cloud.delete(&format!("/snapshots/{full}")).await.expect(202);
        cloud.wait(60).await;
        assert_eq!(status(&cloud, &full).await, "error_deleting");
        cloud.delete(&format!("/snapshots/{full}")).await.expect(202);
        assert_eq!(status(&cloud, &full).await, "deleting");
        cloud.wait(60).await;
        cloud.storage[0].fail(None);
        // nobody asks again: it goes by itself
        cloud.wait(300).await;
        cloud.get(&format!("/snapshots/{full}")).await.fault(404);
        assert_eq!(cloud.count(SNAPSHOTS_USED).await, 1);
    }

    what_a_dead_process_left_half_done_is_done(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let id = create(&cloud, json!({ "volume_id": volume })).await;
        // the disk was made, and the process died before it wrote that down
        use kogge_storage::{Backend as _, NewDisk, Origin};
        let new = NewDisk { id: snapshot_disk(&id), bytes: 1 << 30, passphrase: None };
        cloud.storage[0].create(new, Origin::Copy(DiskId::Volume(volume))).await.unwrap();
        cloud.run().await;
        cloud.run().await;
        assert_eq!(status(&cloud, &id).await, "available");
        cloud.delete(&format!("/snapshots/{id}")).await.expect(202);
        cloud.storage[0].delete(snapshot_disk(&id)).await.unwrap();
        cloud.run().await;
        cloud.get(&format!("/snapshots/{id}")).await.fault(404);
        assert_eq!(cloud.count(SNAPSHOTS_USED).await, 0);
    }

    the_last_place_is_given_once(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let body = json!({ "snapshot": { "volume_id": volume } });
        let tries = join_all((0..100).map(|_| cloud.post("/snapshots", body.clone()))).await;
        let made = tries.iter().filter(|answer| answer.status == 202).count();
        assert_eq!(made, 10);
        let refused = tries.into_iter().find(|answer| answer.status != 202).unwrap();
        assert_eq!(refused.fault(413), "Maximum number of snapshots allowed (10) exceeded");
        assert_eq!(cloud.count(ROWS).await, 10);
        cloud.run().await;
        let list = cloud.get("/snapshots").await.expect(200);
        let ids: Vec<&str> = list["snapshots"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        let paths: Vec<String> = (0..100).map(|n| format!("/snapshots/{}", ids[n % 10])).collect();
        join_all(paths.iter().map(|path| cloud.delete(path))).await;
        cloud.run().await;
        assert_eq!(cloud.count(ROWS).await, 0);
        assert_eq!(cloud.count(SNAPSHOTS_USED).await, 0);
    }
}

async fn made_by(cloud: &Cloud, id: &str) -> String {
    use kogge_db::{Executor as _, Query};
    let row = Query::new("SELECT user_id FROM volume_snapshots WHERE id = $1").bind(id);
    (&cloud.db).one(row).await.unwrap().text("user_id").unwrap()
}
