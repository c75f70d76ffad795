//! What tests build first: an image, a network with a way out, a server.

use http::Method;
use kogge::test_cloud::{Session, TestCloud, qcow2};
use serde_json::{Value, json};

/// An active image of the caller.
pub(crate) async fn image(session: &Session, name: &str) -> String {
    let body = json!({"name": name, "disk_format": "qcow2", "container_format": "bare"});
    let made = session.post("/image/v2/images", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/image/v2/images/{id}/file");
    let sent = session.send_bytes(Method::PUT, &path, Some("application/octet-stream"), qcow2()).await;
    assert_eq!(sent.status, 204, "{}", String::from_utf8_lossy(&sent.bytes));
    id
}

/// Waits until no guest is on any host.
pub(crate) async fn until_no_guest(cloud: &TestCloud) {
    let node = &cloud.cloud.node;
    let empty = async || node.guests().await.is_ok_and(|guests| guests.here == 0 && guests.running == 0);
    cloud.until("the nodes to be empty", empty).await;
}

/// A network with a subnet: ids of both.
pub(crate) async fn network(session: &Session, name: &str) -> (String, String) {
    let made = session.post("/network/v2.0/networks", json!({"network": {"name": name}})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let network = made.id("network");
    let subnet =
        json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24", "name": name}});
    let made = session.post("/network/v2.0/subnets", subnet).await;
    assert_eq!(made.status, 201, "{}", made.body);
    (network, made.id("subnet"))
}

/// A network with a subnet behind a router that has a gateway to `public`: ids of network and subnet.
pub(crate) async fn routed(session: &Session, public: &str) -> (String, String) {
    let made = session.post("/network/v2.0/networks", json!({"network": {"name": "routed"}})).await;
    let network = made.id("network");
    let subnet = json!({"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.8.0.0/24"}});
    let subnet = session.post("/network/v2.0/subnets", subnet).await.id("subnet");
    let router = json!({"router": {"name": "routed", "external_gateway_info": {"network_id": public}}});
    let router = session.post("/network/v2.0/routers", router).await.id("router");
    let path = format!("/network/v2.0/routers/{router}/add_router_interface");
    let added = session.put(&path, json!({"subnet_id": subnet})).await;
    assert_eq!(added.status, 200, "{}", added.body);
    (network, subnet)
}

/// Id of the flavor of this name.
pub(crate) async fn flavor(session: &Session, name: &str) -> String {
    let flavors = session.get("/compute/v2.1/flavors").await;
    let found = flavors.body["flavors"].as_array().unwrap().iter().find(|flavor| flavor["name"] == name);
    found.unwrap_or_else(|| panic!("no flavor {name}"))["id"].as_str().unwrap().to_owned()
}

/// The body of a request for a server.
pub(crate) async fn server_body(session: &Session, name: &str) -> Value {
    let image = image(session, name).await;
    let (network, _) = network(session, name).await;
    let flavor = flavor(session, "SCS-1L-1-5").await;
    json!({"server": {"name": name, "imageRef": image, "flavorRef": flavor, "networks": [{"uuid": network}]}})
}

/// Status of a server; `gone` where there is none.
pub(crate) async fn status(session: &Session, id: &str) -> String {
    let answer = session.get(&format!("/compute/v2.1/servers/{id}")).await;
    if answer.status == 404 {
        return "gone".to_owned();
    }
    answer.body["server"]["status"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
}

/// Waits until the server has this status.
pub(crate) async fn until_status(cloud: &TestCloud, session: &Session, id: &str, wanted: &str) {
    cloud
        .until(&format!("server {id} to be {wanted}"), async || {
            let now = status(session, id).await;
            assert!(now != "ERROR" || wanted != "ACTIVE", "it went into ERROR");
            now == wanted
        })
        .await;
}
