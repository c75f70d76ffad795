//! What is not here: answers that clients know, not 404 by accident.

use kogge_auth::testing::Persona;
use serde_json::json;

use super::cloud::Cloud;

#[tokio::test]
async fn a_server_has_no_volumes_moves_or_cells_and_says_so() {
    let mut cloud = Cloud::start().await;
    let id = cloud.boot(json!({"name": "web"})).await;
    let volumes = cloud.get(&format!("/servers/{id}/os-volume_attachments")).await.expect(200);
    assert_eq!(volumes, json!({ "volumeAttachments": [] }));
    let other = format!("/compute/v2.1/servers/{id}/os-volume_attachments");
    cloud.call(Persona::OtherMember, "GET", &other, None).await.fault(404);
    cloud.get("/servers/nonsense/os-volume_attachments").await.fault(404);

    cloud.at("2.77").get(&format!("/servers/{id}/topology")).await.fault(404);
    let topology = cloud.at("2.78").get(&format!("/servers/{id}/topology")).await.expect(200);
    assert_eq!(topology, json!({ "nodes": [], "pagesize_kb": null }));

    let path = format!("/servers/{id}/migrations");
    cloud.at("2.22").admin("GET", &path, None).await.fault(404);
    assert_eq!(cloud.at("2.23").admin("GET", &path, None).await.expect(200), json!({ "migrations": [] }));
    cloud.get(&path).await.fault(403);
    let all = cloud.admin("GET", "/os-migrations", None).await.expect(200);
    assert_eq!(all, json!({ "migrations": [] }));
    cloud.get("/os-migrations").await.fault(403);
}

#[tokio::test]
async fn metadata_of_images_is_written_before_2_39() {
    let mut cloud = Cloud::start().await;
    let path = format!("/images/{}/metadata", cloud.image);
    let write = async |method: &str, at: &str, body: serde_json::Value| {
        cloud.call(Persona::Member, method, &format!("/compute/v2.1{path}{at}"), Some(body)).await
    };
    let meta = |key: &str| json!({ "meta": { key: "v" } });
    let all = write("POST", "", json!({ "metadata": { "a": "1" } })).await.expect(200);
    assert_eq!(all["metadata"]["a"], "1");
    assert_eq!(write("PUT", "/b", meta("b")).await.expect(200), meta("b"));
    write("PUT", "/b", meta("c")).await.fault(400);
    write("PUT", "/os_glance_x", meta("os_glance_x")).await.fault(403);
    write("PUT", "/name", meta("name")).await.fault(403);
    let many: serde_json::Map<String, _> = (0..129).map(|n| (format!("k{n}"), json!("v"))).collect();
    write("POST", "", json!({ "metadata": many })).await.fault(403);
    write("DELETE", "/nothing", json!({})).await.fault(404);
    assert_eq!(cloud.get(&path).await.expect(200)["metadata"]["b"], "v");
    let replaced = write("PUT", "", json!({ "metadata": { "d": "4" } })).await.expect(200);
    assert_eq!(replaced, json!({ "metadata": { "d": "4" } }));
    assert_eq!(write("DELETE", "/d", json!({})).await.status, 204);
    assert_eq!(cloud.get(&path).await.expect(200)["metadata"], json!({}));
    let other = format!("/compute/v2.1{path}");
    let refused =
        cloud.call(Persona::OtherMember, "POST", &other, Some(json!({ "metadata": { "a": "1" } }))).await;
    assert!(matches!(refused.status, 403 | 404), "{}", refused.status);
    cloud.at("2.39").get(&path).await.fault(404);
}

#[tokio::test]
async fn apis_that_nova_removed_are_gone() {
    let cloud = Cloud::start().await;
    for (method, path) in [
        ("GET", "/os-agents"),
        ("POST", "/os-agents"),
        ("DELETE", "/os-agents/1"),
        ("GET", "/os-cells/detail"),
        ("POST", "/os-certificates"),
        ("GET", "/os-fping"),
        ("GET", "/os-fixed-ips/192.0.2.1"),
        ("GET", "/os-floating-ip-dns/a/entries/b"),
        ("GET", "/servers/x/consoles"),
        ("GET", "/servers/x/os-virtual-interfaces"),
    ] {
        cloud.call(Persona::Member, method, &format!("/compute/v2.1{path}"), None).await.fault(410);
    }
    let stranger = cloud.call_with("", "GET", "/compute/v2.1/os-agents", None).await;
    assert_eq!(stranger.status, 401);
    cloud.delete("/images").await.fault(404);
    cloud.admin("GET", "/os-hypervisors/1/uptime", None).await.fault(501);
}

#[tokio::test]
async fn extensions_are_those_that_are_served() {
    let cloud = Cloud::start().await;
    let all = cloud.get("/extensions").await.expect(200);
    let names: Vec<&str> =
        all["extensions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"ImageSize") && names.contains(&"ServerGroups"), "{names:?}");
    assert!(names.contains(&"SimpleTenantUsage"), "Horizon decides by it whether to ask");
    assert!(!names.contains(&"Cells"), "{names:?}");
    cloud.get("/extensions/os-cells").await.fault(404);
}

#[tokio::test]
async fn an_admin_sees_the_security_groups_of_all_where_it_asks_for_that() {
    let cloud = Cloud::start().await;
    let body = json!({"security_group": {"name": "web", "description": ""}});
    cloud.post("/os-security-groups", body).await.expect(200);
    let count = async |query: &str| {
        let list = cloud.admin("GET", &format!("/os-security-groups{query}"), None).await.expect(200);
        list["security_groups"].as_array().unwrap().iter().filter(|one| one["name"] == "web").count()
    };
    assert_eq!([count("").await, count("?all_tenants=1").await], [0, 1]);
    assert_eq!(count("?all_tenants=1&limit=1&offset=1000").await, 0);
    let path = "/compute/v2.1/os-security-groups?all_tenants=1";
    let others = cloud.call(Persona::OtherMember, "GET", path, None).await.expect(200);
    assert!(others["security_groups"].as_array().unwrap().iter().all(|one| one["name"] != "web"));
}
