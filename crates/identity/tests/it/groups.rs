//! Groups and their members.

use serde_json::{Value, json};

use crate::cloud::{Cloud, in_default, password_of, scoped};

async fn group(cloud: &Cloud, admin: &str, name: &str) -> String {
    let body = cloud.post(admin, "/v3/groups", json!({"group": {"name": name}})).await.expect(201);
    body["group"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_group_lives_its_life() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let body = json!({"group": {"name": "ops", "description": "They"}});
    let made = cloud.post(&admin, "/v3/groups", body).await.expect(201)["group"].clone();
    let path = format!("/v3/groups/{}", made["id"].as_str().unwrap());
    assert_eq!((made["domain_id"].as_str(), made["description"].as_str()), (Some("default"), Some("They")));
    cloud.post(&admin, "/v3/groups", json!({"group": {"name": "ops"}})).await.expect(409);
    let updated = cloud.patch(&admin, &path, json!({"group": {"name": "dev"}})).await.expect(200);
    assert_eq!(
        (updated["group"]["name"].as_str(), updated["group"]["description"].as_str()),
        (Some("dev"), Some("They"))
    );
    assert_eq!(
        cloud.get(&admin, "/v3/groups?name=dev").await.expect(200)["groups"].as_array().unwrap().len(),
        1
    );
    cloud.delete(&admin, &path).await.expect(204);
    cloud.get(&admin, &path).await.expect(404);
}

#[tokio::test]
async fn members_come_and_go_and_their_roles_with_them() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let ops = group(&cloud, &admin, "ops").await;
    let user = cloud.identity.seeded_user("demo").unwrap();
    let project = cloud.identity.seeded_project("alt_demo").unwrap();
    let reader = cloud.identity.snapshot().role_named("reader").unwrap().id.clone();
    cloud.put(&admin, &format!("/v3/projects/{project}/groups/{ops}/roles/{reader}")).await.expect(204);
    let login = || scoped("demo", json!({"project": in_default("alt_demo")}));
    cloud.log_in(login()).await.expect(401);
    let member = format!("/v3/groups/{ops}/users/{user}");
    cloud.get(&admin, &member).await.expect(404);
    cloud.put(&admin, &member).await.expect(204);
    cloud.put(&admin, &member).await.expect(204);
    cloud.get(&admin, &member).await.expect(204);
    let token = cloud.log_in(login()).await.token();
    let listed = cloud.get(&admin, &format!("/v3/users/{user}/groups")).await.expect(200);
    assert_eq!(listed["groups"][0]["id"], ops.as_str());
    let listed = cloud.get(&admin, &format!("/v3/groups/{ops}/users")).await.expect(200);
    assert_eq!(listed["users"][0]["name"], "demo");
    cloud.delete(&admin, &member).await.expect(204);
    cloud.delete(&admin, &member).await.expect(404);
    assert_eq!(cloud.get(&token, "/v3/auth/projects").await.status, 401, "the role is gone, so is the token");
}

#[tokio::test]
async fn unknown_users_and_groups_are_404_for_an_admin() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let ops = group(&cloud, &admin, "ops").await;
    cloud.put(&admin, &format!("/v3/groups/{ops}/users/nobody")).await.expect(404);
    let user = cloud.identity.seeded_user("demo").unwrap();
    cloud.put(&admin, &format!("/v3/groups/nothing/users/{user}")).await.expect(404);
}

#[tokio::test]
async fn a_deleted_group_takes_its_roles_along() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let ops = group(&cloud, &admin, "ops").await;
    let user: Value =
        cloud.post(&admin, "/v3/users", json!({"user": {"name": "eve", "password": "p"}})).await.expect(201);
    let reader = cloud.identity.snapshot().role_named("reader").unwrap().id.clone();
    cloud
        .put(&admin, &format!("/v3/groups/{ops}/users/{}", user["user"]["id"].as_str().unwrap()))
        .await
        .expect(204);
    cloud.put(&admin, &format!("/v3/system/groups/{ops}/roles/{reader}")).await.expect(204);
    let mut login = password_of("eve", "p");
    login["scope"] = json!({"system": {"all": true}});
    cloud.log_in(login.clone()).await.expect(201);
    cloud.delete(&admin, &format!("/v3/groups/{ops}")).await.expect(204);
    cloud.log_in(login).await.expect(401);
    assert!(cloud.identity.snapshot().memberships.is_empty());
}
