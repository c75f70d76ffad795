//! Bodies with which a request would succeed: those of the isolation matrix, the whole ones, and those of older versions.

use kogge_http::RouteInfo;
use serde_json::{Value, json};

use super::scene::{LARGER, Scene};
use crate::isolation::bodies;
use crate::isolation::fixture::UNKNOWN;
use crate::noise::whole;

/// Good bodies for a route; `Null` where it takes none.
pub(super) fn of(scene: &Scene, route: &RouteInfo) -> Vec<Value> {
    if !bodies::takes_one(route) {
        return vec![Value::Null];
    }
    let mut all = bodies::all(route, &scene.fixture);
    all.extend(whole::of(route, &scene.fixture));
    all.extend(older(scene, route));
    all.into_iter().map(|body| fitted(scene, route, body)).collect()
}

/// Puts in the place of ids that stand for nothing in the matrix what is there in the scene.
fn fitted(scene: &Scene, route: &RouteInfo, body: Value) -> Value {
    let mut text = body.to_string();
    if route.path.ends_with("/metadata/{key}") || route.path.ends_with("/os-extra_specs/{key}") {
        let kind = if route.path.contains("metadata") { "metadata" } else { "os-extra_specs" };
        text = text.replace(UNKNOWN, &scene.fixture.id(kind));
    }
    if scene.service == "placement" {
        let generation = |number: u64| format!("\"resource_provider_generation\":{number}");
        text = text.replace(&generation(0), &generation(scene.generation));
        text = text.replace(&scene.fixture.id("servers"), OTHER_CONSUMER);
    }
    if route.path == "/v3/endpoints" {
        text = text.replace(UNKNOWN, &scene.fixture.id("services"));
    }
    if route.action == Some("resize") {
        return json!({"resize": {"flavorRef": LARGER}});
    }
    serde_json::from_str(&text).unwrap()
}

/// Who gets allocations by requests that name the consumer in their body.
pub(super) const OTHER_CONSUMER: &str = "0c000000-0000-4000-8000-0000000000cc";

/// Bodies as older versions want them.
fn older(scene: &Scene, route: &RouteInfo) -> Vec<Value> {
    let fixture = &scene.fixture;
    let (project, user) = (&fixture.project, fixture.id("users"));
    match (route.method.as_str(), route.path) {
        ("PUT", "/allocations/{consumer}") => {
            let list = json!([{"resource_provider": {"uuid": UNKNOWN}, "resources": {"CUSTOM_GOLD": 2}}]);
            let map = json!({UNKNOWN: {"resources": {"CUSTOM_GOLD": 2}}});
            vec![
                json!({"allocations": list}),
                json!({"allocations": list, "project_id": project, "user_id": user}),
                json!({"allocations": map, "project_id": project, "user_id": user}),
                json!({"allocations": map, "project_id": project, "user_id": user, "consumer_generation": 1}),
                json!({"allocations": map, "project_id": project, "user_id": user, "consumer_generation": 1,
                    "consumer_type": "INSTANCE"}),
            ]
        }
        ("POST", "/allocations") => {
            let map = json!({UNKNOWN: {"resources": {"CUSTOM_GOLD": 2}}});
            vec![json!({OTHER_CONSUMER: {"allocations": map, "project_id": project, "user_id": user}})]
        }
        ("POST", "/v3/auth/tokens") => {
            let by = json!({"id": user, "password": fixture.password});
            let identity = json!({"methods": ["password"], "password": {"user": by}});
            let wrong =
                json!({"methods": ["password"], "password": {"user": {"id": user, "password": "wrong"}}});
            vec![
                json!({"auth": {"identity": identity, "scope": {"project": {"id": fixture.id("projects")}}}}),
                json!({"auth": {"identity": identity, "scope": "unscoped"}}),
                json!({"auth": {"identity": identity}}),
                json!({"auth": {"identity": wrong}}),
            ]
        }
        ("POST", "/v2.1/os-keypairs") => vec![json!({"keypair": {"name": "x"}})],
        ("POST", "/v2.1/os-server-groups") => vec![
            json!({"server_group": {"name": "x", "policy": "anti-affinity", "rules": {"max_server_per_host": 2}}}),
        ],
        ("POST", "/v2.1/servers") => vec![
            json!({"server": {"name": "x", "imageRef": fixture.id("images"), "flavorRef": fixture.flavor,
                "networks": "none"}}),
            json!({"server": {"name": "x", "imageRef": fixture.id("images"), "flavorRef": fixture.flavor,
                "networks": [{"uuid": fixture.id("networks")}], "tags": ["x"], "description": "d",
                "hostname": "h", "metadata": {"a": "b"}}}),
        ],
        ("PUT", "/v2.1/os-services/{id}") => {
            vec![json!({"status": "disabled", "disabled_reason": "r"}), json!({"forced_down": false})]
        }
        ("POST", "/v2.1/os-aggregates") => {
            vec![json!({"aggregate": {"name": "x", "availability_zone": "z"}})]
        }
        ("PUT", "/v2.0/networks/{id}") => vec![
            json!({"network": {"shared": true}}),
            json!({"network": {"mtu": 1400, "description": "d", "port_security_enabled": true}}),
        ],
        ("PUT", "/v2.0/subnets/{id}") => vec![
            json!({"subnet": {"dns_nameservers": ["9.9.9.9"], "enable_dhcp": false, "gateway_ip": null}}),
        ],
        _ => Vec::new(),
    }
}
