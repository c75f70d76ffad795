//! Projects, their tree and tags; domains.

use serde_json::{Value, json};

use crate::cloud::{Cloud, password_of};

async fn project(cloud: &Cloud, admin: &str, body: Value) -> Value {
    cloud.post(admin, "/v3/projects", json!({ "project": body })).await.expect(201)["project"].clone()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

fn path(value: &Value) -> String {
    format!("/v3/projects/{}", id(value))
}

#[tokio::test]
async fn a_project_has_keystones_shape() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let made = project(&cloud, &admin, json!({"name": " web ", "description": "d", "colour": "blue"})).await;
    let expected = json!({"id": id(&made), "name": "web", "description": "d", "domain_id": "default", "enabled": true,
        "parent_id": "default", "is_domain": false, "tags": [], "options": {}, "colour": "blue",
        "links": {"self": format!("http://cloud.test/identity{}", path(&made))}});
    assert_eq!(made, expected);
    cloud.post(&admin, "/v3/projects", json!({"project": {"name": "web"}})).await.expect(409);
    cloud.post(&admin, "/v3/projects", json!({"project": {"name": "x".repeat(65)}})).await.expect(400);
    cloud
        .post(&admin, "/v3/projects", json!({"project": {"name": "y", "parent_id": "nothing"}}))
        .await
        .expect(400);
    cloud
        .post(&admin, "/v3/projects", json!({"project": {"name": "y", "domain_id": "nothing"}}))
        .await
        .expect(400);
}

#[tokio::test]
async fn the_tree_is_kept_in_order() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let top = project(&cloud, &admin, json!({"name": "top"})).await;
    let leaf = project(&cloud, &admin, json!({"name": "leaf", "parent_id": id(&top)})).await;
    cloud.delete(&admin, &path(&top)).await.expect(403);
    cloud.patch(&admin, &path(&top), json!({"project": {"enabled": false}})).await.expect(403);
    cloud.patch(&admin, &path(&leaf), json!({"project": {"parent_id": "default"}})).await.expect(403);
    cloud.patch(&admin, &path(&leaf), json!({"project": {"enabled": false}})).await.expect(200);
    cloud.patch(&admin, &path(&top), json!({"project": {"enabled": false}})).await.expect(200);
    cloud.patch(&admin, &path(&leaf), json!({"project": {"enabled": true}})).await.expect(403);
    cloud
        .post(&admin, "/v3/projects", json!({"project": {"name": "x", "parent_id": id(&top)}}))
        .await
        .expect(400);
    let shown =
        cloud.get(&admin, &format!("{}?parents_as_ids&subtree_as_ids", path(&leaf))).await.expect(200);
    assert_eq!(shown["project"]["parents"], json!({ id(&top): {"default": null} }));
    assert_eq!(shown["project"]["subtree"], Value::Null);
    cloud.get(&admin, &format!("{}?parents_as_ids&parents_as_list", path(&leaf))).await.expect(400);
}

#[tokio::test]
async fn too_deep_trees_are_refused() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let mut parent = "default".to_owned();
    for depth in 0..5 {
        parent =
            id(&project(&cloud, &admin, json!({"name": format!("p{depth}"), "parent_id": parent})).await)
                .to_owned();
    }
    cloud
        .post(&admin, "/v3/projects", json!({"project": {"name": "p5", "parent_id": parent}}))
        .await
        .expect(403);
}

#[tokio::test]
async fn a_disabled_project_refuses_tokens_and_a_deleted_one_too() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let project = format!("/v3/projects/{}", cloud.identity.seeded_project("demo").unwrap());
    cloud.patch(&admin, &project, json!({"project": {"enabled": false}})).await.expect(200);
    assert_eq!(cloud.get(&demo, "/v3/auth/projects").await.status, 401);
    cloud.patch(&admin, &project, json!({"project": {"enabled": true}})).await.expect(200);
    cloud.get(&demo, "/v3/auth/projects").await.expect(200);
    cloud.delete(&admin, &project).await.expect(204);
    assert_eq!(cloud.get(&demo, "/v3/auth/projects").await.status, 401);
}

#[tokio::test]
async fn an_immutable_project_changes_only_to_become_mutable() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let made = project(&cloud, &admin, json!({"name": "rock", "options": {"immutable": true}})).await;
    assert_eq!(made["options"], json!({"immutable": true}));
    cloud.patch(&admin, &path(&made), json!({"project": {"name": "sand"}})).await.expect(403);
    cloud.delete(&admin, &path(&made)).await.expect(403);
    cloud.put(&admin, &format!("{}/tags/x", path(&made))).await.expect(403);
    cloud.patch(&admin, &path(&made), json!({"project": {"options": {"immutable": null}}})).await.expect(200);
    cloud.delete(&admin, &path(&made)).await.expect(204);
}

#[tokio::test]
async fn tags_are_set_added_asked_for_and_filtered() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let made = project(&cloud, &admin, json!({"name": "p", "tags": ["a", "b"]})).await;
    let tags = format!("{}/tags", path(&made));
    cloud.put(&admin, &format!("{tags}/c")).await.expect(201);
    assert_eq!(cloud.get(&admin, &tags).await.expect(200)["tags"], json!(["a", "b", "c"]));
    cloud.put(&admin, &format!("{tags}/c")).await.expect(400);
    let twice = json!({"project": {"name": "q", "tags": ["x", "x"]}});
    cloud.post(&admin, "/v3/projects", twice).await.expect(400);
    cloud.call(&admin, http::Method::PUT, &tags, Some(json!({"tags": ["a", "a"]}))).await.expect(400);
    cloud.get(&admin, &format!("{tags}/c")).await.expect(204);
    cloud.delete(&admin, &format!("{tags}/c")).await.expect(204);
    cloud.get(&admin, &format!("{tags}/c")).await.expect(404);
    let count = async |query: &str| {
        let listed = cloud.get(&admin, &format!("/v3/projects?{query}")).await.expect(200);
        listed["projects"].as_array().unwrap().len()
    };
    assert_eq!((count("tags=a,b").await, count("tags=a,z").await, count("tags-any=a,z").await), (1, 0, 1));
    assert_eq!(count("not-tags=a").await, 4);
    let replaced =
        cloud.call(&admin, http::Method::PUT, &tags, Some(json!({"tags": ["z"]}))).await.expect(200);
    assert_eq!(replaced["tags"], json!(["z"]));
    cloud.call(&admin, http::Method::PUT, &tags, Some(json!({"tags": ["a,b"]}))).await.expect(400);
    cloud.delete(&admin, &tags).await.expect(204);
}

#[tokio::test]
async fn domains_are_projects_apart() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let domain =
        cloud.post(&admin, "/v3/domains", json!({"domain": {"name": "d1"}})).await.expect(201)["domain"]
            .clone();
    assert!(domain.get("parent_id").is_none() && domain.get("is_domain").is_none());
    cloud.post(&admin, "/v3/domains", json!({"domain": {"name": "d1"}})).await.expect(409);
    let listed = cloud.get(&admin, "/v3/domains?name=d1").await.expect(200);
    assert_eq!(listed["domains"].as_array().unwrap().len(), 1);
    let as_project = cloud.get(&admin, &path(&domain)).await.expect(200);
    assert_eq!(as_project["project"]["is_domain"], true);
    let listed = cloud.get(&admin, "/v3/projects").await.expect(200);
    assert!(listed["projects"].as_array().unwrap().iter().all(|found| found["is_domain"] == false));
    let listed = cloud.get(&admin, "/v3/projects?is_domain=true").await.expect(200);
    assert_eq!(listed["projects"].as_array().unwrap().len(), 3, "Default, managed and d1");
    project(&cloud, &admin, json!({"name": "demo", "domain_id": id(&domain)})).await;
    let explicit =
        json!({"domain": {"name": "d2", "explicit_domain_id": "0123456789abcdef0123456789abcdef"}});
    assert_eq!(
        cloud.post(&admin, "/v3/domains", explicit).await.expect(201)["domain"]["id"],
        "0123456789abcdef0123456789abcdef"
    );
    let explicit = json!({"domain": {"name": "d3", "explicit_domain_id": "x"}});
    cloud.post(&admin, "/v3/domains", explicit).await.expect(400);
}

#[tokio::test]
async fn a_domain_goes_with_all_that_is_in_it_once_disabled() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let domain =
        cloud.post(&admin, "/v3/domains", json!({"domain": {"name": "d1"}})).await.expect(201)["domain"]
            .clone();
    let here = format!("/v3/domains/{}", id(&domain));
    let user = json!({"user": {"name": "eve", "password": "p", "domain_id": id(&domain)}});
    cloud.post(&admin, "/v3/users", user).await.expect(201);
    project(&cloud, &admin, json!({"name": "p", "domain_id": id(&domain)})).await;
    let mut login = password_of("eve", "p");
    login["identity"]["password"]["user"]["domain"] = json!({"name": "d1"});
    cloud.log_in(login.clone()).await.expect(201);
    cloud.delete(&admin, &here).await.expect(403);
    cloud.patch(&admin, &here, json!({"domain": {"enabled": false}})).await.expect(200);
    cloud.log_in(login).await.expect(401);
    cloud.delete(&admin, &here).await.expect(204);
    cloud.get(&admin, &here).await.expect(404);
    let snapshot = cloud.identity.snapshot();
    assert!(!snapshot.users.iter().any(|user| user.domain_id == id(&domain)));
    assert!(!snapshot.projects.iter().any(|found| found.domain() == id(&domain)));
}

#[tokio::test]
async fn a_member_sees_the_default_domain_and_no_other() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    assert_eq!(cloud.get(&demo, "/v3/domains/default").await.expect(200)["domain"]["enabled"], true);
    let domain =
        cloud.post(&admin, "/v3/domains", json!({"domain": {"name": "d1"}})).await.expect(201)["domain"]
            .clone();
    cloud.get(&demo, &format!("/v3/domains/{}", id(&domain))).await.expect(403);
    cloud.get(&demo, "/v3/domains").await.expect(403);
}
