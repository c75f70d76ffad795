//! `/os-services`: the compute service of each host, and what the processes of the cloud do.

use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::{Fields, Read, uuid_like};
use crate::api::query;
use crate::model::host::{COMPUTE, Host, Service};
use crate::service::hosts::ServiceChange;
use crate::{Compute, microversion as v};

fn view(service: &Service, version: Microversion) -> Value {
    let mut view = json!({
        "id": if version.has(v::HOST_UUIDS) { json!(service.id) } else { json!(service.number) },
        "binary": service.binary,
        "host": service.host,
        "zone": service.zone,
        "status": if service.disabled { "disabled" } else { "enabled" },
        "state": if service.up { "up" } else { "down" },
        "updated_at": service.seen_at.micros(),
        "disabled_reason": service.disabled_reason,
    });
    if version.has(v::FORCED_DOWN) {
        view["forced_down"] = json!(service.forced_down);
    }
    view
}

/// What is not of a host can be neither disabled nor called dead.
fn only_computes(binary: &str) -> Read<()> {
    if binary == COMPUTE {
        return Ok(());
    }
    Err(ApiError::bad_request(format!(
        "Updating a {binary} service is not supported. Only nova-compute services can be updated."
    )))
}

/// `GET /os-services`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &["host", "binary"], call.version, v::STRICT_QUERY)?;
    let services = call.service.services(&call.caller, &call.rule).await?;
    // an empty filter is none
    let fits = |name: &str, value: &str| {
        call.query.get(name).is_none_or(|wanted| wanted.is_empty() || wanted == value)
    };
    let wanted = services.iter().filter(|one| fits("host", &one.host) && fits("binary", one.binary));
    let list: Vec<Value> = wanted.map(|one| view(one, call.version)).collect();
    Ok(Json(json!({ "services": list })))
}

/// `PUT /os-services/{id}`: by uuid since 2.53, before an action with host and binary in the body.
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    if call.version.before(v::HOST_UUIDS) {
        return act(&call, id, &body).await;
    }
    let uuid = uuid_like(id).ok_or_else(|| ApiError::bad_request(format!("Invalid uuid {id}")))?;
    let fields = Fields::of(&body)?;
    let status = fields.word("status", &["enabled", "disabled"])?;
    let reason = fields.text("disabled_reason", 1, 255)?;
    let forced_down = fields.boolean("forced_down")?;
    fields.finish()?;
    if status.as_deref() == Some("enabled") && reason.is_some() {
        return Err(ApiError::bad_request("Specifying 'disabled_reason' with status 'enabled' is invalid."));
    }
    let disabled = status.map(|word| word == "disabled");
    let change = ServiceChange { disabled, reason, forced_down };
    let what = format!("Service {id}");
    call.service.may_manage(&call.caller, &call.rule)?;
    let internal = call.service.internal_services().await?;
    if let Some(service) = internal.iter().find(|one| one.id.to_string() == uuid) {
        only_computes(service.binary)?;
    }
    let is_it = |host: &Host| host.service.to_string() == uuid;
    let changed = call.service.change_service(&call.caller, is_it, &what, change).await?;
    Ok(Json(json!({ "service": view(&changed, call.version) })))
}

async fn act(call: &Call<Compute>, action: &str, body: &Value) -> Result<Json<Value>, ApiError> {
    let known = matches!(action, "enable" | "disable" | "disable-log-reason")
        || (action == "force-down" && call.version.has(v::FORCED_DOWN));
    if !known {
        return Err(ApiError::not_found("Unknown action"));
    }
    let fields = Fields::of(body)?;
    let host = fields.required("host", fields.text("host", 1, 255)?)?;
    let binary = fields.required("binary", fields.text("binary", 1, 255)?)?;
    let reason = fields.text("disabled_reason", 1, 255)?;
    let down = fields.boolean("forced_down")?;
    fields.finish()?;
    if action == "disable-log-reason" && reason.is_none() {
        return Err(ApiError::bad_request("Missing disabled reason field"));
    }
    let change = ServiceChange {
        disabled: (action != "force-down").then_some(action != "enable"),
        reason: reason.clone(),
        forced_down: down.filter(|_| action == "force-down"),
    };
    let what = format!("Host '{host}'");
    call.service.may_manage(&call.caller, &call.rule)?;
    only_computes(&binary)?;
    let is_it = |one: &Host| one.name() == host;
    let changed = call.service.change_service(&call.caller, is_it, &what, change).await?;
    let mut view = json!({"host": changed.host, "binary": changed.binary});
    if action == "force-down" {
        view["forced_down"] = json!(changed.forced_down);
    } else {
        view["status"] = json!(if changed.disabled { "disabled" } else { "enabled" });
    }
    if action == "disable-log-reason" {
        view["disabled_reason"] = json!(reason);
    }
    Ok(Json(json!({ "service": view })))
}
