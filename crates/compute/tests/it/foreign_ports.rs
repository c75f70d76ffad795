//! Ports that are not for this server: of other projects, and on external networks.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::Cloud;

async fn network(cloud: &Cloud, who: Persona, method: &str, path: &str, body: Value) -> Value {
    let path = format!("/network/v2.0{path}");
    let answer = cloud.call(who, method, &path, Some(body).filter(|body| !body.is_null())).await;
    assert!(answer.status < 300, "{method} {path} → {}", answer.body);
    answer.body
}

async fn port_on(cloud: &Cloud, who: Persona, body: Value) -> String {
    let made = network(cloud, who, "POST", "/ports", json!({ "port": body })).await;
    made["port"]["id"].as_str().unwrap().to_owned()
}

/// An external network of the admin's, and a port there that the admin made for the member.
async fn port_outside(cloud: &Cloud) -> (String, String) {
    let body = json!({"network": {"name": "outside", "router:external": true}});
    let made = network(cloud, Persona::Admin, "POST", "/networks", body).await;
    let outside = made["network"]["id"].as_str().unwrap().to_owned();
    let body = json!({"subnet": {"network_id": outside, "cidr": "192.0.2.0/24", "ip_version": 4}});
    network(cloud, Persona::Admin, "POST", "/subnets", body).await;
    let body = json!({"network_id": outside, "project_id": Persona::Member.project_id()});
    let port = port_on(cloud, Persona::Admin, body).await;
    (outside, port)
}

#[tokio::test]
async fn a_port_that_only_says_so_is_no_port_of_the_server() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let foreign = network(&cloud, Persona::OtherMember, "POST", "/networks", json!({"network": {}})).await;
    let body = json!({"network_id": foreign["network"]["id"]});
    let port = port_on(&cloud, Persona::OtherMember, body).await;
    let words = json!({"port": {"device_id": id, "device_owner": "compute:nova"}});
    // even where an admin was talked into it
    network(&cloud, Persona::Admin, "PUT", &format!("/ports/{port}"), words).await;
    let seen = cloud.get(&format!("/servers/{id}/os-interface")).await.expect(200);
    assert_eq!(seen["interfaceAttachments"].as_array().unwrap().len(), 1);
    assert!(!seen.to_string().contains(&port));
    assert_eq!(cloud.show(&id).await["addresses"].as_object().unwrap().len(), 1);
    assert_eq!(cloud.delete(&format!("/servers/{id}/os-interface/{port}")).await.status, 404);
    cloud.delete(&format!("/servers/{id}")).await;
    cloud.run().await;
    let left = network(&cloud, Persona::OtherMember, "GET", &format!("/ports/{port}"), Value::Null).await;
    assert_eq!(left["port"]["device_id"], id.as_str(), "its words are its own");
}

#[tokio::test]
async fn external_networks_are_for_those_who_may_by_port_as_by_network() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let (outside, port) = port_outside(&cloud).await;
    for wish in [json!({"uuid": outside}), json!({"port": port})] {
        let refused = cloud.post("/servers", cloud.server(&json!({"networks": [wish]}))).await;
        refused.fault(403);
    }
    let attach = format!("/servers/{id}/os-interface");
    for wish in [json!({"net_id": outside}), json!({"port_id": port})] {
        cloud.post(&attach, json!({ "interfaceAttachment": wish })).await.fault(403);
    }
    let free = network(&cloud, Persona::Member, "GET", &format!("/ports/{port}"), Value::Null).await;
    assert_eq!(free["port"]["device_id"], "");
    let body = json!({"interfaceAttachment": {"port_id": port}});
    cloud.admin("POST", &attach, Some(body)).await.expect(200);
    let seen = cloud.get(&attach).await.expect(200);
    assert_eq!(seen["interfaceAttachments"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_port_of_another_project_is_not_usable_whoever_asks() {
    let cloud = Cloud::start().await;
    let id = cloud.boot(json!({})).await;
    let body = json!({"network_id": cloud.network, "project_id": Persona::OtherMember.project_id()});
    let port = port_on(&cloud, Persona::Admin, body).await;
    let body = json!({"interfaceAttachment": {"port_id": port}});
    let attach = format!("/servers/{id}/os-interface");
    // its network is the member's, so the port is seen
    cloud.post(&attach, body.clone()).await.fault(403);
    cloud.admin("POST", &attach, Some(body)).await.fault(400);
}
