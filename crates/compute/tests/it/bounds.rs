//! Every text, list, map and number has a bound, whatever the quotas say; and no secret stands in the database.

use kogge_auth::testing::Persona;
use kogge_db::{Executor as _, Query};
use kogge_node_sim::{Call, Times};
use serde_json::{Map, Value, json};

use super::cloud::{Cloud, on_both};

fn many(count: usize, item: impl Fn(usize) -> Value) -> Value {
    (0..count).map(item).collect()
}

fn map(count: usize, value: &str) -> Value {
    (0..count).map(|n| (format!("k{n}"), Value::from(value))).collect::<Map<_, _>>().into()
}

/// Takes every quota of the member away.
async fn no_quotas(cloud: &Cloud) {
    let path = format!("/os-quota-sets/{}", Persona::Member.project_id());
    let names =
        ["instances", "cores", "ram", "metadata_items", "key_pairs", "server_groups", "server_group_members"];
    let set: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), json!(-1))).collect();
    cloud.admin("PUT", &path, Some(json!({ "quota_set": set }))).await.expect(200);
}

#[tokio::test]
async fn a_new_server_has_bounds_in_every_field() {
    let mut cloud = Cloud::start().await;
    no_quotas(&cloud).await;
    cloud.at("2.90");
    let big = "x".repeat(60_000);
    let uuid = || json!({"uuid": uuid()});
    for (field, value) in [
        ("name", json!("x".repeat(256))),
        ("description", json!(big)),
        ("hostname", json!("x".repeat(256))),
        ("metadata", map(257, "v")),
        ("metadata", json!({"k": big})),
        ("metadata", json!({"k".repeat(256): "v"})),
        ("tags", many(51, |n| json!(format!("t{n}")))),
        ("tags", many(300, |_| json!("same"))),
        ("user_data", json!("A".repeat(65_536))),
        ("adminPass", json!("x".repeat(256))),
        ("networks", many(27, |_| uuid())),
        ("security_groups", many(300, |n| json!({"name": format!("g{n}")}))),
        ("block_device_mapping_v2", many(300, |_| json!({"source_type": "blank"}))),
        ("min_count", json!(1001)),
        ("min_count", json!(2_147_483_648_u64)),
        ("key_name", json!(big)),
        ("availability_zone", json!(big)),
        ("flavorRef", json!(big)),
        ("imageRef", json!(big)),
        ("trusted_image_certificates", many(51, |n| json!(n.to_string()))),
    ] {
        let mut body = cloud.server(&json!({ field: value }));
        if field == "min_count" {
            body["server"]["max_count"] = body["server"]["min_count"].clone();
        }
        let message = cloud.post("/servers", body).await.fault(400);
        assert!(message.len() < 2000, "{field}: a refusal does not echo megabytes");
    }
    for hints in [
        map(65, "v"),
        map(64, &"x".repeat(1000)),
        json!({"a": big}),
        json!({"same_host": many(60, |_| json!(self::uuid()))}),
    ] {
        let mut body = cloud.server(&json!({}));
        body["os:scheduler_hints"] = hints;
        cloud.post("/servers", body).await.fault(400);
    }
    assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers").await, 0, "nothing of it was made");
}

fn uuid() -> String {
    kogge_ids::ServerId::random().to_string()
}

#[tokio::test]
async fn what_is_allowed_at_most_is_taken() {
    let mut cloud = Cloud::start().await;
    cloud.at("2.90");
    let mut body = cloud.server(&json!({
        "name": "x".repeat(255), "metadata": map(128, &"v".repeat(255)), "user_data": "A".repeat(65_532),
        "tags": many(50, |n| json!(format!("t{n}"))), "adminPass": "x".repeat(255),
    }));
    body["os:scheduler_hints"] = map(64, &"x".repeat(200));
    cloud.post("/servers", body).await.expect(202);
}

#[tokio::test]
async fn no_quota_is_not_no_bound() {
    let mut cloud = Cloud::start().await;
    cloud.at("2.37");
    no_quotas(&cloud).await;
    let id = cloud.boot(json!({"networks": "none"})).await;
    let body = json!({ "metadata": map(256, "v") });
    cloud.put(&format!("/servers/{id}/metadata"), body).await.expect(200);
    let refused =
        cloud.post(&format!("/servers/{id}/metadata"), json!({"metadata": {"more": "v"}})).await.fault(403);
    assert_eq!(refused, "Maximum number of metadata items exceeds 256");
    // more than one request makes is cut to what one makes, as a quota would
    let body = cloud.server(&json!({"min_count": 1, "max_count": 2_000_000_000, "networks": "none"}));
    cloud.post("/servers", body).await.expect(202);
    assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers").await, 1001);
}

#[tokio::test]
async fn interfaces_of_a_server_are_bounded() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({"networks": many(25, |_| json!({"uuid": cloud.network}))})).await;
    let attach = || json!({"interfaceAttachment": {"net_id": cloud.network}});
    cloud.post(&format!("/servers/{id}/os-interface"), attach()).await.expect(200);
    cloud.run().await;
    let refused = cloud.post(&format!("/servers/{id}/os-interface"), attach()).await.fault(403);
    assert!(refused.starts_with("Maximum number of ports exceeded"), "{refused}");
}

#[tokio::test]
async fn keys_specs_properties_and_filters_are_bounded() {
    let mut cloud = Cloud::start().await;
    let key = json!({"keypair": {"name": "k", "public_key": format!("ssh-rsa {}", "A".repeat(16_384))}});
    cloud.post("/os-keypairs", key).await.fault(400);
    let specs = json!({ "extra_specs": map(257, "v") });
    cloud.admin("POST", "/flavors/small/os-extra_specs", Some(specs)).await.fault(400);
    for half in ["a", "b"] {
        let specs: Map<String, Value> = (0..150).map(|n| (format!("{half}{n}"), json!("v"))).collect();
        let body = json!({ "extra_specs": specs });
        let answer = cloud.admin("POST", "/flavors/small/os-extra_specs", Some(body)).await;
        assert_eq!(answer.status, if half == "a" { 200 } else { 400 }, "{}", answer.body);
    }
    let made =
        cloud.admin("POST", "/os-aggregates", Some(json!({"aggregate": {"name": "rack"}}))).await.expect(200);
    let path = format!("/os-aggregates/{}/action", made["aggregate"]["id"]);
    let body = json!({"set_metadata": {"metadata": map(257, "v")}});
    cloud.admin("POST", &path, Some(body)).await.fault(400);
    cloud.at("2.26");
    let tags = (0..51).map(|n| format!("t{n}")).collect::<Vec<_>>().join(",");
    for query in [format!("name={}", "a".repeat(256)), format!("tags={tags}"), "status=a&".repeat(51)] {
        cloud.get(&format!("/servers?{query}")).await.fault(400);
    }
}

on_both! {
    lists_with_patterns_come_in_pages_and_miss_nothing(cloud) {
        no_quotas(&cloud).await;
        cloud.at("2.37");
        let body = cloud.server(&json!({"name": "many", "min_count": 600, "max_count": 600, "networks": "none"}));
        cloud.post("/servers", body).await.expect(202);
        let mut seen = std::collections::BTreeSet::new();
        let mut marker = String::new();
        loop {
            let page = cloud.get(&format!("/servers?name=many-.*5$&limit=25{marker}")).await.expect(200);
            let servers = page["servers"].as_array().unwrap();
            assert!(servers.len() <= 25);
            for server in servers {
                assert!(seen.insert(server["name"].as_str().unwrap().to_owned()), "none twice");
                marker = format!("&marker={}", server["id"].as_str().unwrap());
            }
            if page.get("servers_links").is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 60);
    }

    no_password_stands_in_the_database(cloud) {
        let words = ["s3cret-one", "s3cret-two"];
        cloud.node.faults().fail(Call::Apply, Times::N(1));
        let id = cloud.create(json!({"adminPass": words[0]})).await;
        assert_clear_of(&cloud, &words).await;
        let sealed = "SELECT COUNT(*) AS n FROM servers WHERE spec LIKE '%sealed:%'";
        assert_eq!(cloud.count(sealed).await, 1, "kept for the guest");
        cloud.wait(30).await;
        assert_eq!(told(&cloud, &id).as_deref(), Some(words[0]));
        assert_eq!(cloud.count(sealed).await, 0, "and forgotten when it has it");
        let rebuild = json!({"rebuild": {"imageRef": cloud.image, "adminPass": words[1]}});
        let shown = cloud.action(&id, rebuild).await.expect(202);
        assert_eq!(shown["server"]["adminPass"], words[1]);
        assert_clear_of(&cloud, &words).await;
        cloud.run().await;
        assert_eq!(told(&cloud, &id).as_deref(), Some(words[1]));
        assert_eq!(cloud.count(sealed).await, 0);
        assert!(!cloud.show(&id).await.to_string().contains("s3cret"));
    }

    passwords_of_a_version_before_are_sealed_at_the_start(cloud) {
        let mut body = cloud.server(&json!({"adminPass": "s3cret"}));
        // words of a user that look like what is looked for
        body["os:scheduler_hints"] = json!({"admin_password": "mine"});
        let made = cloud.post("/servers", body).await.expect(202);
        let id = made["server"]["id"].as_str().unwrap().to_owned();
        let row = (&cloud.db).one(Query::new("SELECT spec FROM servers")).await.unwrap();
        let mut spec: Value = row.json("spec").unwrap();
        spec["admin_password"] = json!("s3cret");
        spec.as_object_mut().unwrap().remove("sealed_password");
        let write = Query::new("UPDATE servers SET spec = $1");
        (&cloud.db).execute(write.bind(spec.to_string())).await.unwrap();
        cloud.compute.seed().await.unwrap();
        assert_clear_of(&cloud, &["s3cret"]).await;
        cloud.run().await;
        assert_eq!(told(&cloud, &id).as_deref(), Some("s3cret"));
    }

    a_deleted_server_keeps_no_secrets_and_actions_are_bounded(cloud) {
        let id = cloud.boot(json!({"user_data": "aGVsbG8="})).await;
        for _ in 0..300 {
            cloud.action(&id, json!({"lock": null})).await.expect(202);
            cloud.action(&id, json!({"unlock": null})).await.expect(202);
            cloud.time.advance(std::time::Duration::from_secs(1));
        }
        let left = cloud.count("SELECT COUNT(*) AS n FROM server_actions").await;
        assert!(left <= 502, "{left} actions");
        cloud.delete(&format!("/servers/{id}")).await;
        cloud.run().await;
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers WHERE spec LIKE '%aGVsbG8%'").await, 0);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM servers").await, 1, "and is still known to admins");
    }
}

fn told(cloud: &Cloud, id: &str) -> Option<String> {
    cloud.node.desired(id.parse().unwrap()).unwrap().metadata.admin_password
}

/// No row of servers has one of these words.
async fn assert_clear_of(cloud: &Cloud, words: &[&str]) {
    let query = Query::new(
        "SELECT spec || intent || observed || metadata || image_properties || COALESCE(description, '') AS texts \
         FROM servers",
    );
    for row in (&cloud.db).all(query).await.unwrap() {
        let texts = row.text("texts").unwrap();
        assert!(words.iter().all(|word| !texts.contains(word)), "{texts}");
    }
}
