//! Application credentials, and access rules that bound them.

use http::Method;
use kogge_auth::{Authenticate as _, RequestFacts};
use serde_json::{Value, json};

use crate::cloud::{Cloud, by_token, in_default};

async fn create(cloud: &Cloud, token: &str, body: Value) -> Value {
    let path = format!("/v3/users/{}/application_credentials", demo_id(cloud));
    let body = json!({ "application_credential": body });
    cloud.post(token, &path, body).await.expect(201)["application_credential"].clone()
}

fn demo_id(cloud: &Cloud) -> String {
    cloud.identity.seeded_user("demo").unwrap().to_string()
}

fn path(cloud: &Cloud, credential: &Value) -> String {
    format!("/v3/users/{}/application_credentials/{}", demo_id(cloud), credential["id"].as_str().unwrap())
}

fn login(credential: &Value) -> Value {
    let part = json!({"id": credential["id"], "secret": credential["secret"]});
    json!({"identity": {"methods": ["application_credential"], "application_credential": part}})
}

#[tokio::test]
async fn a_credential_shows_its_secret_once_and_logs_in() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let made = create(&cloud, &demo, json!({"name": "ci"})).await;
    assert!(made["secret"].as_str().unwrap().len() > 80);
    assert_eq!((made["unrestricted"].as_bool(), made.get("access_rules")), (Some(false), None));
    assert_eq!(made["roles"].as_array().unwrap().len(), 2);
    let shown = cloud.get(&demo, &path(&cloud, &made)).await.expect(200);
    assert!(shown["application_credential"].get("secret").is_none());
    let token = cloud.log_in(login(&made)).await.expect(201)["token"].clone();
    assert_eq!(token["methods"], json!(["application_credential"]));
    assert_eq!(token["project"]["id"], made["project_id"]);
    assert_eq!(token["application_credential"], json!({"id": made["id"], "name": "ci", "restricted": true}));
}

#[tokio::test]
async fn a_credential_is_found_by_name_and_user() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let made = create(&cloud, &demo, json!({"name": "ci", "secret": "s3cret"})).await;
    assert_eq!(made["secret"], "s3cret");
    let by_name = |user: Value, secret: &str| {
        let part = json!({"name": "ci", "user": user, "secret": secret});
        json!({"identity": {"methods": ["application_credential"], "application_credential": part}})
    };
    cloud.log_in(by_name(in_default("demo"), "s3cret")).await.expect(201);
    cloud.log_in(by_name(json!({"id": demo_id(&cloud)}), "s3cret")).await.expect(201);
    cloud.log_in(by_name(in_default("demo"), "wrong")).await.expect(401);
    cloud.log_in(by_name(in_default("alt_demo"), "s3cret")).await.expect(401);
    cloud.log_in(by_name(in_default("nobody"), "s3cret")).await.expect(401);
}

#[tokio::test]
async fn a_credential_has_the_roles_that_were_chosen_and_never_more_than_the_user() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let made = create(&cloud, &demo, json!({"name": "ro", "roles": [{"name": "reader"}]})).await;
    let token = cloud.log_in(login(&made)).await.expect(201);
    assert_eq!(token["token"]["roles"].as_array().unwrap().len(), 1);
    let users = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    let admin_role = json!({"application_credential": {"name": "x", "roles": [{"name": "admin"}]}});
    cloud.post(&demo, &users, admin_role).await.expect(400);
    let unknown = json!({"application_credential": {"name": "x", "roles": [{"name": "unheard"}]}});
    cloud.post(&demo, &users, unknown).await.expect(404);
    let member = cloud.identity.snapshot().role_named("member").unwrap().id.clone();
    let project = cloud.identity.seeded_project("demo").unwrap();
    let grant = format!("/v3/projects/{project}/users/{}/roles/{member}", demo_id(&cloud));
    cloud.delete(&admin, &grant).await.expect(204);
    cloud.log_in(login(&made)).await.expect(401);
}

#[tokio::test]
async fn a_credential_ends_and_so_do_its_tokens() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let made =
        create(&cloud, &demo, json!({"name": "short", "expires_at": "2025-11-24T16:10:00.123456"})).await;
    assert_eq!(made["expires_at"], "2025-11-24T16:10:00.123456");
    let token = cloud.log_in(login(&made)).await;
    assert_eq!(token.body["token"]["expires_at"], "2025-11-24T16:10:00.123456Z");
    let text = token.token();
    cloud.advance(601);
    assert_eq!(cloud.get(&text, "/v3/auth/projects").await.status, 401);
    cloud.log_in(login(&made)).await.expect(401);
    let users = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    for past in ["2025-11-24T16:00:00", "yesterday"] {
        let body = json!({"application_credential": {"name": "late", "expires_at": past}});
        cloud.post(&demo, &users, body).await.expect(400);
    }
}

#[tokio::test]
async fn a_deleted_credential_ends_its_tokens() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let made = create(&cloud, &demo, json!({"name": "ci"})).await;
    let token = cloud.log_in(login(&made)).await.token();
    cloud.delete(&demo, &path(&cloud, &made)).await.expect(204);
    assert_eq!(cloud.get(&token, "/v3/auth/projects").await.status, 401);
    cloud.log_in(login(&made)).await.expect(401);
}

#[tokio::test]
async fn a_restricted_credential_makes_no_credentials_and_no_tokens() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let users = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    let body = || json!({"application_credential": {"name": "child"}});
    let made = create(&cloud, &demo, json!({"name": "r"})).await;
    let restricted = cloud.log_in(login(&made)).await.token();
    cloud.post(&restricted, &users, body()).await.expect(403);
    cloud.delete(&restricted, &path(&cloud, &made)).await.expect(403);
    cloud.log_in(by_token(&restricted, json!("unscoped"))).await.expect(403);
    let free = create(&cloud, &demo, json!({"name": "u", "unrestricted": true})).await;
    let free = cloud.log_in(login(&free)).await.token();
    cloud.post(&free, &users, body()).await.expect(201);
    cloud.log_in(by_token(&free, json!("unscoped"))).await.expect(403);
}

#[tokio::test]
async fn credentials_of_others_are_out_of_reach() {
    let cloud = Cloud::start().await;
    let (demo, admin) = (cloud.demo().await, cloud.admin().await);
    let alt = cloud
        .log_in(crate::cloud::scoped("alt_demo", json!({"project": in_default("alt_demo")})))
        .await
        .token();
    let made = create(&cloud, &demo, json!({"name": "mine"})).await;
    cloud.get(&alt, &path(&cloud, &made)).await.expect(403);
    cloud.delete(&alt, &path(&cloud, &made)).await.expect(403);
    let alt_id = cloud.identity.seeded_user("alt_demo").unwrap();
    let disguised = format!("/v3/users/{alt_id}/application_credentials/{}", made["id"].as_str().unwrap());
    cloud.get(&alt, &disguised).await.expect(403);
    cloud.get(&alt, &format!("/v3/users/{}/application_credentials", demo_id(&cloud))).await.expect(403);
    let body = json!({"application_credential": {"name": "theirs"}});
    cloud
        .post(&admin, &format!("/v3/users/{}/application_credentials", demo_id(&cloud)), body)
        .await
        .expect(403);
}

#[tokio::test]
async fn lists_are_filtered_by_name_and_names_are_unique() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    create(&cloud, &demo, json!({"name": "one"})).await;
    create(&cloud, &demo, json!({"name": "two"})).await;
    let users = format!("/v3/users/{}/application_credentials", demo_id(&cloud));
    let count = async |query: &str| {
        let listed = cloud.get(&demo, &format!("{users}{query}")).await.expect(200);
        listed["application_credentials"].as_array().unwrap().len()
    };
    assert_eq!((count("").await, count("?name=two").await), (2, 1));
    cloud.post(&demo, &users, json!({"application_credential": {"name": "one"}})).await.expect(409);
    cloud
        .post(&demo, &users, json!({"application_credential": {"name": "x", "colour": 1}}))
        .await
        .expect(400);
}

#[tokio::test]
async fn access_rules_bound_what_a_token_reaches() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let rule = json!({"service": "compute", "method": "GET", "path": "/v2.1/servers/*/ips"});
    let made = create(&cloud, &demo, json!({"name": "narrow", "access_rules": [rule]})).await;
    let shown = &made["access_rules"][0];
    assert_eq!(
        (shown["path"].as_str(), shown["service"].as_str()),
        (Some("/v2.1/servers/*/ips"), Some("compute"))
    );
    let token = cloud.log_in(login(&made)).await.token();
    let may = async |service: &str, method: &str, path: &str| {
        cloud.identity.authenticate(&token, RequestFacts { method, path, service }).await.is_ok()
    };
    assert!(may("compute", "GET", "/v2.1/servers/1/ips").await);
    assert!(!may("compute", "POST", "/v2.1/servers/1/ips").await);
    assert!(!may("compute", "GET", "/v2.1/servers").await);
    assert!(!may("network", "GET", "/v2.1/servers/1/ips").await);
    assert_eq!(cloud.get(&token, "/v3/auth/projects").await.status, 401);
}

#[tokio::test]
async fn a_bounded_token_is_shown_only_to_services_that_understand_bounds() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let rule = json!({"service": "image", "method": "GET", "path": "/v2/images"});
    let made = create(&cloud, &demo, json!({"name": "bounded", "access_rules": [rule]})).await;
    let token = cloud.log_in(login(&made)).await.token();
    assert_eq!(cloud.subject(&admin, Method::GET, &token).await.status, 404);
    let request = http::Request::builder().uri("/v3/auth/tokens").header("x-auth-token", &admin);
    let request = request.header("x-subject-token", &token).header("openstack-identity-access-rules", "1.0");
    let shown = cloud.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200);
    assert_eq!(shown["token"]["application_credential"]["access_rules"][0]["path"], "/v2/images");
}

#[tokio::test]
async fn an_empty_list_of_rules_is_none_as_the_openstack_client_means_it() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let made =
        create(&cloud, &demo, json!({"name": "free", "access_rules": [], "roles": [], "secret": null})).await;
    assert!(made.get("access_rules").is_none());
    let token = cloud.log_in(login(&made)).await.token();
    cloud.get(&token, "/v3/auth/projects").await.expect(200);
}

#[tokio::test]
async fn access_rules_are_listed_as_they_were_made() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let rule = |path: &str| json!({"service": "image", "method": "GET", "path": path});
    let paths = ["/z", "/a", "/m", "/b"];
    create(&cloud, &demo, json!({"name": "a", "access_rules": [rule(paths[0]), rule(paths[1])]})).await;
    cloud.advance(1);
    create(&cloud, &demo, json!({"name": "b", "access_rules": [rule(paths[2]), rule(paths[3])]})).await;
    let path = format!("/v3/users/{}/access_rules", demo_id(&cloud));
    let listed = cloud.get(&demo, &path).await.expect(200);
    let rules = listed["access_rules"].as_array().unwrap();
    assert_eq!(rules.iter().map(|rule| rule["path"].as_str().unwrap()).collect::<Vec<_>>(), paths);
    assert!(rules.iter().all(|rule| rule["id"].as_str().unwrap().len() == 32));
}

#[tokio::test]
async fn access_rules_are_shared_kept_and_deleted_when_unused() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let rule = json!({"service": "image", "method": "GET", "path": "/v2/**"});
    let first = create(&cloud, &demo, json!({"name": "a", "access_rules": [rule]})).await;
    let second = create(&cloud, &demo, json!({"name": "b", "access_rules": [rule]})).await;
    assert_eq!(first["access_rules"], second["access_rules"]);
    let rules = format!("/v3/users/{}/access_rules", demo_id(&cloud));
    let listed = cloud.get(&demo, &rules).await.expect(200);
    assert_eq!(listed["access_rules"].as_array().unwrap().len(), 1);
    let one = format!("{rules}/{}", listed["access_rules"][0]["id"].as_str().unwrap());
    cloud.get(&demo, &one).await.expect(200);
    cloud.delete(&demo, &one).await.expect(403);
    cloud.delete(&demo, &path(&cloud, &first)).await.expect(204);
    cloud.delete(&demo, &path(&cloud, &second)).await.expect(204);
    cloud.delete(&demo, &one).await.expect(204);
    cloud.get(&demo, &one).await.expect(404);
    for bad in [
        json!({"service": "image", "method": "BREW", "path": "/"}),
        json!({"service": "image", "method": "GET", "path": "x"}),
        json!({}),
    ] {
        let body = json!({"application_credential": {"name": "x", "access_rules": [bad]}});
        cloud
            .post(&demo, &format!("/v3/users/{}/application_credentials", demo_id(&cloud)), body)
            .await
            .expect(400);
    }
}
