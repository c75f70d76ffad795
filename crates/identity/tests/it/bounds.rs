//! How much of everything: too much is 400 or 403 and changes nothing.

use http::Method;
use serde_json::{Value, json};

use crate::cloud::Cloud;

fn demo_id(cloud: &Cloud) -> String {
    cloud.identity.seeded_user("demo").unwrap().to_string()
}

fn text(length: usize) -> String {
    "x".repeat(length)
}

fn attributes(many: usize, length: usize) -> Value {
    (0..many)
        .map(|number| (format!("k{number}"), json!(text(length))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Objects that an administrator makes: path, key, a body that is right, and what can be changed afterwards.
fn objects() -> Vec<(&'static str, &'static str, Value, bool)> {
    vec![
        ("/v3/users", "user", json!({"name": "b"}), false),
        ("/v3/groups", "group", json!({"name": "b"}), true),
        ("/v3/projects", "project", json!({"name": "b"}), true),
        ("/v3/domains", "domain", json!({"name": "b"}), true),
        ("/v3/roles", "role", json!({"name": "b"}), true),
        ("/v3/regions", "region", json!({"id": "b"}), true),
        ("/v3/services", "service", json!({"type": "b"}), false),
    ]
}

#[tokio::test]
async fn descriptions_and_attributes_of_every_object_are_bounded() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    for (path, key, good, described) in objects() {
        let mut bad = vec![attributes(65, 1), attributes(2, 9000), json!({ text(256): 1 })];
        if described {
            bad.push(json!({"description": text(4097)}));
        }
        let before = cloud.identity.snapshot().version;
        for more in &bad {
            cloud.post(&admin, path, json!({ key: with(good.clone(), more) })).await.expect(400);
        }
        assert_eq!(cloud.identity.snapshot().version, before, "{path} wrote something");
        let made =
            cloud.post(&admin, path, json!({ key: with(good, &attributes(60, 100)) })).await.expect(201);
        let one = format!("{path}/{}", made[key]["id"].as_str().unwrap());
        for more in &bad {
            cloud.patch(&admin, &one, json!({ key: more })).await.expect(400);
        }
        // what is there already counts
        let more: Value =
            (0..5).map(|number| (format!("m{number}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
        cloud.patch(&admin, &one, json!({ key: more })).await.expect(400);
        cloud.patch(&admin, &one, json!({ key: attributes(60, 200) })).await.expect(200);
    }
}

#[tokio::test]
async fn tags_are_unique_and_no_more_than_eighty() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let twice = json!({"project": {"name": "p", "tags": ["a", "a"]}});
    cloud.post(&admin, "/v3/projects", twice).await.expect(400);
    let made = cloud.post(&admin, "/v3/projects", json!({"project": {"name": "p"}})).await.expect(201);
    let tags = format!("/v3/projects/{}/tags", made["project"]["id"].as_str().unwrap());
    let set =
        async |list: Vec<String>| cloud.call(&admin, Method::PUT, &tags, Some(json!({"tags": list}))).await;
    set(vec!["a".into(), "a".into()]).await.expect(400);
    set(vec!["a".into(), " a ".into()]).await.expect(400);
    set((0..81).map(|number| number.to_string()).collect()).await.expect(400);
    set(vec![text(256)]).await.expect(400);
    set((0..79).map(|number| number.to_string()).collect()).await.expect(200);
    cloud.put(&admin, &format!("{tags}/last")).await.expect(201);
    cloud.put(&admin, &format!("{tags}/last")).await.expect(400);
    cloud.put(&admin, &format!("{tags}/more")).await.expect(400);
    assert_eq!(cloud.get(&admin, &tags).await.expect(200)["tags"].as_array().unwrap().len(), 80);
}

#[tokio::test]
async fn a_credential_that_is_taken_is_shown_again() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let body = |more: Value| json!({"credential": with(json!({"user_id": demo_id(&cloud), "type": "cert", "blob": "b"}), &more)});
    for bad in [
        json!({"blob": text(32 * 1024 + 1)}),
        json!({"blob": text(100_000)}),
        json!({"type": text(256)}),
        json!({"project_id": text(256)}),
        attributes(65, 1),
    ] {
        cloud.post(&demo, "/v3/credentials", body(bad)).await.expect(400);
    }
    cloud.post(&admin, "/v3/credentials", body(json!({"user_id": text(256)}))).await.expect(400);
    let largest = body(json!({"blob": text(32 * 1024)}));
    let made = cloud.post(&demo, "/v3/credentials", largest).await.expect(201)["credential"].clone();
    let path = format!("/v3/credentials/{}", made["id"].as_str().unwrap());
    assert_eq!(cloud.get(&demo, &path).await.expect(200)["credential"], made);
    cloud.patch(&demo, &path, json!({"credential": {"blob": text(32 * 1024 + 1)}})).await.expect(400);
    cloud.patch(&demo, &path, json!({"credential": {"type": text(256)}})).await.expect(400);
    assert_eq!(cloud.get(&admin, "/v3/credentials").await.expect(200)["credentials"], json!([made]));
}

#[tokio::test]
async fn application_credentials_are_bounded_in_all_their_parts() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let path = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    let rules = |from: usize, many: usize| -> Value {
        (from..from + many)
            .map(|number| json!({"service": "compute", "method": "GET", "path": format!("/r/{number}")}))
            .collect()
    };
    let make = async |name: &str, more: Value| {
        let body = json!({"application_credential": with(json!({ "name": name }), &more)});
        cloud.post(&demo, &path, body).await
    };
    let roles: Value = (0..129).map(|_| json!({"name": "reader"})).collect();
    let long = json!([{"service": "compute", "method": "GET", "path": format!("/{}", text(225))}]);
    for bad in [
        json!({"description": text(4097)}),
        json!({"description": text(100_000)}),
        json!({"secret": text(256)}),
        json!({"access_rules": rules(0, 129)}),
        json!({"access_rules": rules(0, 1500)}),
        json!({"access_rules": long}),
        json!({ "roles": roles }),
        json!({"name": text(256)}),
    ] {
        let answer = make("bad", bad).await;
        assert!(answer.body.to_string().len() < 1000, "what was sent is not sent back");
        answer.expect(400);
    }
    assert!(cloud.identity.snapshot().access_rules.is_empty());
    for round in 0..8 {
        make(&format!("n{round}"), json!({"access_rules": rules(round * 128, 128)})).await.expect(201);
    }
    make("one-more", json!({"access_rules": rules(1024, 1)})).await.expect(403);
    make("shared", json!({"access_rules": rules(0, 128)})).await.expect(201);
    assert_eq!(cloud.identity.snapshot().access_rules.len(), 1024);
}

#[tokio::test]
async fn options_of_users_are_bounded() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let many: Value = (0..17).map(|_| json!(["password"])).collect();
    let wide: Value = (0..17).map(|_| "password").collect();
    for rules in [many, json!([wide]), json!([[text(256)]])] {
        let user = json!({"name": "u", "options": {"multi_factor_auth_rules": rules}});
        cloud.post(&admin, "/v3/users", json!({ "user": user })).await.expect(400);
        let path = format!("/v3/users/{}", demo_id(&cloud));
        let user = json!({"options": {"multi_factor_auth_rules": rules}});
        cloud.patch(&admin, &path, json!({ "user": user })).await.expect(400);
    }
    let user = json!({"name": "u", "default_project_id": text(256)});
    cloud.post(&admin, "/v3/users", json!({ "user": user })).await.expect(400);
}

#[tokio::test]
async fn a_signed_request_is_bounded() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    for field in ["params", "headers"] {
        let body = json!({"credentials": {"access": "x", field: attributes(257, 1)}});
        cloud.post(&admin, "/v3/ec2tokens", body).await.expect(400);
    }
}

#[tokio::test]
async fn a_list_has_a_largest_page_and_says_where_it_goes_on() {
    let mut config = kogge_identity::IdentityConfig::for_test();
    config.list_limit = 2;
    let cloud = Cloud::with(config).await;
    let admin = cloud.admin().await;
    let mut seen = Vec::new();
    let mut next = Some("/v3/users?limit=1000".to_owned());
    while let Some(path) = next {
        let page = cloud.get(&admin, &path).await.expect(200);
        let users = page["users"].as_array().unwrap();
        assert!(users.len() <= 2);
        seen.extend(users.iter().map(|user| user["id"].as_str().unwrap().to_owned()));
        next = page["links"]["next"].as_str().map(|link| link.split_once("/identity").unwrap().1.to_owned());
        assert_eq!(page["truncated"] == true, next.is_some());
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), cloud.identity.snapshot().users.len());
}
