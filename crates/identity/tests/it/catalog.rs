//! Regions, services, endpoints and the catalog they make.

use serde_json::{Value, json};

use crate::cloud::Cloud;

async fn service(cloud: &Cloud, admin: &str) -> String {
    let body = json!({"service": {"type": "dns", "name": "designate", "description": "names"}});
    let made = cloud.post(admin, "/v3/services", body).await.expect(201);
    assert_eq!(
        (made["service"]["name"].as_str(), made["service"]["enabled"].as_bool()),
        (Some("designate"), Some(true))
    );
    made["service"]["id"].as_str().unwrap().to_owned()
}

async fn types(cloud: &Cloud, token: &str) -> Vec<String> {
    let catalog = cloud.get(token, "/v3/auth/catalog").await.expect(200)["catalog"].clone();
    catalog.as_array().unwrap().iter().map(|service| service["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_service_with_an_endpoint_is_in_the_next_catalog() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    assert!(!types(&cloud, &demo).await.contains(&"dns".to_owned()));
    let id = service(&cloud, &admin).await;
    let body = json!({"endpoint": {"service_id": id, "interface": "public", "region_id": "RegionOne", "url": "https://dns/$(project_id)s"}});
    let endpoint = cloud.post(&admin, "/v3/endpoints", body).await.expect(201)["endpoint"].clone();
    assert_eq!(
        (endpoint["region"].as_str(), endpoint["url"].as_str()),
        (Some("RegionOne"), Some("https://dns/$(project_id)s"))
    );
    assert!(types(&cloud, &demo).await.contains(&"dns".to_owned()));
    let path = format!("/v3/endpoints/{}", endpoint["id"].as_str().unwrap());
    cloud.patch(&admin, &path, json!({"endpoint": {"enabled": false}})).await.expect(200);
    let listed = cloud.get(&admin, "/v3/endpoints?interface=public&region_id=RegionOne").await.expect(200);
    assert_eq!(listed["endpoints"].as_array().unwrap().len(), 4);
    cloud.delete(&admin, &format!("/v3/services/{id}")).await.expect(204);
    cloud.get(&admin, &path).await.expect(404);
}

#[tokio::test]
async fn seeded_endpoints_are_shown_at_the_address_of_the_client() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let listed = cloud.get(&admin, "/v3/endpoints").await.expect(200);
    for endpoint in listed["endpoints"].as_array().unwrap() {
        assert!(endpoint["url"].as_str().unwrap().starts_with("http://cloud.test/"), "{endpoint}");
    }
}

#[tokio::test]
async fn bad_endpoints_are_400() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let id = service(&cloud, &admin).await;
    let good = json!({"service_id": id, "interface": "public", "url": "http://a"});
    for (key, value) in [
        ("url", json!("no url")),
        ("url", json!("http://a/$(admin_token)s")),
        ("interface", json!("secret")),
        ("service_id", json!("none")),
        ("region_id", json!("Nowhere")),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        cloud.post(&admin, "/v3/endpoints", json!({ "endpoint": bad })).await.expect(400);
    }
}

#[tokio::test]
async fn the_old_spelling_of_region_makes_the_region() {
    let cloud = Cloud::start().await;
    let admin = cloud.admin().await;
    let id = service(&cloud, &admin).await;
    let body =
        json!({"endpoint": {"service_id": id, "interface": "public", "url": "http://a", "region": "Two"}});
    assert_eq!(cloud.post(&admin, "/v3/endpoints", body).await.expect(201)["endpoint"]["region_id"], "Two");
    cloud.get(&admin, "/v3/regions/Two").await.expect(200);
    cloud.delete(&admin, "/v3/regions/Two").await.expect(403);
}

#[tokio::test]
async fn regions_form_a_tree_without_circles() {
    let cloud = Cloud::start().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let region = |id: &str, parent: Value| json!({"region": {"id": id, "parent_region_id": parent}});
    cloud.post(&admin, "/v3/regions", region("a", Value::Null)).await.expect(201);
    cloud.post(&admin, "/v3/regions", region("b", json!("a"))).await.expect(201);
    cloud.post(&admin, "/v3/regions", region("b", Value::Null)).await.expect(409);
    cloud.post(&admin, "/v3/regions", region("c", json!("none"))).await.expect(404);
    cloud.patch(&admin, "/v3/regions/a", json!({"region": {"parent_region_id": "b"}})).await.expect(400);
    let listed = cloud.get(&demo, "/v3/regions?parent_region_id=a").await.expect(200);
    assert_eq!(listed["regions"][0]["id"], "b");
    let put = cloud.call(&admin, http::Method::PUT, "/v3/regions/d", Some(json!({"region": {}}))).await;
    assert_eq!(put.expect(201)["region"]["id"], "d");
    cloud.delete(&admin, "/v3/regions/a").await.expect(204);
    cloud.get(&admin, "/v3/regions/b").await.expect(404);
}

#[tokio::test]
async fn without_a_project_there_is_no_catalog_of_ones_own() {
    let cloud = Cloud::start().await;
    let unscoped = cloud.log_in(crate::cloud::password("demo")).await.token();
    cloud.get(&unscoped, "/v3/auth/catalog").await.expect(403);
}

#[tokio::test]
async fn json_home_lists_the_routes() {
    let cloud = Cloud::start().await;
    let request = http::Request::builder().uri("/v3").header("accept", "application/json-home");
    let answer = cloud.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["content-type"], "application/json-home");
    let user = &answer.body["resources"]["https://docs.openstack.org/api/openstack-identity/3/rel/user"];
    assert_eq!(user["href-template"], "/users/{user_id}");
}
