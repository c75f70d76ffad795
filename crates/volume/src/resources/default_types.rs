//! `/default-types`: which type the volumes of a project are of, where nobody names one.

use http::StatusCode;
use kogge_db::{Direction, Record as _};
use kogge_http::{ApiError, Json};
use kogge_ids::ProjectId;
use kogge_resource::nova::{Fields, Read};
use kogge_resource::{Call, Service as _};
use serde_json::{Value, json};

use super::specs;
use crate::Volumes;
use crate::error::{Error, Result};
use crate::store::types::{self as store, DefaultType};

/// The project of the path, where the caller may.
fn project(call: &Call<Volumes>) -> Result<ProjectId> {
    call.caller.allow_on_own(&call.rule)?;
    let missing = |_| Error::NotFound(format!("Project with id {} not found.", call.key()));
    call.key().parse().map_err(missing)
}

fn view(row: &DefaultType) -> Value {
    json!({ "project_id": row.project_id, "volume_type_id": row.type_id })
}

/// `GET /default-types`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let select = DefaultType::select().order_by("project_id", Direction::Ascending);
    let rows = DefaultType::all(call.service.db(), select).await.map_err(Error::from)?;
    Ok(Json(json!({ "default_types": rows.iter().map(view).collect::<Vec<_>>() })))
}

/// `GET /default-types/{project}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let project = project(&call)?;
    let found = DefaultType::get(call.service.db(), &project).await.map_err(Error::from)?;
    let missing = || Error::NotFound(format!("Default type for project {project} not found."));
    Ok(Json(json!({ "default_type": view(&found.ok_or_else(missing)?) })))
}

/// `PUT /default-types/{project}`
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let (word, project_id) = (read(&body)?, project(&call)?);
    let kind = call.service.usable_type(&mut call.service.db().into(), &call.caller, &word).await.map_err(
        |error| match error {
            Error::NotFound(why) => Error::Invalid(why),
            other => other,
        },
    )?;
    let mut tx = call.service.begin().await?;
    let kind = call.service.hold_type_in(&mut tx, kind.id).await?;
    let row = DefaultType { project_id, type_id: kind.id };
    store::put_default(&mut tx, &row).await.map_err(Error::from)?;
    call.service.commit(tx).await?;
    Ok(Json(json!({ "default_type": view(&row) })))
}

fn read(body: &Value) -> Read<String> {
    let fields = Fields::of(body)?;
    let inner = fields.object("default_type")?;
    let word = inner.required("volume_type", inner.take("volume_type"))?;
    inner.finish()?;
    specs::name(word)
}

/// `DELETE /default-types/{project}`
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let project = project(&call)?;
    let mut tx = call.service.begin().await?;
    DefaultType::delete(&mut tx, &project).await.map_err(Error::from)?;
    call.service.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
