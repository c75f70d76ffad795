//! `/scheduler-stats/get_pools` and `/capabilities`: what backends are and have.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use kogge_resource::nova::query;
use kogge_storage::Facts;
use serde_json::{Value, json};

use crate::error::Error;
use crate::service::services::Pool;
use crate::{Volumes, microversion as v};

#[expect(clippy::cast_precision_loss, reason = "figures for people, to a hundredth")]
fn gib(bytes: u64) -> f64 {
    (bytes as f64 / f64::from(1 << 30) * 100.0).round() / 100.0
}

/// What else of backends can be asked for, and since when.
fn known(call: &Call<Volumes>, name: &str) -> bool {
    match name {
        "name" => call.version.has(v::POOL_FILTERS),
        "volume_type" => call.version.has(v::POOL_TYPE_FILTER),
        _ => false,
    }
}

/// `GET /scheduler-stats/get_pools`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let detail = match call.query.get("detail") {
        Some(word) => query::boolean("detail", word)?,
        None => false,
    };
    let unknown: Vec<&str> = call
        .query
        .iter()
        .map(|(name, _)| name)
        .filter(|name| *name != "detail" && !known(&call, name))
        .collect();
    if !unknown.is_empty() && call.version.has(v::RESOURCE_FILTERS_CONFIG) {
        let why = format!("Invalid filters {} are found in query options.", unknown.join(","));
        return Err(ApiError::bad_request(why));
    }
    let asked = |name: &str| call.query.get(name).filter(|_| known(&call, name));
    let service = &call.service;
    let kind = match asked("volume_type") {
        Some(word) => Some(service.usable_type(&mut service.db().into(), &call.caller, word).await?),
        None => None,
    };
    let fits = |pool: &Pool| {
        asked("name").is_none_or(|name| Some(name) == call.service.host_of(&pool.backend).as_deref())
            && kind.as_ref().is_none_or(|kind| service.suits(&pool.backend, kind))
    };
    let pools = call.service.pools().await;
    let shown = pools.iter().filter(|pool| fits(pool)).map(|pool| {
        let name = call.service.host_of(&pool.backend);
        if detail {
            json!({"name": name, "capabilities": capabilities(&call, pool)})
        } else {
            json!({ "name": name })
        }
    });
    Ok(Json(json!({ "pools": shown.collect::<Vec<_>>() })))
}

fn capabilities(call: &Call<Volumes>, pool: &Pool) -> Value {
    let facts = pool.facts.as_ref();
    let figure = |of: fn(&Facts) -> u64| facts.map_or(0.0, |facts| gib(of(facts)));
    let figures = json!({
        "total_capacity_gb": figure(|facts| facts.total_bytes),
        "free_capacity_gb": figure(|facts| facts.free_bytes),
        "allocated_capacity_gb": figure(|facts| facts.total_bytes.saturating_sub(facts.free_bytes)),
        "reserved_percentage": 0,
        "backend_state": if facts.is_some() { "up" } else { "down" },
        "timestamp": call.service.now().micros(),
    });
    let mut all = call.service.abilities(&pool.backend);
    all.extend(figures.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

/// `GET /capabilities/{host}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let host = call.key();
    let services = call.service.services(call.service.db()).await?;
    let backend = services.into_iter().find(|one| one.host == host).and_then(|one| one.backend);
    let backend = backend.ok_or_else(|| Error::NotFound(format!("Can't find service: {host}")))?;
    let nature = call.service.backend(&backend)?.nature();
    let abilities = call.service.abilities(&backend);
    let ability = |name: &str| abilities.get(name);
    Ok(Json(json!({
        "namespace": format!("OS::Storage::Capabilities::{host}"),
        "vendor_name": ability("vendor_name"),
        "volume_backend_name": backend,
        "pool_name": backend,
        "driver_version": ability("driver_version"),
        "storage_protocol": nature.protocol,
        "display_name": nature.product,
        "description": null,
        "visibility": null,
        "replication_targets": [],
        "properties": {},
    })))
}
