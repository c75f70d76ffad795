//! Bodies with which a request would succeed, so that only the caller decides.

use http::Method;
use kogge_http::RouteInfo;
use serde_json::{Value, json};

use super::fixture::Fixture;

/// A body for the route; an empty object where nothing better is known.
pub(crate) fn of(route: &RouteInfo, fixture: &Fixture) -> Option<Value> {
    if route.method == Method::GET || route.method == Method::HEAD || route.method == Method::DELETE {
        return None;
    }
    if let Some(action) = route.action {
        return Some(Value::from_iter([(action.to_owned(), action_body(action, fixture))]));
    }
    Some(match (route.method.as_str(), route.path) {
        ("POST", "/v2.0/networks") => json!({"network": {"name": "x"}}),
        ("POST", "/v2.0/subnets") => {
            json!({"subnet": {"network_id": fixture.id("networks"), "ip_version": 4, "cidr": "10.77.0.0/24"}})
        }
        ("POST", "/v2.0/ports") => json!({"port": {"network_id": fixture.id("networks")}}),
        ("POST", "/v2.0/routers") => json!({"router": {"name": "x"}}),
        ("POST", "/v2.0/floatingips") => json!({"floatingip": {"floating_network_id": fixture.public}}),
        ("POST", "/v2.0/security-groups") => json!({"security_group": {"name": "x"}}),
        ("PUT", path) if path.starts_with("/v2.0/networks/") => json!({"network": {"name": "y"}}),
        ("PUT", path) if path.starts_with("/v2.0/subnets/") => json!({"subnet": {"name": "y"}}),
        ("PUT", path) if path.starts_with("/v2.0/ports/") => json!({"port": {"name": "y"}}),
        ("PUT", path)
            if path.ends_with("/add_router_interface") || path.ends_with("/remove_router_interface") =>
        {
            json!({"subnet_id": fixture.id("subnets")})
        }
        ("PUT", path) if path.starts_with("/v2.0/routers/") => json!({"router": {"name": "y"}}),
        ("PUT", path) if path.starts_with("/v2.0/floatingips/") => {
            json!({"floatingip": {"description": "y"}})
        }
        ("PUT", path) if path.starts_with("/v2.0/security-groups/") => {
            json!({"security_group": {"name": "y"}})
        }
        ("POST", "/v2/images") => json!({"name": "x", "disk_format": "raw", "container_format": "bare"}),
        ("POST", "/v2.1/os-keypairs") => json!({"keypair": {"name": "x"}}),
        ("POST", "/v2.1/os-server-groups") => {
            json!({"server_group": {"name": "x", "policies": ["affinity"]}})
        }
        ("PUT", "/v2.1/servers/{id}") => json!({"server": {"name": "y"}}),
        ("POST", "/v2.1/servers/{id}/metadata") => json!({"metadata": {"a": "b"}}),
        ("PUT", "/v2.1/servers/{id}/metadata") => json!({"metadata": {"a": "b"}}),
        ("POST", "/v3/projects") => json!({"project": {"name": "x", "domain_id": "default"}}),
        ("POST", "/v3/users") => json!({"user": {"name": "x", "domain_id": "default", "password": "secret"}}),
        ("POST", "/v3/groups") => json!({"group": {"name": "x", "domain_id": "default"}}),
        ("POST", "/v3/roles") => json!({"role": {"name": "x"}}),
        ("POST", "/v3/domains") => json!({"domain": {"name": "x"}}),
        ("PATCH", "/v3/projects/{id}") => json!({"project": {"description": fixture.project}}),
        _ => json!({}),
    })
}

fn action_body(action: &str, fixture: &Fixture) -> Value {
    match action {
        "reboot" => json!({"type": "HARD"}),
        "os-getConsoleOutput" => json!({"length": 5}),
        "createImage" => json!({"name": "x"}),
        "addSecurityGroup" | "removeSecurityGroup" => json!({"name": "g"}),
        "os-resetState" => json!({"state": "active"}),
        "changePassword" => json!({"adminPass": "secret"}),
        "rebuild" => json!({"imageRef": fixture.id("images")}),
        "resize" => json!({"flavorRef": fixture.id("flavors")}),
        _ => Value::Null,
    }
}
