//! How many addresses of networks are in use; for administrators.

use kogge_http::{ApiError, Json};
use kogge_resource::neutron::Neutron;
use kogge_resource::{Call, Dialect as _, List as _, Wanted};
use serde_json::{Value, json};

use crate::Networking;
use crate::error::Error;
use crate::resources::networks::Networks;
use crate::service::usage::{NetworkUsage, SubnetUsage};

fn subnet(usage: &SubnetUsage) -> Value {
    json!({
        "subnet_id": usage.subnet.id,
        "subnet_name": usage.subnet.name,
        "cidr": usage.subnet.cidr.to_string(),
        "ip_version": usage.subnet.ip_version,
        "total_ips": usage.total(),
        "used_ips": usage.used,
    })
}

fn network(usage: &NetworkUsage) -> Value {
    json!({
        "network_id": usage.network.id,
        "network_name": usage.network.name,
        "tenant_id": usage.network.project_id,
        "project_id": usage.network.project_id,
        "total_ips": usage.total(),
        "used_ips": usage.used(),
        "subnet_ip_availability": usage.subnets.iter().map(subnet).collect::<Vec<_>>(),
    })
}

/// `GET /network-ip-availabilities`: nothing for who may not see them.
pub(crate) async fn list(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let Wanted { mut query, fields, .. } = Neutron::wanted(&Networks::LIST, &call)?;
    query.filters.remove("ip_version");
    for (here, there) in [("network_id", "id"), ("network_name", "name")] {
        if let Some(values) = query.filters.remove(here) {
            query.filters.insert(there.to_owned(), values);
        }
    }
    let found = match call.service.usage(&call.caller, &query, call.query.get("ip_version")).await {
        Err(Error::Policy(_)) => Vec::new(),
        found => found?,
    };
    let mut found: Vec<Value> = found.iter().map(network).collect();
    for usage in found.iter_mut().filter_map(Value::as_object_mut) {
        usage.retain(|name, _| fields.is_empty() || fields.contains(name));
    }
    Ok(Json(json!({"network_ip_availabilities": found})))
}

/// `GET /network-ip-availabilities/{network}`.
pub(crate) async fn show(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let missing = || Error::network_not_found(call.key());
    let query = crate::ListQuery::by("id", [call.key().to_owned()]);
    let found = match call.service.usage(&call.caller, &query, None).await {
        Err(Error::Policy(_)) => return Err(missing().into()),
        found => found?.pop().ok_or_else(missing)?,
    };
    Ok(Json(json!({"network_ip_availability": network(&found)})))
}
