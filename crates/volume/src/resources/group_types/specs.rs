//! `/group_types/{id}/group_specs`: what a type of groups asks of backends, for administrators.

use http::StatusCode;
use kogge_db::Record as _;
use kogge_http::{ApiError, Json};
use kogge_resource::nova::Fields;
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::{Value, json};

use super::GroupTypes;
use crate::Volumes;
use crate::error::{Error, Result};
use crate::resources::specs::{self, Keys, Specs};

/// `GET …/group_specs`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let kind = Loaded::<GroupTypes>::now(&call, call.key(), &call.rule).await?;
    Ok(Json(json!({ "group_specs": kind.specs.0 })))
}

/// `GET …/group_specs/{key}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let kind = Loaded::<GroupTypes>::now(&call, id, &call.rule).await?;
    let missing = || Error::NotFound(format!("Group Type {id} has no extra spec with key {key}."));
    Ok(Json(json!({ key: kind.specs.get(key).ok_or_else(missing)? })))
}

/// `POST …/group_specs`
pub(crate) async fn create(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let fields = Fields::of(&body)?;
    let object = fields.required("group_specs", fields.take("group_specs"))?;
    let new = specs::read("group_specs", object, Keys::Tight)?;
    fields.finish()?;
    change(&call, |known| specs::add(known, new)).await?;
    Ok((StatusCode::ACCEPTED, Json(body)))
}

/// `PUT …/group_specs/{key}`
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let new = specs::one(call.key(), &body)?;
    change(&call, |known| specs::add(known, new)).await?;
    Ok(Json(body))
}

/// `DELETE …/group_specs/{key}`
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let [id, key] = call.keys();
    let missing = || Error::NotFound(format!("Group Type {id} has no specs with key {key}."));
    change(&call, |known| known.remove(key).map(drop).ok_or_else(missing)).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn change(call: &Call<Volumes>, change: impl FnOnce(&mut Specs) -> Result<()> + Send) -> Result<()> {
    let (loaded, mut tx) = Loaded::<GroupTypes>::open(call, call.param("id"), &call.rule).await?;
    let mut kind = loaded.into_row();
    change(&mut kind.specs.0)?;
    kind.updated_at = Some(call.service.now());
    kind.save(&mut tx).await?;
    call.service.commit(tx).await
}
