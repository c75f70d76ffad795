//! Flavors.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::Cloud;

fn names(list: &Value) -> Vec<String> {
    list["flavors"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_standard_flavors_are_there_with_their_specs_and_stay_deleted() {
    let mut cloud = Cloud::start().await;
    let list = cloud.at("2.61").get("/flavors/detail").await.expect(200);
    for flavor in kogge_standards::standard_flavors() {
        let found = list["flavors"].as_array().unwrap().iter().find(|one| one["name"] == flavor.name);
        let found = found.unwrap_or_else(|| panic!("{} is missing", flavor.name));
        assert_eq!(found["ram"], flavor.ram_mib);
        assert_eq!(found["extra_specs"]["scs:name-v2"], flavor.name);
    }
    cloud.admin("DELETE", "/flavors/SCS-1V-4", None).await.expect(202);
    cloud.compute.seed().await.unwrap();
    cloud.get("/flavors/SCS-1V-4").await.fault(404);
}

#[tokio::test]
async fn shapes_change_with_the_microversion() {
    let mut cloud = Cloud::start().await;
    let mut show =
        async |version: &str| cloud.at(version).get("/flavors/small").await.expect(200)["flavor"].clone();
    let old = show("2.1").await;
    assert_eq!(
        (&old["swap"], &old["rxtx_factor"], &old["OS-FLV-DISABLED:disabled"]),
        (&json!(""), &json!(1.0), &json!(false))
    );
    assert!(old.get("description").is_none() && old.get("extra_specs").is_none());
    assert_eq!(old["links"][0]["href"], "http://cloud.example/compute/v2.1/flavors/small");
    assert_eq!(old["links"][1]["href"], "http://cloud.example/compute/flavors/small");
    assert_eq!(show("2.55").await["description"], Value::Null);
    assert_eq!(show("2.61").await["extra_specs"]["hw_rng:allowed"], "true");
    assert_eq!(show("2.75").await["swap"], 0);
    let new = show("2.102").await;
    assert!(new.get("rxtx_factor").is_none() && new.get("OS-FLV-DISABLED:disabled").is_none());
}

#[tokio::test]
async fn admins_make_describe_and_delete_flavors() {
    let mut cloud = Cloud::start().await;
    let body = json!({"flavor": {"name": "mine", "id": "m1", "ram": 64, "vcpus": 1, "disk": 1}});
    cloud.post("/flavors", body.clone()).await.fault(403);
    cloud.admin("POST", "/flavors", Some(body.clone())).await.expect(200);
    let twin = cloud.admin("POST", "/flavors", Some(body)).await.fault(409);
    assert_eq!(twin, "Flavor with ID m1 already exists.");
    let body = json!({"flavor": {"name": "mine", "ram": 64, "vcpus": 1, "disk": 1}});
    assert_eq!(
        cloud.admin("POST", "/flavors", Some(body)).await.fault(409),
        "Flavor with name mine already exists."
    );
    let change = json!({"flavor": {"description": "d"}});
    assert_eq!(cloud.admin("PUT", "/flavors/m1", Some(change.clone())).await.status, 404, "before 2.55");
    let changed = cloud.at("2.55").admin("PUT", "/flavors/m1", Some(change)).await.expect(200);
    assert_eq!(changed["flavor"]["description"], "d");
    cloud.admin("DELETE", "/flavors/m1", None).await.expect(202);
    assert_eq!(cloud.get("/flavors/m1").await.fault(404), "Flavor m1 could not be found.");
}

#[tokio::test]
async fn extra_specs_are_read_by_all_and_written_by_admins() {
    let mut cloud = Cloud::start().await;
    let path = "/flavors/small/os-extra_specs";
    let body = json!({"extra_specs": {"a:b": "1", "n": 2}});
    cloud.post(path, body.clone()).await.fault(403);
    cloud.admin("POST", path, Some(body)).await.expect(200);
    assert_eq!(cloud.get(path).await.expect(200)["extra_specs"]["n"], "2");
    assert_eq!(cloud.get(&format!("{path}/a:b")).await.expect(200), json!({"a:b": "1"}));
    cloud.admin("PUT", &format!("{path}/a:b"), Some(json!({"a:b": "3"}))).await.expect(200);
    cloud.admin("PUT", &format!("{path}/a:b"), Some(json!({"c": "3"}))).await.fault(400);
    cloud.admin("DELETE", &format!("{path}/a:b"), None).await.expect(200);
    assert_eq!(
        cloud.get(&format!("{path}/a:b")).await.fault(404),
        "Flavor small has no extra specs with key a:b."
    );
    let bad = json!({"extra_specs": {"hw:cpu_policy": "sometimes"}});
    cloud.at("2.86").admin("POST", path, Some(bad)).await.fault(400);
}

#[tokio::test]
async fn private_flavors_are_seen_by_those_with_access() {
    let mut cloud = Cloud::start().await;
    let body = json!({"flavor": {"name": "secret", "id": "s", "ram": 64, "vcpus": 1, "disk": 1, "os-flavor-access:is_public": false}});
    cloud.admin("POST", "/flavors", Some(body)).await.expect(200);
    cloud.get("/flavors/s").await.fault(404);
    assert!(!names(&cloud.get("/flavors").await.expect(200)).contains(&"secret".to_owned()));
    let add = json!({"addTenantAccess": {"tenant": Persona::Member.project_id()}});
    let access = cloud.admin("POST", "/flavors/s/action", Some(add.clone())).await.expect(200);
    assert_eq!(access["flavor_access"][0]["tenant_id"], Persona::Member.project_id());
    cloud.admin("POST", "/flavors/s/action", Some(add.clone())).await.fault(409);
    assert_eq!(cloud.get("/flavors/s").await.status, 200);
    assert!(names(&cloud.get("/flavors").await.expect(200)).contains(&"secret".to_owned()));
    cloud.admin("GET", "/flavors/small/os-flavor-access", None).await.fault(404);
    cloud.at("2.7").admin("POST", "/flavors/small/action", Some(add)).await.fault(409);
    let remove = json!({"removeTenantAccess": {"tenant": Persona::Member.project_id()}});
    cloud.admin("POST", "/flavors/s/action", Some(remove.clone())).await.expect(200);
    cloud.admin("POST", "/flavors/s/action", Some(remove)).await.fault(404);
    let list = cloud.admin("GET", "/flavors?is_public=false", None).await.expect(200);
    assert_eq!(names(&list), ["secret"]);
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let mut cloud = Cloud::start().await;
    let list = cloud.get("/flavors?sort_key=memory_mb&sort_dir=desc&limit=2").await.expect(200);
    assert_eq!(list["flavors"].as_array().unwrap().len(), 2);
    let next = list["flavors_links"][0]["href"].as_str().unwrap().to_owned();
    assert!(next.starts_with(
        "http://cloud.example/compute/v2.1/flavors?sort_key=memory_mb&sort_dir=desc&limit=2&marker="
    ));
    let mut seen = names(&list);
    let mut path = next.split("/v2.1").nth(1).map(str::to_owned);
    while let Some(next) = path.take() {
        let list = cloud.get(&next).await.expect(200);
        seen.extend(names(&list));
        let link = list["flavors_links"][0]["href"].as_str();
        path = link.and_then(|link| link.split("/v2.1").nth(1)).map(str::to_owned);
    }
    let all = names(&cloud.get("/flavors").await.expect(200));
    assert_eq!(seen.len(), all.len());
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all.len(), "each once");
    let list = cloud.get("/flavors/detail?minRam=2048&minDisk=4").await.expect(200);
    assert!(list["flavors"].as_array().unwrap().iter().all(|one| one["ram"].as_u64() >= Some(2048)));
    cloud.get("/flavors?minRam=much").await.fault(400);
    cloud.get("/flavors?marker=none").await.fault(400);
    cloud.get("/flavors?limit=-1").await.fault(400);
    cloud.get("/flavors?sort_key=password").await.fault(400);
    assert_eq!(cloud.get("/flavors?x=1").await.status, 200, "passed over");
    cloud.at("2.75").get("/flavors?x=1").await.fault(400);
    assert_eq!(names(&cloud.at("2.102").get("/flavors?name=small").await.expect(200)), ["small"]);
}
