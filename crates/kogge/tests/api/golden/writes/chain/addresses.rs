//! What the actions on addresses of servers want: an address that can be taken away, and a floating IP that leads to the
//! network of the server.

use kogge_http::RouteInfo;
use serde_json::{Value, json};

use crate::golden::scene::{Scene, items};
use crate::isolation::bodies::{FIXED, FLOATING};

/// Makes them.
pub(super) async fn before(scene: &Scene, route: &RouteInfo) {
    match route.action {
        Some("removeFixedIp") => {
            let first = first_of_port(scene).await;
            set_port(scene, json!([first, {"ip_address": FIXED}])).await;
        }
        Some("addFloatingIp") => floating(scene).await,
        Some("removeFloatingIp") => {
            floating(scene).await;
            let path = format!("/compute/v2.1/servers/{}/action", scene.fixture.id("servers"));
            let body = json!({"addFloatingIp": {"address": FLOATING}});
            let answer = scene.session("member").post(&path, body).await;
            assert_eq!(answer.status, 202, "{}", answer.body);
        }
        _ => {}
    }
}

/// Takes them away.
pub(super) async fn reset(scene: &Scene, route: &RouteInfo) {
    match route.action {
        Some("addFixedIp" | "removeFixedIp") => {
            let first = first_of_port(scene).await;
            set_port(scene, json!([first])).await;
        }
        Some("addFloatingIp" | "removeFloatingIp") => {
            let admin = scene.session("admin");
            let query = format!("/network/v2.0/floatingips?floating_ip_address={FLOATING}");
            for one in items(&admin.get(&query).await.body, "floatingips") {
                admin.delete(&format!("/network/v2.0/floatingips/{}", one["id"].as_str().unwrap())).await;
            }
            leg(scene, "remove_router_interface").await;
        }
        _ => {}
    }
}

/// The address that the port of the server has of its own.
async fn first_of_port(scene: &Scene) -> Value {
    let path = format!("/network/v2.0/ports/{}", scene.fixture.id("server-port"));
    let port = scene.session("member").get(&path).await.body["port"].clone();
    items(&port, "fixed_ips").find(|one| one["ip_address"] != FIXED).unwrap().clone()
}

async fn set_port(scene: &Scene, addresses: Value) {
    let path = format!("/network/v2.0/ports/{}", scene.fixture.id("server-port"));
    let set = scene.session("member").put(&path, json!({"port": {"fixed_ips": addresses}})).await;
    assert_eq!(set.status, 200, "{}", set.body);
}

/// The network of the server behind a router, and a floating IP of the project: they may be there already.
async fn floating(scene: &Scene) {
    leg(scene, "add_router_interface").await;
    let body = json!({"floating_network_id": scene.fixture.public, "floating_ip_address": FLOATING,
        "project_id": scene.fixture.project});
    scene.session("admin").post("/network/v2.0/floatingips", json!({"floatingip": body})).await;
}

async fn leg(scene: &Scene, verb: &str) {
    let path = format!("/network/v2.0/routers/{}/{verb}", scene.fixture.id("routed-router"));
    scene.session("member").put(&path, json!({"subnet_id": scene.fixture.id("subnets")})).await;
}
