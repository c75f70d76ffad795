//! Breaking a cloud with its administrator's API.

use http::Method;
use kogge::test_cloud::{Session, TestCloud, qcow2};
use serde_json::{Map, Value, json};

/// The template that lets everybody in.
const OPEN: &str = "default-security-group-rules";

async fn image(session: &Session, name: &str, properties: &[(&str, Value)]) -> String {
    let mut body: Map<String, Value> =
        properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let base =
        [("name", name), ("disk_format", "qcow2"), ("container_format", "bare"), ("visibility", "public")];
    body.extend(base.map(|(key, value)| (key.to_owned(), json!(value))));
    let made = session.post("/image/v2/images", Value::Object(body)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap().to_owned();
    let path = format!("/image/v2/images/{id}/file");
    let sent = session.send_bytes(Method::PUT, &path, Some("application/octet-stream"), qcow2()).await;
    assert_eq!(sent.status, 204, "{}", String::from_utf8_lossy(&sent.bytes));
    id
}

/// A public image that says nothing about itself.
pub(crate) async fn plain_image(cloud: &TestCloud, name: &str) -> String {
    image(&cloud.session("kogge-admin").await, name, &[]).await
}

/// A standard image with one property missing and one wrong.
async fn ubuntu(admin: &Session) -> String {
    let properties = [
        ("architecture", json!("x86_64")),
        ("os_distro", json!("ubuntu")),
        ("os_purpose", json!("generic")),
        ("min_disk", json!(8)),
        ("min_ram", json!(512)),
        ("hw_rng_model", json!("egd")),
        ("image_build_date", json!("2026-11-01")),
        ("image_original_user", json!("ubuntu")),
        (
            "image_source",
            json!("https://cloud-images.ubuntu.com/noble/20261101/noble-server-cloudimg-amd64.img"),
        ),
        ("image_description", json!("https://example.org/")),
        ("replace_frequency", json!("monthly")),
        ("provided_until", json!("none")),
        ("uuid_validity", json!("none")),
    ];
    image(admin, "Ubuntu 24.04", &properties).await
}

async fn flavor(admin: &Session, name: &str) -> String {
    let flavors = admin.get("/compute/v2.1/flavors").await;
    let found = flavors.body["flavors"].as_array().unwrap().iter().find(|flavor| flavor["name"] == name);
    found.unwrap_or_else(|| panic!("no flavor {name}"))["id"].as_str().unwrap().to_owned()
}

/// A wrong extra spec, a missing flavor, a bad and a missing image property, a default rule too much and one missing.
pub(crate) async fn everything(cloud: &TestCloud) {
    let admin = cloud.session("kogge-admin").await;
    let wrong = flavor(&admin, "SCS-4V-16").await;
    let specs = json!({"extra_specs": {"scs:cpu-type": "crowded-core"}});
    let set = admin.post(&format!("/compute/v2.1/flavors/{wrong}/os-extra_specs"), specs).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let gone = flavor(&admin, "SCS-2V-8").await;
    assert_eq!(admin.delete(&format!("/compute/v2.1/flavors/{gone}")).await.status, 202);
    ubuntu(&admin).await;
    let rules = admin.get(&format!("/network/v2.0/{OPEN}")).await.body;
    let rules = rules["default_security_group_rules"].as_array().unwrap().clone();
    let out = rules.iter().find(|rule| rule["direction"] == "egress" && rule["ethertype"] == "IPv6").unwrap();
    let path = format!("/network/v2.0/{OPEN}/{}", out["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status, 204);
    let open = json!({"default_security_group_rule": {
        "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22,
        "used_in_default_sg": true, "used_in_non_default_sg": true,
    }});
    let made = admin.post(&format!("/network/v2.0/{OPEN}"), open).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

/// The id of the rule that a plan deletes.
pub(crate) fn rule(told: &Value) -> String {
    let changes = told["changes"].as_array().unwrap();
    let deleted = changes.iter().find(|change| change["after"] == "gone").unwrap_or_else(|| panic!("{told}"));
    deleted["object"]["id"].as_str().unwrap().to_owned()
}

/// A standard flavor of wrong RAM, and the id of a member's server that has it.
pub(crate) async fn flavor_in_use(cloud: &TestCloud, name: &str) -> String {
    let (admin, demo) = (cloud.session("kogge-admin").await, cloud.session("kogge").await);
    let old = flavor(&admin, name).await;
    assert_eq!(admin.delete(&format!("/compute/v2.1/flavors/{old}")).await.status, 202);
    let body = json!({"flavor": {"name": name, "vcpus": 1, "ram": 2048, "disk": 5, "swap": 64,
        "OS-FLV-EXT-DATA:ephemeral": 3, "rxtx_factor": 2.0, "description": "the operator's own words"}});
    let made = admin.speaking("compute 2.55").post("/compute/v2.1/flavors", body).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let image = plain_image(cloud, "plain").await;
    let body = json!({"server": {
        "name": "s", "imageRef": image, "flavorRef": made.id("flavor"), "networks": "none",
    }});
    let server = demo.speaking("compute 2.37").post("/compute/v2.1/servers", body).await;
    assert_eq!(server.status, 202, "{}", server.body);
    server.id("server")
}

/// A flavor with its description.
pub(crate) async fn whole_flavor(cloud: &TestCloud, name: &str) -> Value {
    let admin = cloud.session("kogge-admin").await;
    let id = flavor(&admin, name).await;
    let shown = admin.speaking("compute 2.55").get(&format!("/compute/v2.1/flavors/{id}")).await;
    shown.body["flavor"].clone()
}

pub(crate) async fn delete_server(cloud: &TestCloud, id: &str) {
    let demo = cloud.session("kogge").await;
    let path = format!("/compute/v2.1/servers/{id}");
    assert_eq!(demo.delete(&path).await.status, 204);
    cloud.until("the server to be gone", async || demo.get(&path).await.status == 404).await;
}
