//! What comes before a change, what shows it, and how it is undone.

mod addresses;

use http::Method;
use kogge::cloud::Door;
use kogge::test_cloud::{Answer, Session};
use kogge_http::RouteInfo;
use serde_json::{Value, json};

use crate::golden::goods::OTHER_CONSUMER;
use crate::golden::scene::{LARGER, Scene, items};
use crate::isolation::fixture::UNKNOWN;

/// Brings the server into the state that an action wants.
pub(super) async fn before(scene: &Scene, route: &RouteInfo) {
    addresses::before(scene, route).await;
    let body = match route.action {
        Some("os-start") => json!({"os-stop": null}),
        Some("unpause") => json!({"pause": null}),
        Some("confirmResize" | "revertResize") => {
            json!({"resize": {"flavorRef": LARGER}})
        }
        _ => return,
    };
    let member = scene.session("member");
    let path = format!("/compute/v2.1/servers/{}/action", scene.fixture.id("servers"));
    let state = member.get(path.trim_end_matches("/action")).await.body["server"]["status"].clone();
    if state == "ACTIVE" {
        let answer = member.post(&path, body).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        scene.settle().await;
    }
}

/// The path at which the change shows: that of what was made, or of what was changed.
pub(super) fn shown(door: &Door, route: &RouteInfo, path: &str, answer: &Answer) -> Option<String> {
    if let Some(made) = made(route, path, answer) {
        return Some(made);
    }
    // the longest path of the table that can be read and that this one is in
    let mut parts: Vec<&str> = route.path.split('/').collect();
    let mut filled: Vec<&str> = path.split('/').collect();
    while parts.len() > 2 {
        let template = parts.join("/");
        if door.table.iter().any(|other| other.method == Method::GET && other.path == template) {
            return Some(filled.join("/"));
        }
        parts.pop();
        filled.pop();
    }
    None
}

/// The path of what a `POST` made.
fn made(route: &RouteInfo, path: &str, answer: &Answer) -> Option<String> {
    if route.method != Method::POST || route.path.ends_with("/action") || route.path.contains("/actions/") {
        return None;
    }
    if let Some(port) = answer.body["interfaceAttachment"]["port_id"].as_str() {
        return Some(format!("{path}/{port}"));
    }
    if let Some(name) = answer.body["keypair"]["name"].as_str() {
        return Some(format!("{path}/{name}"));
    }
    let field = if route.path.ends_with("/OS-EC2") { "access" } else { "id" };
    let text = |value: &Value| value.as_str().map(str::to_owned).or(value.as_u64().map(|id| id.to_string()));
    let inner = answer.body.as_object().into_iter().flatten().find_map(|(_, made)| text(&made[field]));
    if let Some(id) = inner.or(text(&answer.body["id"])).or(text(&answer.body["uuid"])) {
        return Some(format!("{path}/{id}"));
    }
    let place = answer.header("location");
    (answer.status == 201 && !place.is_empty()).then(|| place.to_owned())
}

/// Takes away what a request made, and takes back what it changed.
pub(super) async fn undo(scene: &mut Scene, route: &RouteInfo, path: &str, body: &Value, answer: &Answer) {
    let admin = scene.session("admin").clone();
    if route.method == Method::DELETE {
        return;
    }
    if let Some(made) = made(route, path, answer) {
        let gone = match answer.body["keypair"]["user_id"].as_str() {
            Some(user) => admin.speaking("compute 2.10").delete(&format!("{made}?user_id={user}")).await,
            None => admin.delete(&made).await,
        };
        if gone.status == 404 || gone.status == 403 {
            let owner = if scene.service == "identity" { "owner" } else { "member" };
            scene.session(owner).delete(&made).await;
        }
        if route.path == "/v2.1/servers" || route.path.ends_with("/os-interface") {
            let gone = async || scene.session("member").get(&made).await.status == 404;
            scene.cloud.until("it to go", gone).await;
        }
    }
    reset(scene, &admin, route, path, body).await;
}

/// Takes back what stays in the fixture.
async fn reset(scene: &Scene, admin: &Session, route: &RouteInfo, path: &str, body: &Value) {
    let put = async |body: Value| drop(admin.put(path, body).await);
    match route.path {
        "/v2.0/floatingips/{id}" => put(json!({"floatingip": {"port_id": null}})).await,
        "/v2.0/ports/{id}" => put(json!({"port": {"device_id": "", "name": ""}})).await,
        "/v2.0/networks/{id}" => {
            put(json!({"network": {"shared": false, "mtu": 1450, "description": ""}})).await
        }
        "/v2.0/subnets/{id}" => put(json!({"subnet": {"enable_dhcp": true, "dns_nameservers": []}})).await,
        "/v2.0/routers/{id}" => {
            put(json!({"router": {"external_gateway_info": {}, "routes": []}})).await;
        }
        "/v2.0/routers/{id}/add_router_interface" => {
            let remove = path.replace("/add_router_interface", "/remove_router_interface");
            admin.send(Method::PUT, &remove, Some(body.clone())).await;
        }
        "/v2.0/routers/{id}/add_extraroutes" => {
            let remove = path.replace("/add_extraroutes", "/remove_extraroutes");
            admin.send(Method::PUT, &remove, Some(body.clone())).await;
        }
        "/v2.0/quotas/{project}" => drop(admin.delete(path).await),
        "/v2.1/os-services/{id}" => {
            let path = scene.service_path();
            admin
                .speaking("compute 2.53")
                .put(&path, json!({"status": "enabled", "forced_down": false}))
                .await;
        }
        "/allocations" => {
            admin.delete(&format!("/placement/allocations/{OTHER_CONSUMER}")).await;
            admin.delete(&format!("/placement/allocations/{UNKNOWN}")).await;
        }
        "/resource_classes/{name}" | "/traits/{name}" if path.ends_with("nothing") => {
            admin.speaking("placement 1.39").delete(path).await;
        }
        _ => {}
    }
    addresses::reset(scene, route).await;
    if route.action == Some("confirmResize") {
        // the next one begins with the flavor that servers of the fixture have
        let server = path.trim_end_matches("/action");
        admin.delete(server).await;
        let gone = async || scene.session("member").get(server).await.status == 404;
        scene.cloud.until("the larger server to go", gone).await;
    }
    if route.action == Some("createImage") || route.path.ends_with("/{id}/action") {
        snapshots_gone(scene).await;
    }
}

/// Waits for images that are made of servers, and deletes them.
async fn snapshots_gone(scene: &Scene) {
    let member = scene.session("member");
    let found = member.get("/image/v2/images?name=x").await;
    for image in items(&found.body, "images") {
        let path = format!("/image/v2/images/{}", image["id"].as_str().unwrap_or_default());
        let done = async || member.get(&path).await.body["status"] != "queued";
        scene.cloud.until("the snapshot to be done", done).await;
        member.delete(&path).await;
    }
}
