//! Qualities of service.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

async fn make(cloud: &Cloud, name: &str, extra: Value) -> String {
    let mut specs = json!({ "name": name });
    for (key, value) in extra.as_object().unwrap() {
        specs[key] = value.clone();
    }
    let made = cloud.admin("POST", "/qos-specs", Some(json!({ "qos_specs": specs }))).await.expect(200);
    made["qos_specs"]["id"].as_str().unwrap().to_owned()
}

async fn make_type(cloud: &Cloud, name: &str) -> String {
    let made = cloud.admin("POST", "/types", Some(json!({"volume_type": {"name": name}}))).await.expect(200);
    made["volume_type"]["id"].as_str().unwrap().to_owned()
}

on_both! {
    qualities_are_made_changed_and_removed(cloud) {
        let new = json!({"qos_specs": {"name": " fast ", "consumer": "front-end", "total_iops_sec": "100"}});
        cloud.post("/qos-specs", new.clone()).await.fault(403);
        let made = cloud.admin("POST", "/qos-specs", Some(new.clone())).await.expect(200);
        let id = made["qos_specs"]["id"].as_str().unwrap().to_owned();
        let project = Persona::Admin.project_id();
        let whole = json!({
            "qos_specs": {"id": id, "name": "fast", "consumer": "front-end", "specs": {"total_iops_sec": "100"}},
            "links": [
                {"rel": "self", "href": format!("http://cloud.example/volume/v3/{project}/qos-specs/{id}")},
                {"rel": "bookmark", "href": format!("http://cloud.example/volume/{project}/qos-specs/{id}")},
            ],
        });
        assert_eq!(made, whole);
        let path = format!("/qos-specs/{id}");
        assert_eq!(cloud.admin("GET", &path, None).await.expect(200), whole);
        cloud.get(&path).await.fault(403);
        cloud.get("/qos-specs").await.fault(403);
        assert_eq!(cloud.admin("POST", "/qos-specs", Some(new)).await.fault(409), "QoS Specs fast already exists.");
        let change = json!({"qos_specs": {"consumer": "both", "read_iops_sec": "5"}});
        assert_eq!(cloud.admin("PUT", &path, Some(change.clone())).await.expect(200), change);
        let now = cloud.admin("GET", &path, None).await.expect(200)["qos_specs"].clone();
        assert_eq!(now["specs"], json!({"total_iops_sec": "100", "read_iops_sec": "5"}));
        assert_eq!(now["consumer"], "both");
        let keys = json!({"keys": ["read_iops_sec", "none"]});
        let why = cloud.admin("PUT", &format!("{path}/delete_keys"), Some(keys)).await.fault(404);
        assert_eq!(why, format!("QoS spec {id} has no spec with key none."));
        let keys = json!({"keys": ["read_iops_sec"]});
        cloud.admin("PUT", &format!("{path}/delete_keys"), Some(keys)).await.expect(202);
        let second = make(&cloud, "second", json!({})).await;
        let list = cloud.admin("GET", "/qos-specs?name=second", None).await.expect(200);
        let other = json!({"id": second, "name": "second", "consumer": "back-end", "specs": {}});
        assert_eq!(list, json!({ "qos_specs": [other] }));
        let page = cloud.admin("GET", "/qos-specs?limit=1&sort=id:asc", None).await.expect(200);
        assert_eq!(page["qos_specs"].as_array().unwrap().len(), 1);
        assert!(page["qos_specs_links"][0]["href"].as_str().unwrap().contains("marker="));
        cloud.admin("DELETE", &path, None).await.expect(202);
        assert_eq!(cloud.admin("GET", &path, None).await.fault(404), format!("No such QoS spec {id}."));
    }

    what_makes_no_sense_is_refused(cloud) {
        let id = make(&cloud, "kept", json!({"a": "b"})).await;
        for body in [
            json!({"qos_specs": {}}),
            json!({"qos_specs": {"name": " "}}),
            json!({"qos_specs": {"name": "a".repeat(256)}}),
            json!({"qos_specs": {"name": "a", "b": 1}}),
            json!({"qos_specs": {"name": "a", "b": "c".repeat(256)}}),
            json!({"qos_specs": {"name": "a", "consumer": "nobody"}}),
            json!({"qos_specs": {"name": "a"}, "more": 1}),
        ] {
            cloud.admin("POST", "/qos-specs", Some(body)).await.fault(400);
        }
        let bad = json!({"qos_specs": {"consumer": "nobody"}});
        let why = cloud.admin("PUT", &format!("/qos-specs/{id}"), Some(bad)).await.fault(400);
        assert!(why.starts_with("Invalid qos specs: Valid consumer of QoS specs are: "), "{why}");
        for bad in [json!({"keys": "a"}), json!({"keys": ["a", "a"]}), json!({"keys": [1]}), json!({})] {
            cloud.admin("PUT", &format!("/qos-specs/{id}/delete_keys"), Some(bad)).await.fault(400);
        }
        let kept = cloud.admin("GET", &format!("/qos-specs/{id}"), None).await.expect(200);
        assert_eq!(kept["qos_specs"]["specs"], json!({"a": "b"}));
    }

    types_are_associated_and_let_go(cloud) {
        let (one, two) = (make(&cloud, "one", json!({})).await, make(&cloud, "two", json!({})).await);
        let kind = make_type(&cloud, "kind").await;
        let ask = |id: &str, verb: &str| {
            let path = format!("/qos-specs/{id}/{verb}?vol_type_id={kind}");
            let cloud = &cloud;
            async move { cloud.admin("GET", &path, None).await }
        };
        ask(&one, "associate").await.expect(202);
        ask(&one, "associate").await.expect(202);
        let why = ask(&two, "associate").await.fault(400);
        let words = format!("Type {kind} is already associated with another qos specs: {one}");
        assert_eq!(why, format!("Invalid volume type: {words}"));
        let list = cloud.admin("GET", &format!("/qos-specs/{one}/associations"), None).await.expect(200);
        let tie = json!({"association_type": "volume_type", "name": "kind", "id": kind});
        assert_eq!(list, json!({ "qos_associations": [tie] }));
        let seen = cloud.admin("GET", &format!("/types/{kind}"), None).await.expect(200);
        assert_eq!(seen["volume_type"]["qos_specs_id"], one[..]);
        assert_eq!(cloud.admin("DELETE", &format!("/qos-specs/{one}"), None).await.fault(400), "Qos specs still in use.");
        ask(&two, "disassociate").await.expect(202);
        assert_eq!(ask(&one, "associate").await.status, 202, "what another one has stays");
        ask(&one, "disassociate").await.expect(202);
        ask(&two, "associate").await.expect(202);
        cloud.admin("GET", &format!("/qos-specs/{two}/disassociate_all"), None).await.expect(202);
        ask(&one, "associate").await.expect(202);
        let why = cloud.admin("GET", &format!("/qos-specs/{one}/associate"), None).await.fault(400);
        assert_eq!(why, "Volume Type id must not be None.");
        let none = format!("/qos-specs/{one}/associate?vol_type_id=none");
        assert_eq!(cloud.admin("GET", &none, None).await.fault(404), "Volume type none could not be found.");
        cloud.admin("DELETE", &format!("/qos-specs/{one}?force=maybe"), None).await.fault(400);
        cloud.admin("DELETE", &format!("/qos-specs/{one}?force=true"), None).await.expect(202);
        let seen = cloud.admin("GET", &format!("/types/{kind}"), None).await.expect(200);
        assert_eq!(seen["volume_type"]["qos_specs_id"], Value::Null);
        cloud.ask(Persona::Reader, "GET", &format!("/qos-specs/{two}/associations"), None).await.fault(403);
    }
}
