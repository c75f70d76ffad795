//! Bodies: an object is an object, everywhere.

use http::Method;
use serde_json::{Value, json};

use crate::cloud::Cloud;

/// What is made or changed where: a path, and the name of the object in its body.
async fn places(cloud: &Cloud, admin: &str) -> Vec<(Method, String, &'static str)> {
    let me = cloud.identity.seeded_user("admin").unwrap().to_string();
    let project = cloud.identity.seeded_project("demo").unwrap().to_string();
    let mut made = Vec::new();
    for (path, body) in [
        ("/v3/groups".to_owned(), json!({"group": {"name": "g"}})),
        ("/v3/roles".to_owned(), json!({"role": {"name": "r"}})),
        ("/v3/regions".to_owned(), json!({"region": {"id": "r"}})),
        ("/v3/services".to_owned(), json!({"service": {"type": "t"}})),
        ("/v3/credentials".to_owned(), json!({"credential": {"user_id": me, "type": "t", "blob": "b"}})),
    ] {
        let answer = cloud.post(admin, &path, body.clone()).await.expect(201);
        let name = body.as_object().unwrap().keys().next().unwrap().clone();
        made.push(format!("{path}/{}", answer[&name]["id"].as_str().unwrap()));
    }
    let [group, role, region, service, credential] = made.try_into().unwrap();
    let post = |path: &str, name| (Method::POST, path.to_owned(), name);
    vec![
        post("/v3/domains", "domain"),
        post("/v3/projects", "project"),
        post("/v3/users", "user"),
        post("/v3/groups", "group"),
        post("/v3/roles", "role"),
        post("/v3/regions", "region"),
        post("/v3/services", "service"),
        post("/v3/endpoints", "endpoint"),
        post("/v3/credentials", "credential"),
        post("/v3/auth/tokens", "auth"),
        post("/v3/ec2tokens", "credentials"),
        post("/v3/s3tokens", "credentials"),
        post(&format!("/v3/users/{me}/application_credentials"), "application_credential"),
        post(&format!("/v3/users/{me}/password"), "user"),
        (Method::PATCH, "/v3/domains/default".to_owned(), "domain"),
        (Method::PATCH, format!("/v3/projects/{project}"), "project"),
        (Method::PATCH, format!("/v3/users/{me}"), "user"),
        (Method::PATCH, group, "group"),
        (Method::PATCH, role, "role"),
        (Method::PATCH, region, "region"),
        (Method::PATCH, service, "service"),
        (Method::PATCH, credential, "credential"),
        (Method::PUT, "/v3/regions/x".to_owned(), "region"),
    ]
}

fn message(body: &Value) -> &str {
    body["error"]["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_list_in_the_place_of_an_object_is_refused_by_every_kind() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    for (method, path, name) in places(&cloud, &admin).await {
        let bodies = [json!([{"name": "x"}]), json!([["x"]]), json!({ name: ["x"] }), json!({ name: [] })];
        for body in bodies {
            let answer = cloud.call(&admin, method.clone(), &path, Some(body.clone())).await.expect(400);
            let expected = "invalid type: sequence, expected an object";
            assert!(message(&answer).contains(expected), "{method} {path} {body}: {answer}");
        }
    }
}

#[tokio::test]
async fn objects_without_a_name_are_no_lists_either() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let me = cloud.identity.seeded_user("admin").unwrap();
    let project = cloud.identity.seeded_project("demo").unwrap();
    let pairs = format!("/v3/users/{me}/credentials/OS-EC2");
    cloud.post(&admin, &pairs, json!([project.to_string()])).await.expect(400);
    let tags = format!("/v3/projects/{project}/tags");
    cloud.call(&admin, Method::PUT, &tags, Some(json!([["a"]]))).await.expect(400);
    let tags = cloud.get(&admin, &tags).await.expect(200);
    assert_eq!(tags["tags"], json!([]));
}

#[tokio::test]
async fn a_login_of_lists_is_no_login() {
    let cloud = Cloud::start().await;
    let user = json!({"name": "admin", "domain": {"id": "default"}, "password": "admin-password"});
    let good = json!({"identity": {"methods": ["password"], "password": {"user": user}}});
    cloud.log_in(good.clone()).await.expect(201);
    for place in
        ["/identity", "/identity/password", "/identity/password/user", "/identity/password/user/domain"]
    {
        let mut bad = good.clone();
        let found = bad.pointer_mut(place).unwrap();
        *found = found.as_object().unwrap().values().cloned().collect();
        cloud.log_in(bad).await.expect(400);
    }
    let mut scoped = good;
    scoped["scope"] = json!({"project": ["id"]});
    cloud.log_in(scoped).await.expect(400);
}

#[tokio::test]
async fn options_are_what_their_schema_says() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    for (path, name) in [("/v3/roles", "role"), ("/v3/projects", "project"), ("/v3/domains", "domain")] {
        for options in [json!([]), json!({"immutable": "x"}), json!({"immutable": 1}), json!({"other": true})]
        {
            let body = json!({ name: {"name": "n", "options": options} });
            cloud.post(&admin, path, body).await.expect(400);
        }
        let body = json!({ name: {"name": "n", "options": {"immutable": null}} });
        cloud.post(&admin, path, body).await.expect(201);
    }
}
