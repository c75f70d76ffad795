//! What the service is: versions, resources, extensions, zones, providers.

use kogge_auth::Target;
use kogge_db::BadFilter;
use kogge_http::{ApiError, BaseUrl, Json, Path};
use kogge_resource::neutron::{Neutron, check};
use kogge_resource::{Call, Dialect as _, Listing, Wanted};
use serde_json::{Value, json};

use crate::Networking;
use crate::error::Error;
use crate::extensions::{EXTENSIONS, Extension};
use crate::service::permit;

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

/// A list of the few things of a kind that stand in no table: filtered by what they have, shown as asked for.
fn few(call: &Call<Networking>, many: &str, mut things: Vec<Value>) -> Result<Json<Value>, ApiError> {
    let Wanted { query, fields, .. } = Neutron::wanted(&Listing::WHOLE, call)?;
    for (name, values) in query.filters {
        if things.iter().any(|thing| thing.get(&name).is_none()) {
            return Err(Error::from(BadFilter { name, value: None }).into());
        }
        things.retain(|thing| values.iter().any(|value| is_spelled(&thing[&name], value)));
    }
    for thing in things.iter_mut().filter_map(Value::as_object_mut) {
        thing.retain(|name, _| fields.is_empty() || fields.contains(name));
    }
    Ok(Json(json!({ many: things })))
}

/// Whether a query says this value.
fn is_spelled(value: &Value, text: &str) -> bool {
    match value {
        Value::Bool(truth) => check::truth(&text.into()) == Some(*truth),
        other => other == text,
    }
}

/// `GET /availability_zones`.
pub(crate) async fn zones(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    permit(&call.caller, &call.rule, &Target::none())?;
    let name = &call.service.config().availability_zone;
    let zone = |kind: &str| json!({"name": name, "resource": kind, "state": "available"});
    few(&call, "availability_zones", vec![zone("network"), zone("router")])
}

/// `GET /service-providers`.
pub(crate) async fn providers(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    permit(&call.caller, &call.rule, &Target::none())?;
    let one = json!({"service_type": "L3_ROUTER_NAT", "name": "kogge", "default": true});
    few(&call, "service_providers", vec![one])
}
