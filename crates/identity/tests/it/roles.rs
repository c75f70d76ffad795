//! Roles and implications.

use serde_json::{Value, json};

use crate::cloud::Cloud;

async fn role(cloud: &Cloud, admin: &str, body: Value) -> Value {
    cloud.post(admin, "/v3/roles", json!({ "role": body })).await.expect(201)["role"].clone()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_role_lives_its_life() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let made = role(&cloud, &admin, json!({"name": "auditor"})).await;
    assert_eq!((made["domain_id"].clone(), made["options"].clone()), (Value::Null, json!({})));
    cloud.post(&admin, "/v3/roles", json!({"role": {"name": "auditor"}})).await.expect(409);
    let path = format!("/v3/roles/{}", id(&made));
    let updated = cloud.patch(&admin, &path, json!({"role": {"description": "reads"}})).await.expect(200);
    assert_eq!(
        (updated["role"]["name"].as_str(), updated["role"]["description"].as_str()),
        (Some("auditor"), Some("reads"))
    );
    cloud.delete(&admin, &path).await.expect(204);
    cloud.get(&admin, &path).await.expect(404);
}

#[tokio::test]
async fn the_seeded_roles_are_immutable() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let member = format!("/v3/roles/{}", cloud.identity.snapshot().role_named("member").unwrap().id);
    cloud.delete(&admin, &member).await.expect(403);
    cloud.patch(&admin, &member, json!({"role": {"name": "x"}})).await.expect(403);
}

#[tokio::test]
async fn a_domains_roles_are_listed_apart() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    role(&cloud, &admin, json!({"name": "local", "domain_id": "default"})).await;
    role(&cloud, &admin, json!({"name": "local"})).await;
    let names = async |query: &str| {
        let listed = cloud.get(&admin, &format!("/v3/roles{query}")).await.expect(200);
        listed["roles"].as_array().unwrap().len()
    };
    assert_eq!((names("").await, names("?domain_id=default").await, names("?name=local").await), (6, 1, 1));
}

#[tokio::test]
async fn implications_are_made_shown_and_ended() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let (prior, implied) =
        (role(&cloud, &admin, json!({"name": "a"})).await, role(&cloud, &admin, json!({"name": "b"})).await);
    let path = format!("/v3/roles/{}/implies/{}", id(&prior), id(&implied));
    cloud.get(&admin, &path).await.expect(404);
    let made = cloud.put(&admin, &path).await.expect(201);
    assert_eq!(made["role_inference"]["prior_role"]["name"], "a");
    assert_eq!(made["role_inference"]["implies"]["name"], "b");
    assert_eq!(cloud.call(&admin, http::Method::HEAD, &path, None).await.status, 204);
    let listed = cloud.get(&admin, &format!("/v3/roles/{}/implies", id(&prior))).await.expect(200);
    assert_eq!(listed["role_inference"]["implies"][0]["id"], id(&implied));
    let all = cloud.get(&admin, "/v3/role_inferences").await.expect(200);
    assert_eq!(all["role_inferences"].as_array().unwrap().len(), 4);
    cloud.delete(&admin, &path).await.expect(204);
    cloud.delete(&admin, &path).await.expect(404);
}

#[tokio::test]
async fn nothing_implies_admin_and_no_global_role_a_domains() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let global = role(&cloud, &admin, json!({"name": "a"})).await;
    let local = role(&cloud, &admin, json!({"name": "l", "domain_id": "default"})).await;
    let admin_role = cloud.identity.snapshot().role_named("admin").unwrap().id.clone();
    cloud.put(&admin, &format!("/v3/roles/{}/implies/{admin_role}", id(&global))).await.expect(403);
    cloud.put(&admin, &format!("/v3/roles/{}/implies/{}", id(&global), id(&local))).await.expect(403);
    cloud.put(&admin, &format!("/v3/roles/{}/implies/{}", id(&local), id(&global))).await.expect(201);
}
