//! `/os-services`: the compute service of each host.

use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::{Fields, uuid_like};
use crate::api::query;
use crate::model::host::Host;
use crate::service::hosts::ServiceChange;
use crate::{Compute, microversion as v};

const BINARY: &str = "nova-compute";

fn view(compute: &Compute, host: &Host, zone: &str, version: Microversion) -> Value {
    let up = host.is_up(compute.now(), compute.config().host_patience());
    let mut view = json!({
        "id": if version.has(v::HOST_UUIDS) { json!(host.service) } else { json!(host.number) },
        "binary": BINARY,
        "host": host.name(),
        "zone": zone,
        "status": if host.disabled { "disabled" } else { "enabled" },
        "state": if up { "up" } else { "down" },
        "updated_at": host.seen_at.micros(),
        "disabled_reason": host.disabled_reason,
    });
    if version.has(v::FORCED_DOWN) {
        view["forced_down"] = json!(host.forced_down);
    }
    view
}

/// `GET /os-services`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &["host", "binary"], call.version, v::STRICT_QUERY)?;
    let services = call.service.services(&call.caller).await?;
    let wanted = |host: &Host| {
        call.query.get("host").is_none_or(|name| name == host.name())
            && call.query.get("binary").is_none_or(|binary| binary == BINARY)
    };
    let list: Vec<Value> = services
        .iter()
        .filter(|(host, _)| wanted(host))
        .map(|(host, zone)| view(&call.service, host, zone, call.version))
        .collect();
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
    let host = call
        .service
        .change_service(&call.caller, |host| host.service.to_string() == uuid, &what, change)
        .await?;
    let services = call.service.services(&call.caller).await?;
    let zone =
        services.iter().find(|(one, _)| one.name() == host.name()).map_or("", |(_, zone)| zone.as_str());
    Ok(Json(json!({ "service": view(&call.service, &host, zone, call.version) })))
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
    let is_it = |one: &Host| one.name() == host && binary == BINARY;
    let changed = call.service.change_service(&call.caller, is_it, &what, change).await?;
    let mut view = json!({"host": changed.name(), "binary": BINARY});
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
