//! What admins see of the cloud's machinery: addresses in use.

use std::collections::HashMap;

use kogge_auth::Target;
use kogge_db::filter::Whose;
use kogge_http::{ApiError, Json};
use kogge_ids::SubnetId;
use kogge_resource::neutron::Neutron;
use kogge_resource::{Call, Dialect as _, List as _, Wanted};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::resources::networks::{Networks, page_of};
use crate::service::permit;
use crate::store::rows::{Network, Subnet};
use crate::store::{allocations, networks};
use crate::{Networking, policy};

/// Addresses in a subnet's pools, at most what JSON's readers can count.
fn total(subnet: &Subnet) -> u64 {
    let sum = subnet.allocation_pools.iter().fold(0_u128, |sum, pool| sum.saturating_add(pool.size()));
    u64::try_from(sum).unwrap_or(u64::MAX)
}

fn usage(network: &Network, subnets: &[Subnet], used: &HashMap<SubnetId, i64>) -> Value {
    let of = |subnet: &Subnet| used.get(&subnet.id).copied().unwrap_or(0);
    let one = |subnet: &Subnet| {
        json!({
            "subnet_id": subnet.id,
            "subnet_name": subnet.name,
            "cidr": subnet.cidr.to_string(),
            "ip_version": subnet.ip_version,
            "total_ips": total(subnet),
            "used_ips": of(subnet),
        })
    };
    json!({
        "network_id": network.id,
        "network_name": network.name,
        "tenant_id": network.project_id,
        "project_id": network.project_id,
        "total_ips": subnets.iter().fold(0_u64, |sum, subnet| sum.saturating_add(total(subnet))),
        "used_ips": subnets.iter().map(of).sum::<i64>(),
        "subnet_ip_availability": subnets.iter().map(one).collect::<Vec<_>>(),
    })
}

async fn usages(net: &Networking, query: &crate::ListQuery, version: Option<&str>) -> Result<Vec<Value>> {
    let mut source = net.db().into();
    let found = page_of(&mut source, Whose::Everybodys, query).await?.items;
    let ids: Vec<_> = found.iter().map(|network| network.id).collect();
    let mut subnets = networks::subnets_of(&mut source, &ids).await?;
    let used = allocations::used(&mut source).await?;
    let one = |network: &Network| {
        let mut of = subnets.remove(&network.id).unwrap_or_default();
        of.retain(|subnet| version.is_none_or(|version| subnet.ip_version.to_string() == version));
        usage(network, &of, &used)
    };
    Ok(found.iter().map(one).collect())
}

/// `GET /network-ip-availabilities`.
pub(crate) async fn availabilities(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    if !call.caller.may(&policy::GET_NETWORK_IP_AVAILABILITY, &Target::none()) {
        return Ok(Json(json!({"network_ip_availabilities": []})));
    }
    let Wanted { mut query, fields, .. } = Neutron::wanted(&Networks::LIST, &call)?;
    query.filters.remove("ip_version");
    for (here, there) in [("network_id", "id"), ("network_name", "name")] {
        if let Some(values) = query.filters.remove(here) {
            query.filters.insert(there.to_owned(), values);
        }
    }
    let mut found = usages(&call.service, &query, call.query.get("ip_version")).await?;
    for usage in found.iter_mut().filter_map(Value::as_object_mut) {
        usage.retain(|name, _| fields.is_empty() || fields.contains(name));
    }
    Ok(Json(json!({"network_ip_availabilities": found})))
}

/// `GET /network-ip-availabilities/{network}`.
pub(crate) async fn availability(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    permit(&call.caller, &policy::GET_NETWORK_IP_AVAILABILITY, &Target::none())
        .map_err(|_| Error::network_not_found(id))?;
    let query = crate::ListQuery::by("id", [id.to_owned()]);
    let found =
        usages(&call.service, &query, None).await?.pop().ok_or_else(|| Error::network_not_found(id))?;
    Ok(Json(json!({"network_ip_availability": found})))
}
