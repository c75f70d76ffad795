//! What administrators see of disks that are none of ours, and how they take them over.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::cinder::Cinder;
use kogge_resource::nova::{Fields, query};
use kogge_resource::{Body, Call, Field, Op, Resource as _, Schema, Service as _, Type, Verb};
use kogge_storage::Foreign;
use serde_json::{Value, json};

use super::snapshots::{DESCRIPTION, NAME, Snapshots, trimmed};
use super::volumes::VolumesApi;
use crate::error::{Error, Result};
use crate::model::bounds::BYTES;
use crate::model::volume::Volume;
use crate::service::manage::Managed;
use crate::{Volumes, microversion as v};

/// `GET /v3/os-volume-manage`
pub(crate) async fn volumes(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "manageable-volumes": listed(&call, false).await? })))
}

/// `GET /v3/os-volume-manage/detail`
pub(crate) async fn volumes_in_detail(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "manageable-volumes": listed(&call, true).await? })))
}

/// `GET /v3/os-snapshot-manage`
pub(crate) async fn snapshots(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "manageable-snapshots": with_source(listed(&call, false).await?) })))
}

/// `GET /v3/os-snapshot-manage/detail`
pub(crate) async fn snapshots_in_detail(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "manageable-snapshots": with_source(listed(&call, true).await?) })))
}

/// A foreign disk does not say of what it is a copy.
fn with_source(mut all: Vec<Value>) -> Vec<Value> {
    for one in &mut all {
        one["source_reference"] = Value::Null;
    }
    all
}

/// A page of the foreign disks of the host that the query names.
async fn listed(call: &Call<Volumes>, detail: bool) -> Result<Vec<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule).map_err(Error::from)?;
    let host = call.query.get("host").filter(|host| !host.is_empty());
    let host =
        host.ok_or_else(|| ApiError::bad_request("One and only one of cluster and host must be set."))?;
    let backend = call.service.backend_of_host(host)?;
    let mut disks = call.service.foreign(&backend).await?;
    sort(&mut disks, call.query.get("sort").unwrap_or("reference"))?;
    let from = match call.query.get("marker").filter(|marker| !marker.is_empty()) {
        None => 0,
        Some(marker) => {
            let at = disks.iter().position(|disk| disk.name == marker);
            at.ok_or_else(|| ApiError::bad_request(format!("Invalid marker: {marker}")))? + 1
        }
    };
    let limit = query::natural(&call.query, "limit")?
        .unwrap_or(u64::MAX)
        .min(u64::from(call.service.config().max_limit));
    let offset = query::natural(&call.query, "offset")?.unwrap_or(0);
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(disks.iter().skip(from).skip(size(offset)).take(size(limit)).map(|disk| view(disk, detail)).collect())
}

/// By name or size, the greatest first unless the client says otherwise.
fn sort(disks: &mut [Foreign], word: &str) -> Result<(), ApiError> {
    let (key, direction) = word.split_once(':').unwrap_or((word, "desc"));
    match key {
        "reference" => disks.sort_by(|one, other| one.name.cmp(&other.name)),
        "size" => disks.sort_by_key(|disk| disk.bytes),
        _ => return Err(ApiError::bad_request(format!("Invalid sort keys passed: {key}"))),
    }
    match direction {
        "asc" => {}
        "desc" => disks.reverse(),
        _ => return Err(ApiError::bad_request(format!("Invalid sort dirs passed: {direction}"))),
    }
    Ok(())
}

fn view(disk: &Foreign, detail: bool) -> Value {
    let mut view = json!({
        "reference": { "source-name": disk.name },
        "size": disk.bytes.div_ceil(BYTES),
        "safe_to_manage": disk.obstacle.is_none(),
    });
    if detail {
        view["reason_not_safe"] = json!(disk.obstacle);
        view["cinder_id"] = Value::Null;
        view["extra_info"] = Value::Null;
    }
    view
}

const VOLUME: Schema = Schema::new(
    "volume",
    &[&[
        Field::required("ref", Type::Any),
        Field::required("host", Type::Text(1, 255)),
        Field::optional("cluster", DESCRIPTION).since(v::MIGRATE_CLUSTER),
        Field::optional("name", NAME),
        Field::optional("description", DESCRIPTION),
        Field::optional("volume_type", NAME),
        Field::optional("metadata", Type::Nullable(&Type::Pairs)),
        Field::optional("bootable", Type::Bool),
        Field::optional("availability_zone", NAME),
    ]],
);

const SNAPSHOT: Schema = Schema::new(
    "snapshot",
    &[&[
        Field::required("ref", Type::Any),
        Field::required("volume_id", Type::Uuid),
        Field::optional("name", NAME),
        Field::optional("description", DESCRIPTION),
        Field::optional("metadata", Type::Nullable(&Type::Pairs)),
    ]],
);

fn read(call: &Call<Volumes>, schema: &Schema, body: &Value) -> Result<Body, ApiError> {
    let fields = Fields::of(body)?;
    let whole = fields.required(schema.name, fields.take(schema.name))?;
    fields.finish()?;
    call.caller.allow_on_own(&call.rule).map_err(Error::from)?;
    schema.read::<Cinder>(Op::Create, call.version, whole)
}

fn managed(body: &Body) -> Managed {
    Managed {
        name: body.name("name"),
        description: trimmed(body.text("description")),
        metadata: body.read("metadata").unwrap_or_default(),
        kind: body.text("volume_type"),
        bootable: body.truth("bootable").unwrap_or(false),
    }
}

/// The name of a disk in a reference.
fn name_in(body: &Body) -> Result<String> {
    let word = match body.get("ref") {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(reference) => {
            reference.get("source-name").or_else(|| reference.get("source-id")).and_then(Value::as_str)
        }
        None => None,
    };
    let good = word.filter(|name| (1..=255).contains(&name.len()));
    let why = || Error::input("A reference names a disk by its 'source-name'.");
    good.map(str::to_owned).ok_or_else(why)
}

/// `POST /v3/os-volume-manage`
pub(crate) async fn manage_volume(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let asked = read(&call, &VOLUME, &body)?;
    let service = &call.service;
    let zone = asked.text("availability_zone").filter(|zone| !zone.is_empty());
    if let Some(zone) = zone.filter(|zone| *zone != service.config().zone) {
        return Err(Error::input(format!("Availability zone '{zone}' is invalid.")).into());
    }
    let backend = service.backend_of_host(&asked.name("host"))?;
    let disk = service.foreign_named(&backend, &name_in(&asked)?).await?;
    let mut tx = service.begin().await?;
    let volume = service.manage_in(&mut tx, &call.caller, (&backend, &disk), managed(&asked)).await?;
    service.commit(tx).await?;
    let more = VolumesApi::more(&call, std::slice::from_ref(&volume)).await?.pop().unwrap_or_default();
    let view = VolumesApi::view(&call, &volume, &more, Verb::Create);
    Ok((StatusCode::ACCEPTED, Json(json!({ "volume": view }))).into_response())
}

/// `POST /v3/os-snapshot-manage`
pub(crate) async fn manage_snapshot(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let asked = read(&call, &SNAPSHOT, &body)?;
    let (service, id) = (&call.service, asked.str("volume_id"));
    let backend = of_volume(&call, id.unwrap_or_default()).await?;
    let disk = service.foreign_named(&backend, &name_in(&asked)?).await?;
    let mut tx = service.begin().await?;
    let volume = service.source_in(&mut tx, &call.caller, id, &call.rule).await?;
    let snapshot =
        service.manage_snapshot_in(&mut tx, &call.caller, (&volume, &disk), managed(&asked)).await?;
    service.commit(tx).await?;
    let view = Snapshots::view(&call, &snapshot, &(), Verb::Create);
    Ok((StatusCode::ACCEPTED, Json(json!({ "snapshot": view }))).into_response())
}

/// The backend of a volume that the caller sees.
async fn of_volume(call: &Call<Volumes>, id: &str) -> Result<String> {
    let found: Volume = kogge_resource::Loaded::<VolumesApi>::now(call, id, &call.rule).await?.into_row();
    Ok(found.backend)
}
