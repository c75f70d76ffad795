//! `/os-hosts`: services by where they run, and how much of each project is there.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use kogge_resource::nova::Fields;
use serde_json::{Map, Value, json};

use crate::Volumes;
use crate::error::Error;
use crate::model::quota::Usage;
use crate::service::services::{Service, VOLUME, Word};

fn missing(host: &str) -> Error {
    Error::NotFound(format!("Host {host} could not be found."))
}

/// `GET /os-hosts`: those that take something new.
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let zone = &call.service.config().zone;
    let asked = call.query.get("zone").is_none_or(|wanted| wanted.is_empty() || wanted == zone);
    let mut services = call.service.services(call.service.db()).await?;
    services.retain(|one| asked && !one.disabled);
    let one = |service: &Service| {
        json!({
            "host_name": service.host,
            "service": service.kind,
            "zone": zone,
            "service-status": "available",
            "service-state": "enabled",
            "last-update": call.service.now().micros(),
        })
    };
    Ok(Json(json!({ "hosts": services.iter().map(one).collect::<Vec<_>>() })))
}

/// `GET /os-hosts/{host}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let host = call.key();
    let services = call.service.services(call.service.db()).await?;
    let backend = services.into_iter().find(|one| one.kind == VOLUME && one.host == host);
    let backend = backend.and_then(|one| one.backend).ok_or_else(|| missing(host))?;
    let each = call.service.on_backend(&backend).await?;
    let none = (Usage::default(), Usage::default());
    let total = each.iter().fold(none, |sum, (_, volumes, snapshots)| (sum.0 + *volumes, sum.1 + *snapshots));
    let mut all = vec![resource(host, "(total)", total)];
    all.extend(
        each.iter().map(|(project, volumes, snapshots)| resource(host, project, (*volumes, *snapshots))),
    );
    Ok(Json(json!({ "host": all })))
}

fn resource(host: &str, project: &str, (volumes, snapshots): (Usage, Usage)) -> Value {
    json!({"resource": {
        "host": host,
        "project": project,
        "volume_count": volumes.volumes.to_string(),
        "total_volume_gb": volumes.gigabytes.to_string(),
        "snapshot_count": snapshots.snapshots.to_string(),
        "total_snapshot_gb": snapshots.gigabytes.to_string(),
    }})
}

/// `PUT /os-hosts/{host}`
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    Fields::of(&body)?;
    let mut word = None;
    for (key, value) in body.as_object().unwrap_or(&Map::new()) {
        if key.trim().to_lowercase() != "status" {
            return Err(ApiError::bad_request(format!("Invalid update setting: '{key}'")));
        }
        let status = value.as_str().unwrap_or_default();
        word = Some(match status.trim().to_lowercase().as_str() {
            "enable" => Word::Enable,
            "disable" => Word::Disable(None),
            _ => return Err(ApiError::bad_request(format!("Invalid status: '{status}'"))),
        });
    }
    let Some(word) = word else { return Ok(Json(json!({}))) };
    let host = call.key();
    let said = call.service.say_of_service(VOLUME, host, word).await;
    let service = said.map_err(|error| match error {
        Error::NotFound(_) => missing(host),
        other => other,
    })?;
    let status = if service.disabled { "disabled" } else { "enabled" };
    Ok(Json(json!({"host": host, "status": status})))
}
