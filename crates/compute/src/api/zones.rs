//! `/os-availability-zone` and `/extensions`.

use std::collections::BTreeMap;

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use crate::api::query;
use crate::model::host::Service;
use crate::{Compute, microversion as v};

/// `GET /os-availability-zone`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let zones = call.service.zones(&call.caller, &call.rule).await?;
    let list: Vec<Value> = zones
        .iter()
        .map(|(name, zone)| json!({"zoneName": name, "zoneState": {"available": zone.available}, "hosts": null}))
        .collect();
    Ok(Json(json!({ "availabilityZoneInfo": list })))
}

/// `GET /os-availability-zone/detail`
pub(crate) async fn detail(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let services = call.service.services(&call.caller, &call.rule).await?;
    let mut zones: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
    for service in &services {
        zones.entry(&service.zone).or_default().push(service);
    }
    let list: Vec<Value> = zones.into_iter().map(|(name, services)| zone_view(name, &services)).collect();
    Ok(Json(json!({ "availabilityZoneInfo": list })))
}

/// A zone with what its hosts run, where any of them takes servers.
fn zone_view(name: &str, services: &[&Service]) -> Value {
    let mut hosts: Map<String, Value> = Map::new();
    for service in services.iter().filter(|one| !one.disabled) {
        let shown = json!({"available": service.up, "active": true, "updated_at": service.seen_at.micros()});
        let host = hosts.entry(service.host.clone()).or_insert_with(|| json!({}));
        host[service.binary] = shown;
    }
    let available = services.iter().any(|one| one.up && !one.disabled);
    let hosts = if available { Value::Object(hosts) } else { Value::Null };
    json!({"zoneName": name, "zoneState": {"available": available}, "hosts": hosts})
}

/// Extensions of old that are served here: alias, name and what it is about, in the order of aliases.
fn all_extensions() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = include_str!("../../data/extensions.txt").lines();
    lines.filter_map(|line| {
        let (alias, rest) = line.split_once('\t')?;
        let (name, about) = rest.split_once('\t')?;
        Some((alias, name, about))
    })
}

fn extension((alias, name, about): (&str, &str, &str)) -> Value {
    json!({
        "name": name,
        "alias": alias,
        "description": about,
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": "2014-12-03T00:00:00Z",
        "links": [],
    })
}

/// `GET /extensions`
pub(crate) async fn extensions(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    call.service.may_look(&call.caller, &call.rule)?;
    Ok(Json(json!({ "extensions": all_extensions().map(extension).collect::<Vec<_>>() })))
}

/// `GET /extensions/{alias}`
pub(crate) async fn extension_show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    call.service.may_look(&call.caller, &call.rule)?;
    let found = all_extensions().find(|(alias, ..)| *alias == call.key());
    let found = found.ok_or_else(|| ApiError::not_found("The resource could not be found."))?;
    Ok(Json(json!({ "extension": extension(found) })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_served_is_not_listed() {
        let aliases: Vec<&str> = all_extensions().map(|(alias, ..)| alias).collect();
        assert!(aliases.is_sorted() && aliases.contains(&"OS-EXT-IMG-SIZE"));
        // Horizon decides by it whether to ask
        assert!(aliases.contains(&"os-simple-tenant-usage") && !aliases.contains(&"os-cells"));
        let lines = include_str!("../../data/extensions.txt").lines().count();
        assert_eq!(aliases.len(), lines, "each line has three parts");
    }
}
