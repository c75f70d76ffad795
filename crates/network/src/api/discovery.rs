//! What the service is: versions, resources, extensions, zones, providers.

use axum::extract::State;
use kogge_http::{ApiError, Auth, BaseUrl, Json, Pairs, Path};
use serde_json::{Value, json};

use crate::error::Error;
use crate::extensions::{EXTENSIONS, Extension};
use crate::service::permit;
use crate::{Networking, policy};

/// `GET /`: the versions.
pub(crate) async fn versions(base: BaseUrl) -> Json<Value> {
    Json(json!({"versions": [{
        "id": "v2.0",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": base.join("/v2.0/")}],
    }]}))
}

const RESOURCES: &[(&str, &str)] = &[
    ("network", "networks"),
    ("subnet", "subnets"),
    ("subnetpool", "subnetpools"),
    ("port", "ports"),
    ("router", "routers"),
    ("floatingip", "floatingips"),
    ("security_group", "security-groups"),
    ("security_group_rule", "security-group-rules"),
    ("default_security_group_rule", "default-security-group-rules"),
    ("address_scope", "address-scopes"),
    ("rbac_policy", "rbac-policies"),
    ("quota", "quotas"),
    ("agent", "agents"),
    ("availability_zone", "availability_zones"),
    ("network_ip_availability", "network-ip-availabilities"),
    ("service_provider", "service-providers"),
    ("auto_allocated_topology", "auto-allocated-topology"),
];

/// `GET /v2.0/`: the resources.
pub(crate) async fn resources(base: BaseUrl) -> Json<Value> {
    let one = |(name, path): &(&str, &str)| {
        let href = base.join(&format!("/v2.0/{path}"));
        json!({"links": [{"rel": "self", "href": href}], "name": name, "collection": path})
    };
    Json(json!({"resources": RESOURCES.iter().map(one).collect::<Vec<_>>()}))
}

fn body(extension: &Extension) -> Value {
    json!({
        "name": extension.name,
        "alias": extension.alias,
        "description": extension.description,
        "updated": extension.updated,
        "links": [],
    })
}

/// `GET /extensions`.
pub(crate) async fn extensions() -> Json<Value> {
    Json(json!({"extensions": EXTENSIONS.iter().map(body).collect::<Vec<_>>()}))
}

/// `GET /extensions/{alias}`.
pub(crate) async fn extension(Path(alias): Path<String>) -> Result<Json<Value>, ApiError> {
    let found = EXTENSIONS.iter().find(|extension| extension.alias == alias);
    let found = found.ok_or_else(|| Error::extension_not_found(alias))?;
    Ok(Json(json!({"extension": body(found)})))
}

/// `GET /availability_zones`.
pub(crate) async fn zones(
    State(net): State<Networking>,
    Auth(caller): Auth,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    permit(&caller, &policy::GET_AVAILABILITY_ZONE, &kogge_auth::Target::none())?;
    let name = &net.config().availability_zone;
    let zones =
        ["network", "router"].map(|kind| json!({"name": name, "resource": kind, "state": "available"}));
    let fits = |zone: &Value| {
        ["name", "resource", "state"]
            .iter()
            .all(|key| pairs.get(key).is_none_or(|wanted| zone[*key] == wanted))
    };
    let zones: Vec<Value> = zones.into_iter().filter(fits).collect();
    Ok(Json(json!({"availability_zones": zones})))
}

/// `GET /service-providers`.
pub(crate) async fn providers(Auth(caller): Auth) -> Result<Json<Value>, ApiError> {
    permit(&caller, &policy::GET_SERVICE_PROVIDER, &kogge_auth::Target::none())?;
    let one = json!({"service_type": "L3_ROUTER_NAT", "name": "kogge", "default": true});
    Ok(Json(json!({"service_providers": [one]})))
}
