//! The actions `migrate`, `os-migrateLive` and `evacuate`, and `/servers/{id}/migrations`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::{Fields, Read};
use crate::model::migration::Migration;
use crate::service::servers::boot::password;
use crate::service::servers::migrate::{Evacuation, LiveMove};
use crate::{Compute, microversion as v};

/// Moves a server.
pub(super) async fn run(call: &Call<Compute>, name: &str, body: &Value) -> Result<(), ApiError> {
    let fields = Fields::of(body)?;
    let value = fields.take(name).unwrap_or(&Value::Null);
    fields.finish()?;
    if name == "migrate" {
        let host = cold(call, value)?;
        return Ok(call.service.migrate(&call.caller, call.key(), host.as_deref()).await?);
    }
    let wish = live(call, &Fields::named(name, value)?)?;
    Ok(call.service.live_migrate(&call.caller, call.key(), wish).await?)
}

/// Before 2.56 the value is passed over.
fn cold(call: &Call<Compute>, value: &Value) -> Read<Option<String>> {
    if value.is_null() || call.version.before(v::MIGRATE_HOST) {
        return Ok(None);
    }
    let inner = Fields::named("migrate", value)?;
    let host = inner.text_or_null("host", 1, 255)?.flatten();
    inner.finish()?;
    Ok(host)
}

fn live(call: &Call<Compute>, inner: &Fields<'_>) -> Read<LiveMove> {
    let version = call.version;
    let host = inner.required("host", inner.text_or_null("host", 1, 255)?)?;
    let block = inner.required("block_migration", inner.take("block_migration"))?;
    if !(version.has(v::LIVE_AUTO) && block == "auto") {
        flag("block_migration", block)?;
    }
    if version.before(v::LIVE_AUTO) {
        inner.required("disk_over_commit", inner.boolean("disk_over_commit")?)?;
    }
    if version.has(v::FORCE_MOVE) && version.before(v::NO_FORCED_MOVE) {
        let force = inner.boolean("force")?.unwrap_or(false);
        if force && host.is_none() {
            return Err(ApiError::bad_request("Can't force to a non-provided destination"));
        }
    }
    inner.finish()?;
    Ok(LiveMove { host, later: version.has(v::LIVE_LATER) })
}

/// A boolean in any spelling that Nova takes.
fn flag(name: &str, value: &Value) -> Read<()> {
    let alone = json!({ name: value });
    Fields::of(&alone)?.boolean(name).map(drop)
}

/// Evacuates a server.
pub(super) async fn evacuate(call: &Call<Compute>, inner: Fields<'_>) -> Result<Response, ApiError> {
    let version = call.version;
    let host = inner.text("host", 1, 255)?;
    let mut shared = false;
    if version.before(v::NO_SHARED_STORAGE) {
        shared = inner.required("onSharedStorage", inner.boolean("onSharedStorage")?)?;
    }
    let given = inner.text("adminPass", 0, 255)?;
    if version.has(v::FORCE_EVACUATION) && version.before(v::NO_FORCED_MOVE) {
        let force = inner.boolean("force")?.unwrap_or(false);
        if force && host.is_none() {
            return Err(ApiError::bad_request("Can't force to a non-provided destination"));
        }
    }
    inner.finish()?;
    if shared && given.is_some() {
        return Err(ApiError::bad_request("admin password can't be changed on existing disk"));
    }
    let admin_password = if shared { None } else { Some(given.unwrap_or_else(password)) };
    let stops = version.has(v::EVACUATE_STOPPED);
    let wish = Evacuation { host, admin_password: admin_password.clone(), stops };
    call.service.evacuate(&call.caller, call.key(), wish).await?;
    if version.has(v::NO_SHARED_STORAGE) {
        return Ok(StatusCode::OK.into_response());
    }
    Ok(Json(json!({ "adminPass": admin_password })).into_response())
}

fn view(call: &Call<Compute>, row: &Migration, hosts: bool) -> Value {
    let seen = |host: &Option<String>| host.clone().filter(|_| hosts);
    let (source, dest) = (seen(&row.source_host), seen(&row.dest_host));
    let mut view = json!({
        "id": row.number,
        "server_uuid": row.server,
        "status": row.status,
        "source_compute": source,
        "source_node": source,
        "dest_compute": dest,
        "dest_node": dest,
        "dest_host": dest,
        "created_at": row.created_at.micros(),
        "updated_at": (row.updated_at > row.created_at).then(|| row.updated_at.micros()),
        "memory_total_bytes": null,
        "memory_processed_bytes": null,
        "memory_remaining_bytes": null,
        "disk_total_bytes": null,
        "disk_processed_bytes": null,
        "disk_remaining_bytes": null,
    });
    if call.version.has(v::MIGRATION_PAGES) {
        view["uuid"] = json!(row.id);
    }
    if call.version.has(v::MIGRATION_OWNER) {
        view["user_id"] = json!(row.user_id);
        view["project_id"] = json!(row.project_id);
    }
    view
}

/// `GET /servers/{id}/migrations`: live migrations under way.
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let (rows, hosts) = call.service.moves_under_way(&call.caller, call.key(), &call.rule).await?;
    let views: Vec<Value> = rows.iter().map(|row| view(&call, row, hosts)).collect();
    Ok(Json(json!({ "migrations": views })))
}

/// `GET /servers/{id}/migrations/{migration}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, number] = call.keys();
    let row = call.service.move_under_way(&call.caller, id, number, &call.rule).await?;
    Ok(Json(json!({ "migration": view(&call, &row, true) })))
}

/// `POST /servers/{id}/migrations/{migration}/action`: a simulated host needs no push.
pub(crate) async fn force(call: Call<Compute>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let fields = Fields::of(&body)?;
    fields.required("force_complete", fields.take("force_complete"))?;
    fields.finish()?;
    let [id, number] = call.keys();
    call.service.push_move(&call.caller, id, number, &call.rule, "force complete").await?;
    Ok(StatusCode::ACCEPTED)
}

/// `DELETE /servers/{id}/migrations/{migration}`
pub(crate) async fn abort(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, number] = call.keys();
    call.service.abort_move(&call.caller, id, number, &call.rule).await?;
    Ok(StatusCode::ACCEPTED)
}
