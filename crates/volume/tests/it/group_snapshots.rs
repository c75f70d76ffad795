//! Snapshots of groups: all of a group or none, shown by version, gone with the last part.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_storage::{DiskId, SimFault};
use serde_json::{Value, json};

use super::cloud::{Answer, Cloud, on_both};
use super::given::{self, snapshot_disk, text_on};

/// A group with two volumes that have these words; from here on the newest version is asked.
async fn group(cloud: &mut Cloud, words: [&str; 2]) -> (String, Vec<DiskId>) {
    let kind = json!({"group_type": {"name": "g", "group_specs": {}}});
    let made = cloud.at("3.71").admin("POST", "/group_types", Some(kind)).await;
    assert!([202, 409].contains(&made.status), "{made:?}");
    let new = json!({"group": {"group_type": "g", "volume_types": ["__DEFAULT__"], "name": "mine"}});
    let id = cloud.post("/groups", new).await.expect(202)["group"]["id"].as_str().unwrap().to_owned();
    let mut disks = Vec::new();
    for word in words {
        let volume = given::volume(cloud, 1, word).await;
        let add = json!({"group": {"add_volumes": volume.to_string()}});
        cloud.put(&format!("/groups/{id}"), add).await.expect(202);
        disks.push(DiskId::Volume(volume));
    }
    (id, disks)
}

async fn try_copy(cloud: &Cloud, group: &str) -> Answer {
    let new = json!({"group_snapshot": {"group_id": group, "name": " s ", "description": "d"}});
    cloud.post("/group_snapshots", new).await
}

async fn copy(cloud: &Cloud, group: &str) -> String {
    try_copy(cloud, group).await.expect(202)["group_snapshot"]["id"].as_str().unwrap().to_owned()
}

async fn show(cloud: &Cloud, id: &str) -> Value {
    cloud.get(&format!("/group_snapshots/{id}")).await.expect(200)["group_snapshot"].clone()
}

/// The snapshots in it.
async fn parts(cloud: &Cloud, id: &str) -> Vec<String> {
    let all = cloud.get("/snapshots/detail").await.expect(200)["snapshots"].clone();
    let inside = all.as_array().unwrap().iter().filter(|one| one["group_snapshot_id"] == id);
    inside.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn whole_counts(cloud: &Cloud) {
    assert_eq!(kogge_volume::miscounted(&cloud.db).await.unwrap(), Vec::<String>::new());
}

const ROWS: &str = "SELECT COUNT(*) AS n FROM volume_group_snapshots";
const PARTS: &str = "SELECT COUNT(*) AS n FROM volume_snapshots";

on_both! {
    it_is_shown_by_version_and_to_its_project(cloud) {
        let (group, _) = group(&mut cloud, ["a", "b"]).await;
        let made = try_copy(&cloud, &group).await.expect(202);
        let id = made["group_snapshot"]["id"].as_str().unwrap().to_owned();
        let path = format!("/group_snapshots/{id}");
        let kind = cloud.get(&format!("/groups/{group}")).await.expect(200)["group"]["group_type"].clone();
        assert_eq!(made, json!({"group_snapshot": {"id": id, "name": " s ", "group_type_id": kind}}));
        assert_eq!(show(&cloud, &id).await["status"], "creating");
        cloud.run().await;
        let whole = json!({
            "id": id, "group_id": group, "group_type_id": kind, "status": "available", "name": " s ", "description": "d",
            "created_at": show(&cloud, &id).await["created_at"],
        });
        cloud.at("3.13").get(&path).await.fault(404);
        for version in ["3.14", "3.58", "3.71"] {
            assert_eq!(cloud.at(version).get(&path).await.expect(200), json!({ "group_snapshot": whole }));
        }
        let mut theirs = whole.clone();
        theirs["project_id"] = json!(Persona::Member.project_id());
        assert_eq!(cloud.admin("GET", &path, None).await.expect(200)["group_snapshot"], theirs);
        assert_eq!(cloud.at("3.57").admin("GET", &path, None).await.expect(200)["group_snapshot"], whole);
        cloud.at("3.71");
        let brief = json!({"group_snapshots": [{"id": id, "name": " s "}]});
        for query in ["", "?status=available", "?name~=s", "?status~=avail"] {
            assert_eq!(cloud.get(&format!("/group_snapshots{query}")).await.expect(200), brief, "{query}");
        }
        let none = json!({"group_snapshots": []});
        let other = kogge_ids::VolumeGroupId::random();
        for query in ["?status=error".to_owned(), "?name=other".to_owned(), format!("?group_id={other}")] {
            assert_eq!(cloud.get(&format!("/group_snapshots{query}")).await.expect(200), none, "{query}");
        }
        let detail = format!("/group_snapshots/detail?group_id={group}");
        assert_eq!(cloud.get(&detail).await.expect(200), json!({ "group_snapshots": [whole] }));
        cloud.get("/group_snapshots?colour=red").await.fault(400);
        // before lists had pages they had no filters
        assert_eq!(cloud.at("3.28").get("/group_snapshots?name=other&limit=0").await.expect(200), brief);
        cloud.at("3.71");
        for (who, method, status) in [
            (Persona::OtherMember, "GET", 404), (Persona::OtherMember, "DELETE", 404), (Persona::Reader, "GET", 200),
            (Persona::Reader, "DELETE", 403),
        ] {
            assert_eq!(cloud.ask(who, method, &path, None).await.status, status, "{who:?} {method}");
        }
        let foreign = Some(json!({"group_snapshot": {"group_id": group}}));
        assert_eq!(cloud.ask(Persona::OtherMember, "POST", "/group_snapshots", foreign.clone()).await.status, 404);
        assert_eq!(cloud.ask(Persona::Reader, "POST", "/group_snapshots", foreign).await.status, 403);
        assert_eq!(cloud.ask(Persona::OtherMember, "GET", "/group_snapshots", None).await.expect(200), none);
    }

    a_page_leads_to_the_next(cloud) {
        let (group, _) = group(&mut cloud, ["a", "b"]).await;
        for _ in 0..3 {
            copy(&cloud, &group).await;
        }
        let first = cloud.get("/group_snapshots?limit=2").await.expect(200);
        let next = first["group_snapshot_links"][0]["href"].as_str().unwrap().to_owned();
        let rest = cloud.get(next.split_once("/v3").unwrap().1).await.expect(200);
        assert_eq!((first["group_snapshots"].as_array().unwrap().len(), rest["group_snapshots"].as_array().unwrap().len()), (2, 1));
    }

    what_was_on_all_volumes_comes_back_as_a_group(cloud) {
        let (source, disks) = group(&mut cloud, ["one", "two"]).await;
        let id = copy(&cloud, &source).await;
        cloud.run().await;
        for disk in disks {
            cloud.storage[0].write(disk, given::AT, b"new");
        }
        let mut seen = Vec::new();
        for part in parts(&cloud, &id).await {
            seen.push(text_on(&cloud, snapshot_disk(&part)).await);
        }
        seen.sort();
        assert_eq!(seen, ["one", "two"]);
        let body = json!({"create-from-src": {"name": "back", "group_snapshot_id": id}});
        assert_eq!(cloud.ask(Persona::OtherMember, "POST", "/groups/action", Some(body.clone())).await.status, 404);
        let made = cloud.post("/groups/action", body).await.expect(202)["group"]["id"].as_str().unwrap().to_owned();
        let why = cloud.delete(&format!("/group_snapshots/{id}")).await.fault(400);
        assert!(why.contains("no Group can be currently using it as source"), "{why}");
        cloud.run().await;
        let back = cloud.get(&format!("/groups/{made}?list_volume=true")).await.expect(200)["group"].clone();
        assert_eq!((&back["status"], &back["group_snapshot_id"]), (&json!("available"), &json!(id)));
        let mut words = Vec::new();
        for volume in back["volumes"].as_array().unwrap() {
            words.push(text_on(&cloud, DiskId::Volume(volume.as_str().unwrap().parse().unwrap())).await);
        }
        words.sort();
        assert_eq!(words, ["one", "two"]);
        whole_counts(&cloud).await;
    }

    it_goes_with_its_last_part_and_holds_its_group(cloud) {
        let (source, _) = group(&mut cloud, ["a", "b"]).await;
        let id = copy(&cloud, &source).await;
        cloud.run().await;
        let why = cloud.post(&format!("/groups/{source}/action"), json!({"delete": {"delete-volumes": true}})).await.fault(400);
        assert_eq!(why, "Invalid Group: Group has existing snapshots.");
        let part = parts(&cloud, &id).await.remove(0);
        let why = cloud.delete(&format!("/snapshots/{part}")).await.fault(400);
        assert!(why.contains("must not be part of a group"), "{why}");
        cloud.admin("POST", &format!("/snapshots/{part}/action"), Some(json!({"os-force_delete": {}}))).await.fault(400);
        cloud.storage[0].fail(Some(SimFault::Failing(1000)));
        cloud.delete(&format!("/group_snapshots/{id}")).await.expect(202);
        assert_eq!(show(&cloud, &id).await["status"], "deleting");
        cloud.delete(&format!("/group_snapshots/{id}")).await.fault(400);
        cloud.wait(60).await;
        assert_eq!(show(&cloud, &id).await["status"], "error_deleting", "it is tried on");
        cloud.storage[0].fail(None);
        cloud.wait(600).await;
        cloud.get(&format!("/group_snapshots/{id}")).await.fault(404);
        assert_eq!(cloud.count(PARTS).await, 0);
        cloud.post(&format!("/groups/{source}/action"), json!({"delete": {"delete-volumes": true}})).await.expect(202);
        cloud.run().await;
        cloud.get(&format!("/groups/{source}")).await.fault(404);
        whole_counts(&cloud).await;
    }

    all_or_none_are_made(cloud) {
        let (source, _) = group(&mut cloud, ["a", "b"]).await;
        let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
        cloud.admin("PUT", &path, Some(json!({"quota_set": {"snapshots": 1}}))).await.expect(200);
        try_copy(&cloud, &source).await.fault(413);
        assert_eq!((cloud.count(ROWS).await, cloud.count(PARTS).await), (0, 0));
        cloud.admin("PUT", &path, Some(json!({"quota_set": {"snapshots": 6}}))).await.expect(200);
        let shared = &cloud;
        let answers = join_all((0..100).map(|_| try_copy(shared, &source))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 3);
        assert_eq!((cloud.count(ROWS).await, cloud.count(PARTS).await), (3, 6));
        whole_counts(&cloud).await;
        cloud.storage[0].fail(Some(SimFault::Failing(1000)));
        cloud.wait(120).await;
        let all = cloud.get("/group_snapshots/detail").await.expect(200)["group_snapshots"].clone();
        assert!(all.as_array().unwrap().iter().all(|one| one["status"] == "error"), "{all}");
    }

    an_empty_group_has_an_empty_snapshot(cloud) {
        let (source, _) = group(&mut cloud, ["a", "b"]).await;
        let volumes = cloud.get(&format!("/groups/{source}?list_volume=true")).await.expect(200)["group"]["volumes"].clone();
        let ids: Vec<&str> = volumes.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        cloud.put(&format!("/groups/{source}"), json!({"group": {"remove_volumes": ids.join(",")}})).await.expect(202);
        let id = copy(&cloud, &source).await;
        assert_eq!(show(&cloud, &id).await["status"], "available");
        let why = cloud.post("/groups/action", json!({"create-from-src": {"group_snapshot_id": id}})).await.fault(400);
        assert_eq!(why, "Invalid Group: Group snapshot is empty. No group will be created.");
        cloud.delete(&format!("/group_snapshots/{id}")).await.expect(202);
        cloud.get(&format!("/group_snapshots/{id}")).await.fault(404);
    }

    bodies_and_states_are_checked(cloud) {
        let (source, disks) = group(&mut cloud, ["a", "b"]).await;
        let id = copy(&cloud, &source).await;
        cloud.run().await;
        for bad in [
            json!({}), json!({"group_id": "x"}), json!({"group_id": source, "name": "a".repeat(256)}),
            json!({"group_id": source, "description": "a".repeat(256)}), json!({"group_id": source, "more": 1}),
            json!({"group_id": source, "name": 5}),
        ] {
            cloud.post("/group_snapshots", json!({ "group_snapshot": bad })).await.fault(400);
        }
        let none = kogge_ids::VolumeGroupId::random().to_string();
        assert_eq!(try_copy(&cloud, &none).await.fault(404), format!("Group {none} could not be found."));
        let action = format!("/group_snapshots/{id}/action");
        cloud.post(&action, json!({"reset_status": {"status": "error"}})).await.fault(403);
        for bad in [json!({"reset_status": {"status": "tired"}}), json!({"reset_status": {"status": " "}}),
            json!({"reset_status": {}}), json!({"dance": {}}), json!({"reset_status": {"status": "error", "more": 1}})] {
            cloud.admin("POST", &action, Some(bad)).await.fault(400);
        }
        cloud.admin("POST", &action, Some(json!({"reset_status": {"status": "ERROR"}}))).await.expect(202);
        cloud.run().await;
        assert_eq!(show(&cloud, &id).await["status"], "error", "what an administrator says holds");
        cloud.at("3.18").admin("POST", &action, Some(json!({"reset_status": {"status": "error"}}))).await.fault(404);
        cloud.at("3.71");
        let DiskId::Volume(volume) = disks[0] else { panic!("it is a volume") };
        let reset = json!({"os-reset_status": {"status": "error"}});
        cloud.admin("POST", &format!("/volumes/{volume}/action"), Some(reset)).await.expect(202);
        try_copy(&cloud, &source).await.fault(400);
        assert_eq!(cloud.count(ROWS).await, 1);
    }

    one_moment_is_promised_where_it_can_be_kept(cloud) {
        let (source, disks) = group(&mut cloud, ["a", "b"]).await;
        let DiskId::Volume(volume) = disks[0] else { panic!("it is a volume") };
        let id = cloud.get(&format!("/groups/{source}")).await.expect(200)["group"]["group_type"].clone();
        let specs = format!("/group_types/{}/group_specs", id.as_str().unwrap());
        let asked = json!({"group_specs": {"consistent_group_snapshot_enabled": "<is> True"}});
        cloud.admin("POST", &specs, Some(asked)).await.expect(202);
        copy(&cloud, &source).await;
        cloud.run().await;
        given::attach(&cloud, volume, "sim1", "3f2504e0-4f89-41d3-9a0c-0305e82c3301").await;
        let why = try_copy(&cloud, &source).await.fault(400);
        assert!(why.contains("snapshots of one moment"), "{why}");
        let not = json!({"group_specs": {"consistent_group_snapshot_enabled": "<is> False"}});
        cloud.admin("POST", &specs, Some(not)).await.expect(202);
        copy(&cloud, &source).await;
        assert_eq!(cloud.count(ROWS).await, 2);
    }

    a_part_is_not_handed_to_another_project(cloud) {
        let (source, disks) = group(&mut cloud, ["a", "b"]).await;
        copy(&cloud, &source).await;
        cloud.run().await;
        let DiskId::Volume(volume) = disks[0] else { panic!("it is a volume") };
        cloud.put(&format!("/groups/{source}"), json!({"group": {"remove_volumes": volume.to_string()}})).await.expect(202);
        let offer = json!({"transfer": {"volume_id": volume.to_string()}});
        let why = cloud.post("/volume-transfers", offer).await.fault(400);
        assert!(why.ends_with("must not be part of a group's"), "{why}");
    }

    a_snapshot_stays_while_a_volume_is_made_of_it(cloud) {
        let volume = given::volume(&cloud, 1, "kept").await;
        let new = json!({"snapshot": {"volume_id": volume}});
        let snapshot = cloud.post("/snapshots", new).await.expect(202)["snapshot"]["id"].as_str().unwrap().to_owned();
        cloud.run().await;
        let new = json!({"volume": {"snapshot_id": snapshot, "size": 1}});
        let made = cloud.post("/volumes", new).await.expect(202)["volume"]["id"].as_str().unwrap().to_owned();
        cloud.delete(&format!("/snapshots/{snapshot}")).await.expect(202);
        cloud.storage[0].fail(Some(SimFault::Failing(1)));
        cloud.wait(60).await;
        assert_eq!(cloud.get(&format!("/volumes/{made}")).await.expect(200)["volume"]["status"], "available");
        assert_eq!(text_on(&cloud, DiskId::Volume(made.parse().unwrap())).await, "kept");
        assert_eq!(cloud.count(PARTS).await, 0);
    }
}
