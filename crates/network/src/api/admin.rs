//! What admins see of the cloud's machinery: agents and addresses in use.

use std::collections::HashMap;

use kogge_auth::Target;
use kogge_db::filter::Whose;
use kogge_http::{ApiError, Json};
use kogge_ids::SubnetId;
use kogge_resource::neutron::Neutron;
use kogge_resource::{Call, Dialect as _, List as _};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::resources::networks::{Networks, page_of};
use crate::service::permit;
use crate::store::rows::{Network, Subnet};
use crate::store::{allocations, networks};
use crate::{Networking, policy};

const KINDS: &[(&str, &str)] = &[
    ("DHCP agent", "dhcp"),
    ("L3 agent", "l3"),
    ("Linux bridge agent", "bridge"),
    ("Metadata agent", "metadata"),
];

/// One line per task that every host does; the node does them all in one process.
fn all_agents(net: &Networking) -> Vec<Value> {
    let now = net.clock().now().seconds_z().replace('T', " ").replace('Z', "");
    let mut found = Vec::new();
    for host in net.nodes().known() {
        for (kind, slot) in KINDS {
            let parent = uuid_of(&host);
            let id = kogge_ids::HostId::derived(parent, slot);
            found.push(json!({
                "id": id,
                "agent_type": kind,
                "binary": "kogge",
                "topic": "N/A",
                "host": host,
                "admin_state_up": true,
                "alive": true,
                "availability_zone": net.config().availability_zone,
                "configurations": {},
                "created_at": now,
                "started_at": now,
                "heartbeat_timestamp": now,
                "description": "",
                "resources_synced": null,
            }));
        }
    }
    found
}

fn uuid_of(host: &str) -> uuid::Uuid {
    kogge_ids::derive(uuid::Uuid::nil(), host)
}

/// `GET /agents`.
pub(crate) async fn agents(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    // as upstream: who may not see any sees an empty list
    let sees = call.caller.may(&policy::GET_AGENT, &Target::none());
    let mut found = if sees { all_agents(&call.service) } else { Vec::new() };
    for key in ["agent_type", "host", "id", "binary", "availability_zone"] {
        let wanted: Vec<&str> = call.query.all(key).collect();
        found.retain(|agent| wanted.is_empty() || wanted.iter().any(|wanted| agent[key] == *wanted));
    }
    Ok(Json(json!({"agents": found})))
}

/// `GET /agents/{id}`.
pub(crate) async fn agent(call: Call<Networking>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let missing = || Error::agent_not_found(id);
    permit(&call.caller, &policy::GET_AGENT, &Target::none()).map_err(|_| missing())?;
    let found = all_agents(&call.service).into_iter().find(|agent| agent["id"] == id).ok_or_else(missing)?;
    Ok(Json(json!({"agent": found})))
}

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
    let mut query = Neutron::wanted(&Networks::LIST, &call)?.query;
    query.filters.remove("ip_version");
    for (here, there) in [("network_id", "id"), ("network_name", "name")] {
        if let Some(values) = query.filters.remove(here) {
            query.filters.insert(there.to_owned(), values);
        }
    }
    let found = usages(&call.service, &query, call.query.get("ip_version")).await?;
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
