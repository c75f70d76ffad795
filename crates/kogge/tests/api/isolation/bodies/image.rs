//! Bodies of the image service.

use serde_json::{Value, json};

use crate::isolation::fixture::Fixture;

pub(super) fn all(method: &str, path: &str, fixture: &Fixture) -> Vec<Value> {
    match (method, path) {
        ("POST", "/v2/images") => vec![json!({"name": "x", "disk_format": "raw", "container_format": "bare",
            "owner": fixture.project, "visibility": "private", "min_disk": 1, "min_ram": 64, "tags": ["t"],
            "os_distro": "debian"})],
        ("PATCH", "/v2/images/{id}") => vec![
            json!([{"op": "replace", "path": "/name", "value": "y"}]),
            json!([{"op": "replace", "path": "/owner", "value": fixture.project}]),
        ],
        ("POST", "/v2/images/{id}/members") => vec![json!({"member": fixture.project})],
        ("PUT", "/v2/images/{id}/members/{member}") => vec![json!({"status": "accepted"})],
        ("POST", "/v2/images/{id}/import") => {
            vec![json!({"method": {"name": "web-download", "uri": "https://192.0.2.1/x"}})]
        }
        _ => Vec::new(),
    }
}
