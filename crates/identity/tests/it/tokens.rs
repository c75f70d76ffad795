//! Logging in, looking at tokens, revoking them.

use http::Method;
use serde_json::{Value, json};

use crate::cloud::{Cloud, by_token, in_default, password, password_of, scoped};

fn role_names(token: &Value) -> Vec<&str> {
    token["token"]["roles"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_project_token_has_keystones_shape() {
    let cloud = Cloud::start().await;
    let answer = cloud.log_in(scoped("demo", json!({"project": in_default("demo")}))).await;
    let body = answer.expect(201);
    let token = &body["token"];
    assert_eq!(token["methods"], json!(["password"]));
    assert_eq!(token["user"]["name"], "demo");
    assert_eq!(token["user"]["domain"], json!({"id": "default", "name": "Default"}));
    assert_eq!(token["user"]["password_expires_at"], Value::Null);
    assert_eq!(token["project"]["name"], "demo");
    assert_eq!(token["is_domain"], false);
    assert_eq!(role_names(&body), ["member", "reader"]);
    assert_eq!(token["issued_at"], "2025-11-24T16:00:00.000000Z");
    assert_eq!(token["expires_at"], "2025-11-24T17:00:00.000000Z");
    assert_eq!(token["audit_ids"].as_array().unwrap().len(), 1);
    assert!(token.get("system").is_none() && token.get("domain").is_none());
}

#[tokio::test]
async fn the_catalog_has_the_address_that_the_client_used() {
    let cloud = Cloud::start().await;
    let body = cloud.log_in(scoped("demo", json!({"project": in_default("demo")}))).await.expect(201);
    let catalog = body["token"]["catalog"].as_array().unwrap();
    let compute = catalog.iter().find(|service| service["type"] == "compute").unwrap();
    let endpoints = compute["endpoints"].as_array().unwrap();
    assert_eq!((compute["name"].as_str(), endpoints.len()), (Some("nova"), 3));
    for endpoint in endpoints {
        assert_eq!(endpoint["url"], "http://cloud.test/compute/v2.1");
        assert_eq!(endpoint["region"], "RegionOne");
    }
}

#[tokio::test]
async fn every_scope_carries_its_roles() {
    let cloud = Cloud::start().await;
    let all = ["admin", "manager", "member", "reader"];
    for scope in [
        json!({"system": {"all": true}}),
        json!({"domain": {"name": "Default"}}),
        json!({"domain": {"id": "default"}}),
    ] {
        let body = cloud.log_in(scoped("admin", scope.clone())).await.expect(201);
        assert_eq!(role_names(&body), all, "{scope}");
    }
    let body = cloud.log_in(scoped("admin", json!("unscoped"))).await.expect(201);
    assert!(body["token"].get("roles").is_none() && body["token"].get("catalog").is_none());
    let body = cloud.log_in(password("demo")).await.expect(201);
    assert!(body["token"].get("project").is_none(), "no default project: unscoped");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_login_the_answer_is_the_same() {
    let cloud = Cloud::start().await;
    let wrong = [
        password_of("demo", "wrong"),
        password_of("nobody", "wrong"),
        scoped("demo", json!({"project": in_default("alt_demo")})),
        scoped("demo", json!({"project": in_default("nothing")})),
        scoped("demo", json!({"project": {"id": "default"}})),
        scoped("demo", json!({"domain": {"id": "default"}})),
        scoped("demo", json!({"domain": {"id": "nowhere"}})),
        scoped("demo", json!({"system": {"all": true}})),
    ];
    let expected = json!({"error": {"code": 401, "title": "Unauthorized",
        "message": "The request you have made requires authentication."}});
    for auth in wrong {
        let answer = cloud.log_in(auth.clone()).await;
        assert_eq!(answer.body, expected, "{auth}");
        assert_eq!(answer.status, 401);
        assert_eq!(answer.headers["www-authenticate"], "Keystone uri=\"http://cloud.test/identity\"");
    }
}

#[tokio::test]
async fn malformed_logins_are_400_and_name_the_place() {
    let cloud = Cloud::start().await;
    for (body, word) in [
        (json!({}), "auth"),
        (json!({"auth": {}}), "identity"),
        (json!({"auth": {"identity": {"methods": ["password"]}}}), "password"),
        (json!({"auth": {"identity": {"methods": "password"}}}), "methods"),
    ] {
        let answer = cloud.post("", "/v3/auth/tokens", body.clone()).await.expect(400);
        assert!(answer["error"]["message"].as_str().unwrap().contains(word), "{body}: {answer}");
    }
}

#[tokio::test]
async fn a_token_is_shown_as_it_was_issued() {
    let cloud = Cloud::start().await;
    let issued = cloud.log_in(scoped("demo", json!({"project": in_default("demo")}))).await;
    let text = issued.token();
    let shown = cloud.subject(&text, Method::GET, &text).await;
    assert_eq!(shown.headers["x-subject-token"], text.as_str());
    let mut same = issued.body;
    // the client's address differs: no host in this request
    same["token"]["catalog"] = shown.body["token"]["catalog"].clone();
    assert_eq!(shown.expect(200), same);
    assert_eq!(cloud.subject(&text, Method::HEAD, &text).await.status, 200);
}

#[tokio::test]
async fn a_stranger_may_not_look_at_a_token_and_an_admin_may() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let alt = cloud.log_in(scoped("alt_demo", json!({"project": in_default("alt_demo")}))).await.token();
    assert_eq!(cloud.subject(&alt, Method::GET, &demo).await.status, 403);
    assert_eq!(cloud.subject(&alt, Method::DELETE, &demo).await.status, 403);
    assert_eq!(cloud.subject(&admin, Method::GET, &demo).await.status, 200);
    assert_eq!(cloud.subject(&admin, Method::GET, "garbage").await.status, 404);
}

#[tokio::test]
async fn a_revoked_token_is_gone_at_once_and_others_of_the_user_stay() {
    let cloud = Cloud::start().await;
    let (admin, one, two) = (cloud.admin().await, cloud.demo().await, cloud.demo().await);
    assert_eq!(cloud.subject(&one, Method::DELETE, &one).await.status, 204);
    assert_eq!(cloud.subject(&admin, Method::GET, &one).await.status, 404);
    assert_eq!(cloud.get(&one, "/v3/auth/tokens").await.status, 401);
    assert_eq!(cloud.subject(&two, Method::GET, &two).await.status, 200);
}

#[tokio::test]
async fn a_revocation_survives_a_restart_and_reaches_other_processes() {
    let cloud = Cloud::start().await;
    let other = cloud.second_process().await;
    let token = cloud.demo().await;
    assert_eq!(other.subject(&token, Method::GET, &token).await.status, 200);
    cloud.subject(&token, Method::DELETE, &token).await.expect(204);
    assert!(other.identity.refresh().await.unwrap());
    assert_eq!(other.subject(&token, Method::GET, &token).await.status, 401);
    let restarted = cloud.second_process().await;
    assert_eq!(restarted.subject(&token, Method::GET, &token).await.status, 401);
}

#[tokio::test]
async fn a_token_ends_and_may_be_looked_at_a_while_longer() {
    let cloud = Cloud::start().await;
    let token = cloud.demo().await;
    cloud.advance(3600);
    assert_eq!(cloud.get(&token, "/v3/auth/tokens").await.status, 401);
    let admin = cloud.admin().await;
    assert_eq!(cloud.subject(&admin, Method::GET, &token).await.status, 404);
    let late = http::Request::builder()
        .uri("/v3/auth/tokens?allow_expired=1")
        .header("x-auth-token", &admin)
        .header("x-subject-token", &token)
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(cloud.send(late).await.status, 200);
}

#[tokio::test]
async fn an_exchanged_token_keeps_its_end_and_its_chain() {
    let cloud = Cloud::start().await;
    let first = cloud.log_in(scoped("demo", json!("unscoped"))).await;
    cloud.advance(600);
    let second = cloud.log_in(by_token(&first.token(), json!({"project": in_default("demo")}))).await;
    let (first, second) = (&first.body["token"], &second.body["token"]);
    assert_eq!(second["expires_at"], first["expires_at"]);
    assert_eq!(second["methods"], json!(["token", "password"]));
    assert_eq!(second["audit_ids"][1], first["audit_ids"][0]);
    assert_eq!(second["project"]["name"], "demo");
}

#[tokio::test]
async fn a_systems_token_is_not_exchanged_for_a_projects() {
    let cloud = Cloud::start().await;
    let system = cloud.log_in(scoped("admin", json!({"system": {"all": true}}))).await.token();
    assert_eq!(cloud.log_in(by_token(&system, json!({"project": in_default("admin")}))).await.status, 403);
    assert_eq!(cloud.log_in(by_token("garbage", json!("unscoped"))).await.status, 404);
}

#[tokio::test]
async fn seeding_twice_changes_nothing() {
    let cloud = Cloud::start().await;
    let before = cloud.identity.snapshot().version;
    let accounts = kogge_identity::SeedAccounts {
        admin: Some(kogge_identity::Secret::new("another")),
        ..kogge_identity::SeedAccounts::default()
    };
    cloud.identity.seed(accounts, &crate::cloud::services()).await.unwrap();
    assert_eq!(cloud.identity.snapshot().version, before);
    cloud.admin().await;
}

#[tokio::test]
async fn tokens_survive_a_rotation_of_the_keys() {
    let cloud = Cloud::start().await;
    let token = cloud.demo().await;
    cloud.identity.rotate_keys().unwrap();
    assert_eq!(cloud.subject(&token, Method::GET, &token).await.status, 200);
}

#[tokio::test]
async fn the_version_documents_have_keystones_shape() {
    let cloud = Cloud::start().await;
    let answer = cloud.get("", "/").await;
    assert_eq!(answer.headers["location"], "http://cloud.test/identity/v3/");
    let body = answer.expect(300);
    let version = &body["versions"]["values"][0];
    assert_eq!(version["id"], "v3.14");
    assert_eq!(version["links"], json!([{"rel": "self", "href": "http://cloud.test/identity/v3/"}]));
    assert_eq!(&cloud.get("", "/v3").await.expect(200)["version"], version);
}
