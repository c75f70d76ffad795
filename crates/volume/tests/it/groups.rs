//! Groups of volumes.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Answer, Cloud, on_both};

/// A type of groups; answers its id. From here on the newest version is asked.
async fn kind(cloud: &mut Cloud) -> String {
    let new = json!({"group_type": {"name": "g"}});
    let made = cloud.at("3.71").admin("POST", "/group_types", Some(new)).await.expect(202);
    made["group_type"]["id"].as_str().unwrap().to_owned()
}

async fn try_group(cloud: &Cloud, extra: Value) -> Answer {
    let mut group = json!({"group_type": "g", "volume_types": ["__DEFAULT__"], "name": " mine "});
    for (key, value) in extra.as_object().unwrap() {
        group[key] = value.clone();
    }
    cloud.post("/groups", json!({ "group": group })).await
}

async fn group(cloud: &Cloud) -> String {
    try_group(cloud, json!({})).await.expect(202)["group"]["id"].as_str().unwrap().to_owned()
}

async fn try_volume(cloud: &Cloud, extra: Value) -> Answer {
    let mut volume = json!({"size": 1, "volume_type": "__DEFAULT__"});
    for (key, value) in extra.as_object().unwrap() {
        volume[key] = value.clone();
    }
    cloud.post("/volumes", json!({ "volume": volume })).await
}

async fn volume(cloud: &Cloud, extra: Value) -> String {
    try_volume(cloud, extra).await.expect(202)["volume"]["id"].as_str().unwrap().to_owned()
}

async fn act(cloud: &Cloud, id: &str, body: Value) -> Answer {
    cloud.post(&format!("/groups/{id}/action"), body).await
}

async fn show(cloud: &Cloud, id: &str) -> Value {
    cloud.get(&format!("/groups/{id}?list_volume=true")).await.expect(200)["group"].clone()
}

on_both! {
    groups_are_made_and_shown_by_version(cloud) {
        let group_type = kind(&mut cloud).await;
        let made = try_group(&cloud, json!({"description": "d"})).await.expect(202);
        let id = made["group"]["id"].as_str().unwrap().to_owned();
        assert_eq!(made, json!({"group": {"id": id, "name": "mine"}}));
        let default = cloud.get("/types/default").await.expect(200)["volume_type"]["id"].clone();
        let mut whole = json!({
            "id": id, "status": "available", "availability_zone": "nova", "created_at": "2027-01-15T08:00:00.000000",
            "name": "mine", "description": "d", "group_type": group_type, "volume_types": [default],
        });
        let path = format!("/groups/{id}?list_volume=true");
        cloud.at("3.12").get(&path).await.fault(404);
        assert_eq!(cloud.at("3.13").get(&path).await.expect(200)["group"], whole);
        whole["group_snapshot_id"] = Value::Null;
        whole["source_group_id"] = Value::Null;
        assert_eq!(cloud.at("3.14").get(&path).await.expect(200)["group"], whole);
        whole["volumes"] = json!([]);
        assert_eq!(cloud.at("3.25").get(&path).await.expect(200)["group"], whole);
        whole["replication_status"] = json!("disabled");
        assert_eq!(cloud.at("3.38").get(&path).await.expect(200)["group"], whole);
        assert_eq!(cloud.at("3.58").get(&path).await.expect(200)["group"], whole, "whose it is, administrators see");
        let admin = cloud.admin("GET", &path, None).await.expect(200);
        assert_eq!(admin["group"]["project_id"], Persona::Member.project_id());
        assert_eq!(cloud.get("/groups").await.expect(200), json!({"groups": [{"id": id, "name": "mine"}]}));
        whole.as_object_mut().unwrap().remove("volumes");
        assert_eq!(cloud.get("/groups/detail?name=mine").await.expect(200), json!({ "groups": [whole] }));
        assert_eq!(cloud.get("/groups?name~=other").await.expect(200), json!({"groups": []}));
        cloud.get("/groups?colour=red").await.fault(400);
        assert_eq!(cloud.ask(Persona::OtherMember, "GET", &path, None).await.status, 404);
        assert_eq!(cloud.ask(Persona::OtherMember, "GET", "/groups", None).await.expect(200), json!({"groups": []}));
        let reader = cloud.ask(Persona::Reader, "POST", "/groups", Some(json!({"group": {
            "group_type": "g", "volume_types": ["__DEFAULT__"]}}))).await;
        assert_eq!(reader.status, 403);
    }

    what_makes_no_sense_is_refused(cloud) {
        kind(&mut cloud).await;
        assert_eq!(try_group(&cloud, json!({"group_type": "x"})).await.fault(404), "Group type x could not be found.");
        try_group(&cloud, json!({"volume_types": ["x"]})).await.fault(404);
        for bad in [
            json!({"volume_types": []}),
            json!({"volume_types": ["__DEFAULT__", "__DEFAULT__"]}),
            json!({"volume_types": "__DEFAULT__"}),
            json!({"name": "a".repeat(256)}),
            json!({"availability_zone": "none"}),
            json!({"more": 1}),
        ] {
            try_group(&cloud, bad).await.fault(400);
        }
        let other = json!({"volume_type": {"name": "other", "extra_specs": {"volume_backend_name": "second"}}});
        cloud.admin("POST", "/types", Some(other)).await.expect(200);
        let why = try_group(&cloud, json!({"volume_types": ["__DEFAULT__", "other"]})).await.fault(400);
        assert!(why.contains("have to be on one backend"), "{why}");
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_groups").await, 0);
        let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
        cloud.admin("PUT", &path, Some(json!({"quota_set": {"groups": 1}}))).await.expect(200);
        group(&cloud).await;
        assert_eq!(try_group(&cloud, json!({})).await.fault(413), "Maximum number of groups allowed (1) exceeded");
        let used = cloud.get(&format!("{path}?usage=true")).await.expect(200)["quota_set"]["groups"].clone();
        assert_eq!(used, json!({"limit": 1, "in_use": 1, "reserved": 0}));
    }

    volumes_join_and_leave(cloud) {
        kind(&mut cloud).await;
        let (id, other) = (group(&cloud).await, group(&cloud).await);
        let path = format!("/groups/{id}");
        let put = async |cloud: &Cloud, change: Value| cloud.put(&path, json!({ "group": change })).await;
        let inside = volume(&cloud, json!({"group_id": id})).await;
        let outside = volume(&cloud, json!({})).await;
        let foreign = volume(&cloud, json!({"volume_type": "encrypted"})).await;
        cloud.run().await;
        assert_eq!(show(&cloud, &id).await["volumes"], json!([inside]));
        put(&cloud, json!({"add_volumes": outside, "name": "new"})).await.expect(202);
        let seen = show(&cloud, &id).await;
        assert_eq!((seen["name"].as_str(), seen["volumes"].as_array().unwrap().len()), (Some("new"), 2));
        let why = cloud.put(&format!("/groups/{other}"), json!({"group": {"add_volumes": outside}})).await.fault(400);
        assert!(why.ends_with(&format!("because it is already in group {id}.")), "{why}");
        let why = put(&cloud, json!({"add_volumes": foreign})).await.fault(400);
        assert!(why.contains("is not supported by the group"), "{why}");
        let why = put(&cloud, json!({"add_volumes": "none"})).await.fault(400);
        assert!(why.ends_with("because volume cannot be found."), "{why}");
        let why = put(&cloud, json!({"remove_volumes": foreign})).await.fault(400);
        assert!(why.ends_with("because it is not in the group."), "{why}");
        let both = json!({"add_volumes": inside, "remove_volumes": inside});
        assert!(put(&cloud, both).await.fault(400).contains("are in both add and remove volume list."));
        let why = put(&cloud, json!({"name": "new"})).await.fault(400);
        assert!(why.contains("because no valid name, description, add_volumes"), "{why}");
        put(&cloud, json!({})).await.fault(400);
        put(&cloud, json!({"remove_volumes": format!("{outside},")})).await.expect(202);
        assert_eq!(show(&cloud, &id).await["volumes"], json!([inside]));
        let why = try_volume(&cloud, json!({"group_id": id, "volume_type": "encrypted"})).await.fault(400);
        assert!(why.contains("requested type must be supported by this group"), "{why}");
        let why = try_volume(&cloud, json!({"group_id": id, "volume_type": null})).await.fault(400);
        assert!(why.ends_with("volume_type must be provided when creating a volume in a group."), "{why}");
        try_volume(&cloud, json!({"group_id": kogge_ids::VolumeGroupId::random().to_string()})).await.fault(404);
        cloud.delete(&format!("/volumes/{inside}")).await.fault(400);
    }

    a_group_goes_with_its_volumes(cloud) {
        kind(&mut cloud).await;
        let empty = group(&cloud).await;
        act(&cloud, &empty, json!({"delete": {}})).await.expect(202);
        cloud.get(&format!("/groups/{empty}")).await.fault(404);
        let id = group(&cloud).await;
        for _ in 0..2 {
            volume(&cloud, json!({"group_id": id})).await;
        }
        cloud.run().await;
        let why = act(&cloud, &id, json!({"delete": {"delete-volumes": false}})).await.fault(400);
        let flag = "The delete-volumes flag is required to delete it.";
        assert_eq!(why, format!("Invalid Group: Group {id} still contains volumes. {flag}"));
        let reader = Some(json!({"delete": {}}));
        let denied = cloud.ask(Persona::Reader, "POST", &format!("/groups/{id}/action"), reader).await;
        assert_eq!(denied.status, 403);
        act(&cloud, &id, json!({"delete": {"delete-volumes": "true"}})).await.expect(202);
        assert_eq!(show(&cloud, &id).await["status"], "deleting");
        try_volume(&cloud, json!({"group_id": id})).await.fault(400);
        cloud.run().await;
        cloud.get(&format!("/groups/{id}")).await.fault(404);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volumes").await, 0);
        assert_eq!(kogge_volume::miscounted(&cloud.db).await.unwrap(), Vec::<String>::new());
        for bad in [json!({}), json!({"delete": {"more": 1}}), json!({"dance": {}})] {
            act(&cloud, &id, bad).await.fault(400);
        }
    }

    groups_are_copied_with_all_that_is_in_them(cloud) {
        kind(&mut cloud).await;
        let source = group(&cloud).await;
        let copy = |from: &str| {
            let body = json!({"create-from-src": {"name": "copy", "source_group_id": from}});
            let cloud = &cloud;
            async move { cloud.post("/groups/action", body).await }
        };
        let why = copy(&source).await.fault(400);
        assert_eq!(why, "Invalid Group: Source Group is empty. No group will be created.");
        for _ in 0..2 {
            volume(&cloud, json!({"group_id": source})).await;
        }
        cloud.run().await;
        let made = copy(&source).await.expect(202)["group"]["id"].as_str().unwrap().to_owned();
        assert_eq!(show(&cloud, &made).await["status"], "creating");
        cloud.run().await;
        let seen = show(&cloud, &made).await;
        assert_eq!((&seen["status"], &seen["source_group_id"]), (&json!("available"), &json!(source)));
        assert_eq!(seen["volumes"].as_array().unwrap().len(), 2);
        assert_eq!(show(&cloud, &source).await["volumes"].as_array().unwrap().len(), 2);
        let none = kogge_ids::VolumeGroupId::random().to_string();
        copy(&none).await.fault(404);
        let gone = json!({"create-from-src": {"group_snapshot_id": none}});
        let why = cloud.post("/groups/action", gone).await.fault(404);
        assert_eq!(why, format!("GroupSnapshot {none} could not be found."));
        cloud.post("/groups/action", json!({"create-from-src": {}})).await.fault(400);
        assert_eq!(kogge_volume::miscounted(&cloud.db).await.unwrap(), Vec::<String>::new());
    }

    other_actions_are_for_administrators_or_refused(cloud) {
        kind(&mut cloud).await;
        let id = group(&cloud).await;
        let reset = json!({"reset_status": {"status": "ERROR"}});
        act(&cloud, &id, reset.clone()).await.fault(403);
        let path = format!("/groups/{id}/action");
        cloud.admin("POST", &path, Some(reset)).await.expect(202);
        assert_eq!(show(&cloud, &id).await["status"], "error");
        let bad = json!({"reset_status": {"status": "tired"}});
        cloud.admin("POST", &path, Some(bad)).await.fault(400);
        for name in ["enable_replication", "disable_replication", "failover_replication", "list_replication_targets"] {
            let why = act(&cloud, &id, json!({ name: {} })).await.fault(400);
            assert_eq!(why, format!("Invalid group type: Group {id} is not a replication group type."));
        }
        cloud.at("3.37");
        act(&cloud, &id, json!({"enable_replication": {}})).await.fault(400);
    }

    a_hundred_groups_at_once_never_pass_a_limit(cloud) {
        kind(&mut cloud).await;
        let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
        cloud.admin("PUT", &path, Some(json!({"quota_set": {"groups": 7}}))).await.expect(200);
        let cloud = &cloud;
        let answers = futures_util::future::join_all((0..100).map(|_| try_group(cloud, json!({})))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 7);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_groups").await, 7);
    }
}
