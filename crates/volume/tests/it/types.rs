//! Volume types: their life, who sees what of them, their parts, default types.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

fn names(list: &Value) -> Vec<String> {
    list["volume_types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Makes a type; answers its id.
async fn make(cloud: &Cloud, name: &str, extra: Value) -> String {
    let mut kind = json!({ "name": name });
    for (key, value) in extra.as_object().unwrap() {
        kind[key] = value.clone();
    }
    let made = cloud.admin("POST", "/types", Some(json!({ "volume_type": kind }))).await.expect(200);
    made["volume_type"]["id"].as_str().unwrap().to_owned()
}

on_both! {
    types_are_made_changed_and_removed_by_administrators(cloud) {
        let new = json!({"volume_type": {"name": "fast", "description": "d", "extra_specs": {"a b/c": "1", "n": null}}});
        cloud.post("/types", new.clone()).await.fault(403);
        let made = cloud.admin("POST", "/types", Some(new.clone())).await.expect(200)["volume_type"].clone();
        let id = made["id"].as_str().unwrap();
        assert_eq!(made, json!({
            "id": id, "name": "fast", "description": "d", "is_public": true,
            "extra_specs": {"a b/c": "1", "n": ""}, "os-volume-type-access:is_public": true,
        }));
        assert_eq!(cloud.admin("POST", "/types", Some(new)).await.fault(409), "Volume Type fast already exists.");
        let path = format!("/types/{id}");
        let seen = cloud.get(&path).await.expect(200)["volume_type"].clone();
        assert_eq!(seen, json!({
            "id": id, "name": "fast", "description": "d", "is_public": true, "extra_specs": {},
            "os-volume-type-access:is_public": true,
        }));
        let reader = cloud.ask(Persona::Reader, "GET", &path, None).await.expect(200);
        assert_eq!(reader["volume_type"].get("os-volume-type-access:is_public"), None);
        let change = json!({"volume_type": {"name": "slow", "description": ""}});
        cloud.put(&path, change.clone()).await.fault(403);
        let changed = cloud.admin("PUT", &path, Some(change)).await.expect(200)["volume_type"].clone();
        assert_eq!((&changed["name"], &changed["description"]), (&json!("slow"), &json!("")));
        assert_eq!(changed.get("os-volume-type-access:is_public"), None);
        cloud.delete(&path).await.fault(403);
        cloud.admin("DELETE", &path, None).await.expect(202);
        assert_eq!(cloud.admin("GET", &path, None).await.fault(404), format!("Volume type {id} could not be found."));
    }

    what_makes_no_sense_is_refused_in_cinders_words(cloud) {
        let id = make(&cloud, "kind", json!({})).await;
        let mut refused = Vec::new();
        for body in [
            json!({"volume_type": {}}),
            json!({"volume_type": {"name": ""}}),
            json!({"volume_type": {"name": "  "}}),
            json!({"volume_type": {"name": "a".repeat(256)}}),
            json!({"volume_type": {"name": "a", "extra_specs": {"ä": "1"}}}),
            json!({"volume_type": {"name": "a", "extra_specs": {"a": 1}}}),
            json!({"volume_type": {"name": "a", "more": 1}}),
            json!({"volume_type": {"name": "a", "description": "b".repeat(256)}}),
            json!({"volume_type": {"name": "a", "os-volume-type-access:is_public": 7}}),
        ] {
            refused.push(cloud.admin("POST", "/types", Some(body)).await.fault(400));
        }
        assert!(refused[0].ends_with("'name' is a required property"), "{}", refused[0]);
        assert_eq!(refused[2], "An invalid 'name' value was provided. The 'name' can not be empty.");
        assert!(refused[6].ends_with("Additional properties are not allowed ('more' was unexpected)"));
        let put = |kind: Value| cloud.admin("PUT", "/types/x", Some(json!({ "volume_type": kind })));
        assert_eq!(put(json!({"name": "n"})).await.status, 404);
        let path = format!("/types/{id}");
        let put = |kind: Value| cloud.admin("PUT", &path, Some(json!({ "volume_type": kind })));
        let nothing = "Specify volume type name, description, is_public or a combination thereof.";
        assert_eq!(put(json!({"name": null})).await.fault(400), nothing);
        assert_eq!(put(json!({"name": " "})).await.fault(400), "Volume type name can not be empty.");
        assert_eq!(put(json!({"name": "encrypted"})).await.fault(409), "Volume Type encrypted already exists.");
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_types").await, 4, "nothing else was made");
    }

    default_types_and_types_in_use_stay(cloud) {
        let default = cloud.get("/types/default").await.expect(200)["volume_type"].clone();
        assert_eq!(default["name"], "__DEFAULT__");
        let path = format!("/types/{}", default["id"].as_str().unwrap());
        let why = cloud.admin("DELETE", &path, None).await.fault(400);
        assert!(why.ends_with("is a default volume type and cannot be deleted."), "{why}");
        let id = make(&cloud, "used", json!({"extra_specs": {"a": "b"}})).await;
        let path = format!("/types/{id}");
        cloud.add_volume(&id, Persona::Member).await;
        assert_eq!(cloud.admin("DELETE", &path, None).await.fault(400), "Target volume type is still in use.");
        let specs = format!("{path}/extra_specs");
        let body = json!({"extra_specs": {"a": "c"}});
        let why = "Volume Type is currently in use.";
        assert_eq!(cloud.admin("POST", &specs, Some(body)).await.fault(400), why);
        assert_eq!(cloud.admin("PUT", &format!("{specs}/a"), Some(json!({"a": "c"}))).await.fault(400), why);
        assert_eq!(cloud.admin("DELETE", &format!("{specs}/a"), None).await.fault(400), why);
        let cipher = format!("{path}/encryption");
        let body = json!({"encryption": {"provider": "luks", "control_location": "front-end"}});
        for (method, path, verb) in [("POST", cipher.clone(), "create"), ("PUT", format!("{cipher}/x"), "update")] {
            let why = cloud.admin(method, &path, Some(body.clone())).await.fault(400);
            assert_eq!(why, format!("Cannot {verb} encryption specs. Volume type in use."));
        }
        let why = cloud.admin("DELETE", &format!("{cipher}/x"), None).await.fault(400);
        assert_eq!(why, "Cannot delete encryption specs. Volume type in use.");
        let renamed = json!({"volume_type": {"description": "also of types in use"}});
        cloud.admin("PUT", &path, Some(renamed)).await.expect(200);
    }

    private_types_are_seen_by_those_with_access(cloud) {
        let id = make(&cloud, "secret", json!({"os-volume-type-access:is_public": false})).await;
        let (path, access) = (format!("/types/{id}"), format!("/types/{id}/os-volume-type-access"));
        let action = format!("{path}/action");
        cloud.get(&path).await.fault(404);
        assert!(!names(&cloud.get("/types").await.expect(200)).contains(&"secret".to_owned()));
        assert!(!names(&cloud.get("/types?is_public=None").await.expect(200)).contains(&"secret".to_owned()));
        let project = Persona::Member.project_id();
        let (add, remove) =
            (json!({"addProjectAccess": {"project": project}}), json!({"removeProjectAccess": {"project": project}}));
        cloud.post(&action, add.clone()).await.fault(403);
        cloud.admin("POST", &action, Some(add.clone())).await.expect(202);
        let twice = cloud.admin("POST", &action, Some(add.clone())).await.fault(409);
        assert_eq!(twice, format!("Volume type access for {id} / {project} combination already exists."));
        cloud.get(&access).await.fault(403);
        let list = cloud.admin("GET", &access, None).await.expect(200);
        assert_eq!(list, json!({"volume_type_access": [{"volume_type_id": id, "project_id": project}]}));
        assert_eq!(cloud.get(&path).await.status, 200);
        assert!(names(&cloud.get("/types").await.expect(200)).contains(&"secret".to_owned()));
        assert_eq!(cloud.ask(Persona::OtherMember, "GET", &path, None).await.status, 404);
        let private = cloud.admin("GET", "/types?is_public=false", None).await.expect(200);
        assert_eq!(names(&private), ["secret"]);
        let all = cloud.admin("GET", "/types?is_public=None", None).await.expect(200);
        assert_eq!(names(&all).len(), 4);
        assert!(!names(&cloud.admin("GET", "/types", None).await.expect(200)).contains(&"secret".to_owned()));
        let why = cloud.admin("GET", "/types?is_public=often", None).await.fault(400);
        assert_eq!(why, "Invalid is_public filter [often]");
        cloud.admin("POST", &action, Some(remove.clone())).await.expect(202);
        let twice = cloud.admin("POST", &action, Some(remove)).await.fault(404);
        assert_eq!(twice, format!("Volume type access not found for {id} / {project} combination."));
        cloud.admin("PUT", &path, Some(json!({"volume_type": {"is_public": true}}))).await.expect(200);
        let why = cloud.admin("POST", &action, Some(add)).await.fault(400);
        let words = "Invalid volume type: Type access modification is not applicable to public volume type.";
        assert_eq!(why, words);
        let why = cloud.admin("GET", &access, None).await.fault(404);
        assert_eq!(why, "Access list not available for public volume types.");
        for bad in [json!({}), json!({"os-start": null}), json!({"addProjectAccess": {}})] {
            cloud.admin("POST", &action, Some(bad)).await.fault(400);
        }
    }

    extra_specs_are_written_by_administrators_and_some_are_read_by_all(cloud) {
        let id = make(&cloud, "kind", json!({})).await;
        let path = format!("/types/{id}/extra_specs");
        let body = json!({"extra_specs": {"multiattach": "<is> True", "volume_backend_name": "memory"}});
        cloud.post(&path, body.clone()).await.fault(403);
        assert_eq!(cloud.admin("POST", &path, Some(body.clone())).await.expect(200), body);
        assert_eq!(cloud.admin("GET", &path, None).await.expect(200), body);
        let seen = cloud.get(&path).await.expect(200);
        assert_eq!(seen, json!({"extra_specs": {"multiattach": "<is> True"}}));
        assert_eq!(cloud.get(&format!("{path}/multiattach")).await.expect(200), json!({"multiattach": "<is> True"}));
        let hidden = format!("{path}/volume_backend_name");
        let why = cloud.get(&hidden).await.fault(404);
        assert_eq!(why, format!("Volume Type {id} has no extra specs with key volume_backend_name."));
        let one = json!({"volume_backend_name": "second"});
        assert_eq!(cloud.admin("PUT", &hidden, Some(one.clone())).await.expect(200), one);
        assert_eq!(cloud.admin("GET", &hidden, None).await.expect(200), one);
        let why = cloud.admin("PUT", &hidden, Some(json!({"other": "x"}))).await.fault(400);
        assert_eq!(why, "Request body and URI mismatch");
        cloud.admin("PUT", &hidden, Some(json!({}))).await.fault(400);
        cloud.admin("PUT", &hidden, Some(json!({"volume_backend_name": "a", "b": "c"}))).await.fault(400);
        cloud.admin("POST", &path, Some(json!({"extra_specs": {"a b": "c"}}))).await.fault(400);
        let cached = json!({"extra_specs": {"cacheable": "<is> True"}});
        let why = cloud.admin("POST", &path, Some(cached)).await.fault(400);
        assert_eq!(why, "cacheable cannot be set with multiattach.");
        cloud.admin("DELETE", &hidden, None).await.expect(202);
        cloud.admin("DELETE", &hidden, None).await.fault(404);
        let many: serde_json::Map<String, Value> = (0..256).map(|n| (n.to_string(), json!(""))).collect();
        cloud.admin("POST", &path, Some(json!({ "extra_specs": many }))).await.fault(400);
        assert_eq!(cloud.admin("GET", &path, None).await.expect(200), json!({"extra_specs": {"multiattach": "<is> True"}}));
    }

    lists_are_filtered_sorted_and_paged(cloud) {
        for (name, zone) in [("a", "z1,z2"), ("b", "z2,z3")] {
            cloud.time.advance(std::time::Duration::from_secs(1));
            make(&cloud, name, json!({"extra_specs": {"RESKEY:availability_zones": zone, "hidden": name}})).await;
        }
        let newest = names(&cloud.get("/types").await.expect(200));
        assert_eq!(newest[..2], ["b", "a"], "the newest first");
        let sorted = names(&cloud.get("/types?sort=name:asc").await.expect(200));
        assert_eq!(sorted, ["__DEFAULT__", "a", "b", "encrypted", "replicated"]);
        let page = cloud.get("/types?sort_key=name&sort_dir=asc&limit=2").await.expect(200);
        assert_eq!(names(&page), ["__DEFAULT__", "a"]);
        let next = page["volume_type_links"][0]["href"].as_str().unwrap();
        let next = next.strip_prefix("http://cloud.example/volume/v3").unwrap();
        assert_eq!(names(&cloud.get(next).await.expect(200)), ["b", "encrypted"]);
        assert_eq!(names(&cloud.get("/types?sort=name:asc&limit=2&offset=3").await.expect(200)), ["encrypted", "replicated"]);
        cloud.get("/types?sort=secret").await.fault(400);
        cloud.get("/types?limit=-1").await.fault(400);
        cloud.get("/types?marker=nothing").await.fault(404);
        let zones = "/types?extra_specs={'RESKEY:availability_zones':'z3'}";
        assert_eq!(names(&cloud.get(zones).await.expect(200)).len(), 5, "no filter yet");
        assert_eq!(names(&cloud.get("/types?surprise=1").await.expect(200)).len(), 5, "passed over");
        cloud.at("3.52");
        assert_eq!(names(&cloud.get(zones).await.expect(200)), ["b"]);
        let hidden = "/types?extra_specs={'hidden':'a'}";
        assert_eq!(names(&cloud.get(hidden).await.expect(200)), [""; 0], "nobody learns what is hidden");
        assert_eq!(names(&cloud.admin("GET", hidden, None).await.expect(200)), ["a"]);
        cloud.get("/types?extra_specs=z3").await.fault(400);
        assert_eq!(cloud.get("/types?surprise=1").await.fault(400), "Invalid filters surprise are found in query options.");
    }

    encryption_is_set_shown_changed_and_taken_away(cloud) {
        let id = make(&cloud, "kind", json!({})).await;
        let path = format!("/types/{id}/encryption");
        assert_eq!(cloud.admin("GET", &path, None).await.expect(200), json!({}));
        let new = json!({"encryption": {"provider": "luks", "control_location": "front-end", "key_size": "256"}});
        cloud.post(&path, new.clone()).await.fault(403);
        let made = cloud.admin("POST", &path, Some(new.clone())).await.expect(200)["encryption"].clone();
        let own = made["encryption_id"].clone();
        assert_eq!(made, json!({
            "provider": "luks", "control_location": "front-end", "key_size": 256,
            "volume_type_id": id, "encryption_id": own,
        }));
        let why = cloud.admin("POST", &path, Some(new)).await.fault(400);
        assert_eq!(why, format!("Volume type encryption for type {id} already exists."));
        assert_eq!(cloud.admin("GET", &path, None).await.expect(200), json!({
            "volume_type_id": id, "encryption_id": own, "provider": "luks", "control_location": "front-end",
            "cipher": null, "key_size": 256, "created_at": "2027-01-15T08:00:00.000000", "updated_at": null,
            "deleted": false, "deleted_at": null,
        }));
        let change = json!({"encryption": {"cipher": "aes-xts-plain64", "key_size": 512}});
        assert_eq!(cloud.admin("PUT", &format!("{path}/provider"), Some(change.clone())).await.expect(200), change);
        assert_eq!(cloud.admin("GET", &format!("{path}/key_size"), None).await.expect(200), json!({"key_size": 512}));
        let missing = format!("Volume type encryption for type {id} does not exist.");
        assert_eq!(cloud.admin("GET", &format!("{path}/colour"), None).await.fault(404), missing);
        for bad in [
            json!({"encryption": {"provider": "luks"}}),
            json!({"encryption": {"provider": "luks", "control_location": "nowhere"}}),
            json!({"encryption": {"provider": "luks", "control_location": "front-end", "key_size": "x"}}),
            json!({"encryption": {"provider": "luks", "control_location": "front-end", "key_size": -1}}),
        ] {
            cloud.admin("POST", &path, Some(bad)).await.fault(400);
        }
        cloud.admin("DELETE", &format!("{path}/provider"), None).await.expect(202);
        assert_eq!(cloud.admin("DELETE", &format!("{path}/provider"), None).await.fault(404), missing);
        assert_eq!(cloud.admin("PUT", &format!("{path}/provider"), Some(change)).await.fault(404), missing);
    }

    projects_have_default_types_of_their_own(cloud) {
        let id = make(&cloud, "own", json!({})).await;
        let project = Persona::Member.project_id();
        let path = format!("/default-types/{project}");
        let body = json!({"default_type": {"volume_type": "own"}});
        cloud.at("3.61").admin("PUT", &path, Some(body.clone())).await.fault(404);
        cloud.at("3.62").put(&path, body.clone()).await.fault(403);
        let set = json!({"project_id": project, "volume_type_id": id});
        assert_eq!(cloud.admin("GET", &path, None).await.fault(404), format!("Default type for project {project} not found."));
        assert_eq!(cloud.admin("PUT", &path, Some(body)).await.expect(200), json!({ "default_type": set }));
        assert_eq!(cloud.admin("GET", &path, None).await.expect(200), json!({ "default_type": set }));
        assert_eq!(cloud.admin("GET", "/default-types", None).await.expect(200), json!({ "default_types": [set] }));
        assert_eq!(cloud.get("/types/default").await.expect(200)["volume_type"]["name"], "own");
        let other = cloud.ask(Persona::OtherMember, "GET", "/types/default", None).await.expect(200);
        assert_eq!(other["volume_type"]["name"], "__DEFAULT__");
        let why = cloud.admin("DELETE", &format!("/types/{id}"), None).await.fault(400);
        assert!(why.contains("is a default volume type"), "{why}");
        let unknown = json!({"default_type": {"volume_type": "none"}});
        let why = cloud.admin("PUT", &path, Some(unknown)).await.fault(400);
        assert_eq!(why, "Volume type with name none could not be found.");
        let again = json!({"default_type": {"volume_type": "encrypted"}});
        cloud.admin("PUT", &path, Some(again)).await.expect(200);
        cloud.admin("DELETE", &format!("/types/{id}"), None).await.expect(202);
        assert_eq!(cloud.admin("DELETE", &path, None).await.status, 204);
        assert_eq!(cloud.admin("DELETE", &path, None).await.status, 204, "twice is no error");
        assert_eq!(cloud.get("/types/default").await.expect(200)["volume_type"]["name"], "__DEFAULT__");
    }

    a_hundred_types_of_one_name_are_one(cloud) {
        let cloud = &cloud;
        let tries = (0..100).map(|_| cloud.admin("POST", "/types", Some(json!({"volume_type": {"name": "one"}}))));
        let answers = futures_util::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409)));
    }

    no_volume_is_of_a_type_that_vanished_meanwhile(cloud) {
        let id = make(&cloud, "brief", json!({})).await;
        let path = format!("/types/{id}");
        let cloud = &cloud;
        let tries = (0..20).map(async |turn| {
            if turn == 10 {
                return cloud.admin("DELETE", &path, None).await.status;
            }
            cloud.post("/volumes", json!({"volume": {"size": 1, "volume_type": "brief"}})).await.status
        });
        let statuses = futures_util::future::join_all(tries).await;
        assert!(statuses.iter().all(|status| matches!(status, 202 | 400 | 404 | 413)), "{statuses:?}");
        let lost = "SELECT COUNT(*) AS n FROM volumes WHERE type_id NOT IN (SELECT id FROM volume_types)";
        assert_eq!(cloud.count(lost).await, 0);
    }
}
