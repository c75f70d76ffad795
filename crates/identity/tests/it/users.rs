//! Users.

use http::Method;
use serde_json::{Value, json};

use crate::cloud::{Cloud, in_default, password_of, scoped};

async fn create(cloud: &Cloud, token: &str, user: Value) -> Value {
    cloud.post(token, "/v3/users", json!({ "user": user })).await.expect(201)["user"].clone()
}

fn path(user: &Value) -> String {
    format!("/v3/users/{}", user["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_user_has_keystones_shape_and_keeps_unknown_attributes() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let user =
        create(&cloud, &admin, json!({"name": "eve", "password": "secret", "email": "eve@example.org"}))
            .await;
    let id = user["id"].as_str().unwrap();
    let expected = json!({"id": id, "name": "eve", "domain_id": "default", "enabled": true, "options": {},
        "password_expires_at": null, "email": "eve@example.org",
        "links": {"self": format!("http://cloud.test/identity/v3/users/{id}")}});
    assert_eq!(user, expected);
    assert_eq!(cloud.get(&admin, &path(&user)).await.expect(200)["user"], expected);
    cloud.log_in(password_of("eve", "secret")).await.expect(201);
}

#[tokio::test]
async fn names_are_unique_in_a_domain_and_bad_ones_are_refused() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    create(&cloud, &admin, json!({"name": "eve"})).await;
    let conflict = cloud.post(&admin, "/v3/users", json!({"user": {"name": "eve"}})).await.expect(409);
    assert_eq!(conflict["error"]["title"], "Conflict");
    for bad in [
        json!({}),
        json!({"name": ""}),
        json!({"name": "a\u{1f}b"}),
        json!({"name": 7}),
        json!({"name": "x".repeat(256)}),
    ] {
        cloud.post(&admin, "/v3/users", json!({ "user": bad })).await.expect(400);
    }
    cloud.post(&admin, "/v3/users", json!({"user": {"name": "x", "domain_id": "nowhere"}})).await.expect(404);
    cloud
        .post(&admin, "/v3/users", json!({"user": {"name": "x", "options": {"colour": 1}}}))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let id = cloud.identity.seeded_user("demo").unwrap();
    let user = format!("/v3/users/{id}");
    cloud.patch(&admin, &user, json!({"user": {"enabled": false}})).await.expect(200);
    assert_eq!(cloud.get(&demo, "/v3/auth/projects").await.status, 401);
    assert_eq!(cloud.log_in(scoped("demo", json!("unscoped"))).await.status, 401);
    cloud.patch(&admin, &user, json!({"user": {"enabled": true}})).await.expect(200);
    assert_eq!(cloud.get(&demo, "/v3/auth/projects").await.status, 401, "an ended token stays ended");
    cloud.log_in(scoped("demo", json!("unscoped"))).await.expect(201);
}

#[tokio::test]
async fn an_administrators_new_password_ends_all_tokens() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let id = cloud.identity.seeded_user("demo").unwrap();
    cloud.patch(&admin, &format!("/v3/users/{id}"), json!({"user": {"password": "new"}})).await.expect(200);
    assert_eq!(cloud.get(&demo, "/v3/auth/projects").await.status, 401);
    cloud.log_in(password_of("demo", "new")).await.expect(201);
    cloud.log_in(password_of("demo", "demo-password")).await.expect(401);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let user =
        create(&cloud, &admin, json!({"name": "eve", "email": "a@b", "default_project_id": "p1"})).await;
    let update =
        json!({"user": {"name": "mallory", "default_project_id": null, "options": {"lock_password": true}}});
    let updated = cloud.patch(&admin, &path(&user), update).await.expect(200)["user"].clone();
    assert_eq!((updated["name"].as_str(), updated["email"].as_str()), (Some("mallory"), Some("a@b")));
    assert_eq!(updated["options"], json!({"lock_password": true}));
    assert!(updated.get("default_project_id").is_none());
    let cleared = json!({"user": {"options": {"lock_password": null}}});
    assert_eq!(cloud.patch(&admin, &path(&user), cleared).await.expect(200)["user"]["options"], json!({}));
    cloud.patch(&admin, &path(&user), json!({"user": {"id": "other"}})).await.expect(400);
    cloud.patch(&admin, &path(&user), json!({"user": {"domain_id": "other"}})).await.expect(400);
}

#[tokio::test]
async fn a_default_project_scopes_a_login_without_scope() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let (user, project) =
        (cloud.identity.seeded_user("demo").unwrap(), cloud.identity.seeded_project("demo").unwrap());
    let update = json!({"user": {"default_project_id": project.as_str()}});
    cloud.patch(&admin, &format!("/v3/users/{user}"), update).await.expect(200);
    let token = cloud.log_in(password_of("demo", "demo-password")).await.expect(201);
    assert_eq!(token["token"]["project"]["id"], project.as_str());
    let domain = json!({"user": {"default_project_id": "default"}});
    cloud.patch(&admin, &format!("/v3/users/{user}"), domain).await.expect(400);
}

#[tokio::test]
async fn a_deleted_user_takes_everything_along() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let id = cloud.identity.seeded_user("demo").unwrap();
    let credential = json!({"application_credential": {"name": "c"}});
    cloud.post(&demo, &format!("/v3/users/{id}/application_credentials"), credential).await.expect(201);
    cloud.delete(&admin, &format!("/v3/users/{id}")).await.expect(204);
    cloud.get(&admin, &format!("/v3/users/{id}")).await.expect(404);
    assert_eq!(cloud.subject(&admin, Method::GET, &demo).await.status, 404);
    let snapshot = cloud.identity.snapshot();
    assert!(snapshot.application_credentials.is_empty());
    assert!(!snapshot.assignments.iter().any(|row| row.actor.id() == id.as_str()));
}

#[tokio::test]
async fn lists_filter_and_page() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let listed = cloud.get(&admin, "/v3/users?name=demo").await.expect(200);
    assert_eq!(listed["users"].as_array().unwrap().len(), 1);
    assert_eq!(
        listed["links"],
        json!({"next": null, "previous": null, "self": "http://cloud.test/identity/v3/users?name=demo"})
    );
    let first = cloud.get(&admin, "/v3/users?limit=2").await.expect(200);
    assert_eq!(first["truncated"], true);
    let next = first["links"]["next"].as_str().unwrap().strip_prefix("http://cloud.test/identity").unwrap();
    let second = cloud.get(&admin, next).await.expect(200);
    assert_eq!(second["users"].as_array().unwrap().len(), 2);
    assert_ne!(first["users"], second["users"]);
    cloud.get(&admin, "/v3/users?marker=nobody").await.expect(404);
    cloud.get(&admin, "/v3/users?limit=many").await.expect(400);
}

#[tokio::test]
async fn a_user_sees_the_own_projects_and_may_use_each() {
    let cloud = Cloud::start().await;
    let demo = cloud.demo().await;
    let id = cloud.identity.seeded_user("demo").unwrap();
    let projects = cloud.get(&demo, &format!("/v3/users/{id}/projects")).await.expect(200);
    assert_eq!(projects["projects"].as_array().unwrap().len(), 1);
    let own = cloud.get(&demo, "/v3/auth/projects").await.expect(200);
    assert_eq!(own["projects"][0]["name"], "demo");
    cloud.log_in(scoped("demo", json!({"project": in_default("demo")}))).await.expect(201);
    assert_eq!(cloud.get(&demo, "/v3/auth/system").await.expect(200)["system"], json!([]));
    assert_eq!(cloud.get(&demo, "/v3/auth/domains").await.expect(200)["domains"], json!([]));
}

/// Horizon lists the projects of a user with a token that has no scope yet: Keystone asks for the owner.
#[tokio::test]
async fn a_token_without_scope_reads_what_is_its_users() {
    let cloud = Cloud::start().await;
    let body = cloud.log_in(scoped("demo", json!("unscoped"))).await.expect(201);
    let token = cloud.log_in(scoped("demo", json!("unscoped"))).await.token();
    let own = body["token"]["user"]["id"].as_str().unwrap();
    let projects = cloud.get(&token, &format!("/v3/users/{own}/projects")).await.expect(200);
    assert_eq!(projects["projects"][0]["name"], "demo");
    cloud.get(&token, &format!("/v3/users/{own}")).await.expect(200);
    cloud.get(&token, "/v3/users").await.expect(403);
    cloud.get(&token, "/v3/projects").await.expect(403);
}
