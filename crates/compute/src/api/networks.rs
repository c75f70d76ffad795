//! `/os-networks`, `/os-tenant-networks`, `/os-floating-ips` and `/os-floating-ip-pools`: proxies to the network
//! service, before 2.36.

use http::StatusCode;
use kogge_http::{ApiError, Json, OptionalJson};
use kogge_network::{NetworkView, ShownFloatingIp};
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use crate::Compute;
use crate::api::body::{Fields, Read};
use crate::service::flavors::is_admin;

/// What a network of nova-network had; of a network of today only its id and name are told.
const SHOWN: [&str; 9] =
    ["cidr", "netmask", "gateway", "broadcast", "dns1", "dns2", "cidr_v6", "gateway_v6", "netmask_v6"];

/// … and what administrators saw besides.
const SHOWN_TO_ADMINS: [&str; 21] = [
    "created_at",
    "updated_at",
    "deleted_at",
    "deleted",
    "injected",
    "bridge",
    "vlan",
    "vpn_public_address",
    "vpn_public_port",
    "vpn_private_address",
    "dhcp_start",
    "project_id",
    "host",
    "bridge_interface",
    "multi_host",
    "priority",
    "rxtx_base",
    "mtu",
    "dhcp_server",
    "enable_dhcp",
    "share_address",
];

fn network_view(network: &NetworkView, admin: bool) -> Value {
    let more: &[&str] = if admin { &SHOWN_TO_ADMINS } else { &[] };
    let untold = SHOWN.iter().chain(more).map(|name| ((*name).to_owned(), Value::Null));
    let mut view: Map<String, Value> = untold.collect();
    view.insert("id".to_owned(), json!(network.row.id));
    view.insert("label".to_owned(), json!(network.row.name));
    view.into()
}

/// The text `None` is what Nova says of every network.
fn tenant_network_view(network: &NetworkView) -> Value {
    json!({"id": network.row.id, "label": network.row.name, "cidr": "None"})
}

/// `GET /os-networks`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let admin = is_admin(&call.caller);
    let found = call.service.networks_of(&call.caller, &call.rule).await?;
    let list: Vec<Value> = found.iter().map(|network| network_view(network, admin)).collect();
    Ok(Json(json!({ "networks": list })))
}

/// `GET /os-networks/{id}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let network = call.service.network_by_id(&call.caller, call.key(), &call.rule).await?;
    Ok(Json(json!({ "network": network_view(&network, is_admin(&call.caller)) })))
}

/// `GET /os-tenant-networks`
pub(crate) async fn tenant_index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let found = call.service.networks_of(&call.caller, &call.rule).await?;
    let list: Vec<Value> = found.iter().map(tenant_network_view).collect();
    Ok(Json(json!({ "networks": list })))
}

/// `GET /os-tenant-networks/{id}`
pub(crate) async fn tenant_show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let network = call.service.network_by_id(&call.caller, call.key(), &call.rule).await?;
    Ok(Json(json!({ "network": tenant_network_view(&network) })))
}

/// `GET /os-floating-ip-pools`
pub(crate) async fn pools(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    call.service.may_look(&call.caller, &call.rule)?;
    let found = call.service.pools(&call.caller).await?;
    let name = |pool: &NetworkView| match pool.row.name.as_str() {
        "" => pool.row.id.to_string(),
        name => name.to_owned(),
    };
    let list: Vec<Value> = found.iter().map(|pool| json!({ "name": name(pool) })).collect();
    Ok(Json(json!({ "floating_ip_pools": list })))
}

fn floating_ip_view(floating: &ShownFloatingIp) -> Value {
    json!({
        "id": floating.id,
        "ip": floating.address,
        "fixed_ip": floating.fixed,
        "instance_id": floating.server,
        "pool": floating.pool,
    })
}

/// `GET /os-floating-ips`
pub(crate) async fn floating_ips(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let found = call.service.floating_ips(&call.caller).await?;
    let list: Vec<Value> = found.iter().map(floating_ip_view).collect();
    Ok(Json(json!({ "floating_ips": list })))
}

/// `GET /os-floating-ips/{id}`
pub(crate) async fn floating_ip(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let found = call.service.floating_ip(&call.caller, call.key()).await?;
    Ok(Json(json!({ "floating_ip": floating_ip_view(&found) })))
}

/// The pool that a body names, if it names one; what else it says does not count.
fn read_pool(body: &Value) -> Read<Option<String>> {
    let body = Fields::of(body)?;
    Ok(body.text_or_null("pool", 0, 255)?.flatten().filter(|pool| !pool.is_empty()))
}

/// `POST /os-floating-ips`
pub(crate) async fn create_floating_ip(
    call: Call<Compute>,
    OptionalJson(body): OptionalJson<Value>,
) -> Result<Json<Value>, ApiError> {
    let pool = match body {
        None | Some(Value::Null) => None,
        Some(body) => read_pool(&body)?,
    };
    let made = call.service.create_floating_ip(&call.caller, pool.as_deref()).await?;
    Ok(Json(json!({ "floating_ip": floating_ip_view(&made) })))
}

/// `DELETE /os-floating-ips/{id}`
pub(crate) async fn delete_floating_ip(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    call.service.delete_floating_ip(&call.caller, call.key()).await?;
    Ok(StatusCode::ACCEPTED)
}
