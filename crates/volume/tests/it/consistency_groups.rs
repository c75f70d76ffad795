//! Consistency groups: groups under their names of old.

use kogge_auth::testing::Persona;
use kogge_storage::DiskId;
use serde_json::{Value, json};

use super::cloud::{Answer, Cloud, on_both};
use super::given::{self, text_on};

const OLD: &str = "default_cgsnapshot_type";

async fn try_group(cloud: &Cloud, types: &str) -> Answer {
    let new =
        json!({"consistencygroup": {"name": " old ", "description": "d", "volume_types": types, "more": 1}});
    cloud.post("/consistencygroups", new).await
}

/// A group of old, with a volume that has this word.
async fn group(cloud: &Cloud, word: &str) -> (String, kogge_ids::VolumeId) {
    let made = try_group(cloud, "__DEFAULT__,").await.expect(202);
    let id = made["consistencygroup"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made, json!({"consistencygroup": {"id": id, "name": "old"}}));
    let volume = given::volume(cloud, 1, word).await;
    let add = json!({"consistencygroup": {"add_volumes": volume.to_string()}});
    cloud.put(&format!("/consistencygroups/{id}/update"), add).await.expect(202);
    (id, volume)
}

async fn show(cloud: &Cloud, path: &str) -> Value {
    let shown = cloud.get(path).await.expect(200);
    shown.as_object().unwrap().values().next().unwrap().clone()
}

on_both! {
    they_are_made_changed_shown_and_removed(cloud) {
        let (id, volume) = group(&cloud, "x").await;
        let default = show(&cloud, "/types/default").await["id"].clone();
        let path = format!("/consistencygroups/{id}");
        let whole = json!({
            "id": id, "status": "available", "availability_zone": "nova", "name": "old", "description": "d",
            "created_at": show(&cloud, &path).await["created_at"], "volume_types": [default],
        });
        assert_eq!(show(&cloud, &path).await, whole);
        let brief = json!({"consistencygroups": [{"id": id, "name": "old"}]});
        assert_eq!(cloud.get("/consistencygroups").await.expect(200), brief);
        let detail = cloud.get("/consistencygroups/detail").await.expect(200);
        assert_eq!(detail, json!({"consistencygroups": [whole]}));
        cloud.put(&path, json!({"consistencygroup": {"name": "new"}})).await.expect(202);
        assert_eq!(show(&cloud, &path).await["name"], "new");
        cloud.put(&path, json!({"consistencygroup": {"name": ""}})).await.fault(400);
        let made = json!({"volume": {"size": 1, "volume_type": "__DEFAULT__", "consistencygroup_id": id}});
        cloud.post("/volumes", made).await.expect(202);
        cloud.run().await;
        for (who, status) in [(Persona::OtherMember, 404), (Persona::Reader, 200)] {
            assert_eq!(cloud.ask(who, "GET", &path, None).await.status, status);
        }
        let reader = cloud.ask(Persona::Reader, "POST", &format!("{path}/delete"), Some(json!({}))).await;
        assert_eq!(reader.status, 403);
        let out = json!({"consistencygroup": {"remove_volumes": volume.to_string()}});
        cloud.put(&path, out).await.expect(202);
        cloud.post(&format!("{path}/delete"), json!({})).await.fault(400);
        cloud.post(&format!("{path}/delete"), json!({"consistencygroup": {"force": "maybe"}})).await.fault(400);
        cloud.post(&format!("{path}/delete"), json!({"consistencygroup": {"force": true}})).await.expect(202);
        cloud.run().await;
        cloud.get(&path).await.fault(404);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volumes").await, 1, "what left it stays");
        assert_eq!(kogge_volume::miscounted(&cloud.db).await.unwrap(), Vec::<String>::new());
    }

    their_snapshots_are_those_of_groups_and_become_groups_again(cloud) {
        let (id, _) = group(&cloud, "kept").await;
        let new = json!({"cgsnapshot": {"consistencygroup_id": id, "name": " s ", "description": "d"}});
        let made = cloud.post("/cgsnapshots", new).await.expect(202);
        let snapshot = made["cgsnapshot"]["id"].as_str().unwrap().to_owned();
        assert_eq!(made, json!({"cgsnapshot": {"id": snapshot, "name": "s"}}));
        cloud.run().await;
        let path = format!("/cgsnapshots/{snapshot}");
        let whole = json!({
            "id": snapshot, "consistencygroup_id": id, "status": "available", "name": "s", "description": "d",
            "created_at": show(&cloud, &path).await["created_at"],
        });
        assert_eq!(show(&cloud, &path).await, whole);
        let brief = json!({"cgsnapshots": [{"id": snapshot, "name": "s"}]});
        assert_eq!(cloud.get("/cgsnapshots").await.expect(200), brief);
        assert_eq!(cloud.get("/cgsnapshots/detail").await.expect(200), json!({"cgsnapshots": [whole]}));
        for (given, status) in [
            (json!({"cgsnapshot_id": snapshot}), 202), (json!({"source_cgid": id}), 202), (json!({}), 400),
            (json!({"cgsnapshot_id": snapshot, "source_cgid": id}), 400), (json!({"source_cgid": "none"}), 404),
        ] {
            let body = json!({"consistencygroup-from-src": given});
            let answer = cloud.post("/consistencygroups/create_from_src", body).await;
            assert_eq!(answer.status, status, "{given}");
        }
        cloud.run().await;
        let volumes = cloud.get("/volumes").await.expect(200)["volumes"].clone();
        assert_eq!(volumes.as_array().unwrap().len(), 3);
        for volume in volumes.as_array().unwrap() {
            let disk = DiskId::Volume(volume["id"].as_str().unwrap().parse().unwrap());
            assert_eq!(text_on(&cloud, disk).await, "kept");
        }
        assert_eq!(cloud.ask(Persona::OtherMember, "DELETE", &path, None).await.status, 404);
        cloud.delete(&path).await.expect(202);
        cloud.run().await;
        cloud.get(&path).await.fault(404);
    }

    the_routes_of_groups_leave_them_alone(cloud) {
        let (id, _) = group(&cloud, "x").await;
        let new = json!({"cgsnapshot": {"consistencygroup_id": id}});
        let made = cloud.post("/cgsnapshots", new).await.expect(202);
        let snapshot = made["cgsnapshot"]["id"].as_str().unwrap().to_owned();
        cloud.run().await;
        cloud.at("3.71");
        let reserved = |why: String| assert!(why.contains("is reserved for migrating CGs to groups"), "{why}");
        reserved(cloud.get(&format!("/groups/{id}")).await.fault(400));
        reserved(cloud.put(&format!("/groups/{id}"), json!({"group": {"name": "x"}})).await.fault(400));
        reserved(cloud.post(&format!("/groups/{id}/action"), json!({"delete": {}})).await.fault(400));
        reserved(cloud.get(&format!("/group_snapshots/{snapshot}")).await.fault(400));
        reserved(cloud.delete(&format!("/group_snapshots/{snapshot}")).await.fault(400));
        reserved(cloud.post("/group_snapshots", json!({"group_snapshot": {"group_id": id}})).await.fault(400));
        let copy = json!({"create-from-src": {"source_group_id": id}});
        reserved(cloud.post("/groups/action", copy).await.fault(400));
        let new = json!({"group": {"group_type": OLD, "volume_types": ["__DEFAULT__"]}});
        reserved(cloud.post("/groups", new).await.fault(400));
        assert_eq!(cloud.get("/groups").await.expect(200), json!({"groups": []}));
        assert_eq!(cloud.get("/group_snapshots").await.expect(200), json!({"group_snapshots": []}));
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_groups").await, 1);
        let reset = Some(json!({"reset_status": {"status": "error"}}));
        cloud.admin("POST", &format!("/groups/{id}/action"), reset).await.expect(202);
        cloud.ask(Persona::OtherMember, "GET", &format!("/groups/{id}"), None).await.fault(404);
    }

    bad_bodies_and_a_missing_type_are_refused(cloud) {
        for types in ["", ",", "none"] {
            assert!([400, 404].contains(&try_group(&cloud, types).await.status), "{types}");
        }
        for bad in [json!({}), json!({"consistencygroup": 1}), json!({"consistencygroup": {"name": "x"}}),
            json!({"consistencygroup": {"volume_types": ["__DEFAULT__"]}}),
            json!({"consistencygroup": {"volume_types": "a,".repeat(300)}})] {
            cloud.post("/consistencygroups", bad).await.fault(400);
        }
        cloud.post("/cgsnapshots", json!({"cgsnapshot": {}})).await.fault(400);
        cloud.post("/cgsnapshots", json!({"cgsnapshot": {"consistencygroup_id": "x"}})).await.fault(404);
        let all = cloud.at("3.11").admin("GET", "/group_types", None).await.expect(200)["group_types"].clone();
        let id = all.as_array().unwrap().iter().find(|one| one["name"] == OLD).unwrap()["id"].clone();
        cloud.admin("DELETE", &format!("/group_types/{}", id.as_str().unwrap()), None).await.expect(202);
        cloud.volumes.seed().await.unwrap();
        try_group(&cloud, "__DEFAULT__").await.fault(404);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_groups").await, 0);
    }
}
