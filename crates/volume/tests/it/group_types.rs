//! Types of groups.

use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

on_both! {
    group_types_are_made_changed_and_removed(cloud) {
        let new = json!({"group_type": {"name": "g", "description": "d", "group_specs": {"a": "b"}}});
        cloud.admin("POST", "/group_types", Some(new.clone())).await.fault(404);
        cloud.at("3.11").post("/group_types", new.clone()).await.fault(403);
        // that of consistency groups is there from the first
        let old = "/group_types/5e1f0b5c-61a5-5b0c-9a5e-0d4b3f8c2a17";
        cloud.admin("DELETE", old, None).await.expect(202);
        let made = cloud.admin("POST", "/group_types", Some(new.clone())).await.expect(202)["group_type"].clone();
        let id = made["id"].as_str().unwrap();
        let mut whole = json!({
            "id": id, "name": "g", "description": "d", "is_public": true, "group_specs": {"a": "b"},
        });
        assert_eq!(made, whole);
        assert_eq!(cloud.admin("POST", "/group_types", Some(new)).await.fault(409), "Group Type g already exists.");
        let path = format!("/group_types/{id}");
        assert_eq!(cloud.admin("GET", &path, None).await.expect(200)["group_type"], whole);
        whole.as_object_mut().unwrap().remove("group_specs");
        assert_eq!(cloud.get(&path).await.expect(200)["group_type"], whole);
        assert_eq!(cloud.get("/group_types").await.expect(200), json!({ "group_types": [whole] }));
        let change = json!({"group_type": {"name": "h", "is_public": false}});
        cloud.put(&path, change.clone()).await.fault(403);
        let changed = cloud.admin("PUT", &path, Some(change)).await.expect(200)["group_type"].clone();
        assert_eq!((&changed["name"], &changed["is_public"]), (&json!("h"), &json!(false)));
        assert_eq!(cloud.get(&path).await.fault(404), format!("Group type {id} could not be found."));
        assert_eq!(cloud.get("/group_types?is_public=None").await.expect(200), json!({"group_types": []}));
        let all = cloud.admin("GET", "/group_types?is_public=None", None).await.expect(200);
        assert_eq!(all["group_types"].as_array().unwrap().len(), 1);
        let put = |kind: Value| cloud.admin("PUT", &path, Some(json!({ "group_type": kind })));
        let nothing = "Specify group type name, description or a combination thereof.";
        assert_eq!(put(json!({})).await.fault(400), nothing);
        assert_eq!(put(json!({"name": " "})).await.fault(400), "Group type name can not be empty.");
        for bad in [json!({}), json!({"name": ""}), json!({"name": "a", "more": 1}), json!({"name": "a", "is_public": 3})] {
            cloud.admin("POST", "/group_types", Some(json!({ "group_type": bad }))).await.fault(400);
        }
        cloud.delete(&path).await.fault(403);
        cloud.admin("DELETE", &path, None).await.expect(202);
        cloud.admin("GET", &path, None).await.fault(404);
    }

    group_specs_are_for_administrators(cloud) {
        let new = json!({"group_type": {"name": "g"}});
        let made = cloud.at("3.11").admin("POST", "/group_types", Some(new)).await.expect(202);
        let id = made["group_type"]["id"].as_str().unwrap();
        let path = format!("/group_types/{id}/group_specs");
        let body = json!({"group_specs": {"consistent_group_snapshot_enabled": "<is> True", "n": null}});
        cloud.get(&path).await.fault(403);
        cloud.post(&path, body.clone()).await.fault(403);
        assert_eq!(cloud.admin("POST", &path, Some(body.clone())).await.expect(202), body);
        let one = format!("{path}/n");
        assert_eq!(cloud.admin("PUT", &one, Some(json!({"n": "1"}))).await.expect(200), json!({"n": "1"}));
        assert_eq!(cloud.admin("GET", &one, None).await.expect(200), json!({"n": "1"}));
        cloud.admin("PUT", &one, Some(json!({"m": "1"}))).await.fault(400);
        cloud.admin("DELETE", &one, None).await.expect(202);
        let why = cloud.admin("DELETE", &one, None).await.fault(404);
        assert_eq!(why, format!("Group Type {id} has no specs with key n."));
        let all = cloud.admin("GET", &path, None).await.expect(200);
        assert_eq!(all, json!({"group_specs": {"consistent_group_snapshot_enabled": "<is> True"}}));
    }
}
