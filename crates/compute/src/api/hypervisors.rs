//! `/os-hypervisors`.

use kogge_http::{ApiError, ErrorKind, Json, Microversion, Pairs};
use kogge_node_api::Accelerator;
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::uuid_like;
use crate::api::query;
use crate::links;
use crate::service::hosts::Hypervisor;
use crate::{Compute, microversion as v};

/// `GET /os-hypervisors`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    list(&call, false).await
}

/// `GET /os-hypervisors/detail`
pub(crate) async fn detail(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    list(&call, true).await
}

const KNOWN: &[&str] = &["limit", "marker", "hypervisor_hostname_pattern", "with_servers"];

async fn list(call: &Call<Compute>, detail: bool) -> Result<Json<Value>, ApiError> {
    let (pairs, version) = (&call.query, call.version);
    query::only(pairs, KNOWN, version, v::HOST_UUIDS)?;
    let mut all = call.service.hypervisors(&call.caller, &call.rule).await?;
    let with_servers = with_servers(pairs, version)?;
    let paged = version.has(v::HYPERVISOR_PAGES);
    if let Some(pattern) = pairs.get("hypervisor_hostname_pattern").filter(|_| version.has(v::HOST_UUIDS)) {
        if pairs.has("limit") || pairs.has("marker") {
            return Err(ApiError::bad_request(
                "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.",
            ));
        }
        all.retain(|one| one.host.name().contains(pattern));
        if all.is_empty() {
            return Err(no_match(pattern));
        }
    }
    let mut more = false;
    if paged {
        (all, more) = paginate(call, all)?;
    }
    let last = all.last().map(|one| id(one, version).to_string().trim_matches('"').to_owned());
    let views: Vec<Value> = all.iter().map(|one| view(one, version, detail, with_servers)).collect();
    let mut body = json!({ "hypervisors": views });
    let collection = if detail { "os-hypervisors/detail" } else { "os-hypervisors" };
    if let Some(next) = links::next(&call.base, collection, pairs, more, last.as_deref()) {
        body["hypervisors_links"] = json!(next);
    }
    Ok(Json(body))
}

fn paginate(call: &Call<Compute>, mut all: Vec<Hypervisor>) -> Result<(Vec<Hypervisor>, bool), ApiError> {
    let page = query::page(&call.query, call.service.config().max_limit, &[])?;
    if let Some(marker) = &page.marker {
        let at = all.iter().position(|one| is(one, marker, call.version));
        let at = at.ok_or_else(|| ApiError::bad_request(format!("marker [{marker}] not found")))?;
        all.drain(..=at);
    }
    let limit = page.limit.map_or(usize::MAX, |limit| limit as usize);
    let more = all.len() > limit;
    all.truncate(limit);
    Ok((all, more))
}

fn with_servers(pairs: &Pairs, version: Microversion) -> Result<bool, ApiError> {
    match pairs.get("with_servers").filter(|_| version.has(v::HOST_UUIDS)) {
        Some(text) => query::boolean("with_servers", text),
        None => Ok(false),
    }
}

fn id(one: &Hypervisor, version: Microversion) -> Value {
    if version.has(v::HOST_UUIDS) { json!(one.host.id) } else { json!(one.host.number) }
}

fn is(one: &Hypervisor, id: &str, version: Microversion) -> bool {
    if version.has(v::HOST_UUIDS) {
        uuid_like(id).as_deref() == Some(&one.host.id.to_string())
    } else {
        one.host.number.to_string() == id
    }
}

fn no_match(pattern: &str) -> ApiError {
    ApiError::not_found(format!("No hypervisor matching '{pattern}' could be found."))
}

fn view(one: &Hypervisor, version: Microversion, detail: bool, with_servers: bool) -> Value {
    let host = &one.host;
    let mut view = json!({
        "id": id(one, version),
        "hypervisor_hostname": host.name(),
        "state": if one.up { "up" } else { "down" },
        "status": if host.disabled { "disabled" } else { "enabled" },
    });
    if detail {
        let service = if version.has(v::HOST_UUIDS) { json!(host.service) } else { json!(host.number) };
        view["hypervisor_type"] = json!(host.facts.hypervisor_type);
        view["hypervisor_version"] = json!(host.facts.hypervisor_version);
        view["host_ip"] = json!(host.facts.address);
        view["service"] =
            json!({"id": service, "host": host.name(), "disabled_reason": host.disabled_reason});
        if version.has(v::NO_HYPERVISOR_FIGURES) {
            view["uptime"] = Value::Null;
        } else {
            figures(one, version, &mut view);
        }
    }
    let some = !one.servers.is_empty();
    if with_servers && (some || version.has(v::STRICT_QUERY)) {
        view["servers"] = servers(one);
    }
    view
}

fn servers(one: &Hypervisor) -> Value {
    one.servers.iter().map(|(id, name)| json!({"uuid": id, "name": name})).collect()
}

fn figures(one: &Hypervisor, version: Microversion, view: &mut Value) {
    let facts = &one.host.facts;
    let (vcpus, ram, disk) = one.figures();
    let (all_ram, all_disk) = one.room();
    view["vcpus"] = json!(facts.vcpus);
    view["vcpus_used"] = json!(vcpus);
    view["memory_mb"] = json!(all_ram);
    view["memory_mb_used"] = json!(ram);
    view["free_ram_mb"] = json!(all_ram - ram);
    view["local_gb"] = json!(all_disk);
    view["local_gb_used"] = json!(disk);
    view["free_disk_gb"] = json!(all_disk - disk);
    view["disk_available_least"] = json!(all_disk - disk);
    view["current_workload"] = json!(0);
    view["running_vms"] = json!(one.servers.len());
    let model = match facts.accelerator {
        Accelerator::Kvm => "host",
        Accelerator::Tcg => "qemu",
        Accelerator::Simulated => "simulated",
    };
    let cpu = json!({"arch": facts.architecture, "model": model, "vendor": "", "features": [],
        "topology": {"cores": facts.vcpus, "threads": 1, "sockets": 1}});
    view["cpu_info"] = if version.has(v::CPU_INFO_OBJECT) { cpu } else { json!(cpu.to_string()) };
}

/// `GET /os-hypervisors/{id}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &["with_servers"], call.version, v::HOST_UUIDS)?;
    let one = find(&call).await?;
    let with_servers = with_servers(&call.query, call.version)?;
    Ok(Json(json!({ "hypervisor": view(&one, call.version, true, with_servers) })))
}

async fn find(call: &Call<Compute>) -> Result<Hypervisor, ApiError> {
    let (id, version) = (call.key(), call.version);
    let all = call.service.hypervisors(&call.caller, &call.rule).await?;
    if version.has(v::HOST_UUIDS) && uuid_like(id).is_none() {
        return Err(ApiError::bad_request(format!("Invalid uuid {id}")));
    }
    let found = all.into_iter().find(|one| is(one, id, version));
    found.ok_or_else(|| ApiError::not_found(format!("Hypervisor with ID '{id}' could not be found.")))
}

/// `GET /os-hypervisors/{id}/uptime`, before 2.88: no host says it, and these versions have no null for that.
pub(crate) async fn uptime(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    find(&call).await?;
    Err(ApiError::new(ErrorKind::NotImplemented, "The requested functionality is not supported."))
}

/// `GET /os-hypervisors/statistics`, before 2.88
pub(crate) async fn statistics(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let all = call.service.hypervisors(&call.caller, &call.rule).await?;
    let views: Vec<Value> = all.iter().map(|one| view(one, call.version, true, false)).collect();
    let sum = |key: &str| views.iter().filter_map(|view| view[key].as_i64()).sum::<i64>();
    let mut body = json!({ "count": all.len() });
    for key in [
        "vcpus",
        "vcpus_used",
        "memory_mb",
        "memory_mb_used",
        "free_ram_mb",
        "local_gb",
        "local_gb_used",
        "free_disk_gb",
        "disk_available_least",
        "current_workload",
        "running_vms",
    ] {
        body[key] = json!(sum(key));
    }
    Ok(Json(json!({ "hypervisor_statistics": body })))
}

/// `GET /os-hypervisors/{pattern}/search`, before 2.53
pub(crate) async fn search(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    matching(&call, false).await
}

/// `GET /os-hypervisors/{pattern}/servers`, before 2.53
pub(crate) async fn servers_of(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    matching(&call, true).await
}

async fn matching(call: &Call<Compute>, with_servers: bool) -> Result<Json<Value>, ApiError> {
    let pattern = call.key();
    let all = call.service.hypervisors(&call.caller, &call.rule).await?;
    let found: Vec<Value> = all
        .iter()
        .filter(|one| one.host.name().contains(pattern))
        .map(|one| view(one, call.version, false, with_servers))
        .collect();
    if found.is_empty() {
        return Err(no_match(pattern));
    }
    Ok(Json(json!({ "hypervisors": found })))
}
