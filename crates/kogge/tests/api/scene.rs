//! What tests build first: an image, a network with a way out, a server.

use http::Method;
use kogge::test_cloud::{Session, TestCloud};
use serde_json::{Value, json};

/// A tiny valid qcow2 header with 1 MiB of virtual disk: enough for every inspection.
pub(crate) fn qcow2() -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    bytes[..8].copy_from_slice(b"QFI\xfb\x00\x00\x00\x03");
    bytes[20..24].copy_from_slice(&16_u32.to_be_bytes());
    bytes[24..32].copy_from_slice(&(1_u64 << 20).to_be_bytes());
    bytes[36..40].copy_from_slice(&1_u32.to_be_bytes());
    bytes[40..48].copy_from_slice(&1024_u64.to_be_bytes());
    bytes[48..56].copy_from_slice(&2048_u64.to_be_bytes());
    bytes[56..60].copy_from_slice(&1_u32.to_be_bytes());
    bytes[96..100].copy_from_slice(&4_u32.to_be_bytes());
    bytes[100..104].copy_from_slice(&104_u32.to_be_bytes());
    bytes
}

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
