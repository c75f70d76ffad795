//! `/types/{id}/extra_specs`: what a type asks of backends. Administrators write them, as long as nothing is of the type;
//! everybody reads some.

use http::StatusCode;
use kogge_db::Record as _;
use kogge_http::{ApiError, Json};
use kogge_resource::nova::Fields;
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::{Value, json};

use super::{VolumeTypes, seen_specs};
use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::volume_type::MULTIATTACH;
use crate::resources::specs::{self, Keys, Specs};
use crate::store::types as store;

/// What is cached for a volume cannot be shared.
const CACHEABLE: &str = "cacheable";

/// `GET …/extra_specs`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let kind = Loaded::<VolumeTypes>::now(&call, call.key(), &call.rule).await?;
    Ok(Json(json!({ "extra_specs": seen_specs(&call.caller, &kind) })))
}

/// `GET …/extra_specs/{key}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let kind = Loaded::<VolumeTypes>::now(&call, id, &call.rule).await?;
    let value = seen_specs(&call.caller, &kind).remove(key).ok_or_else(|| missing(id, key))?;
    Ok(Json(json!({ key: value })))
}

/// `POST …/extra_specs`
pub(crate) async fn create(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let object = fields.required("extra_specs", fields.take("extra_specs"))?;
    let new = specs::read("extra_specs", object, Keys::Tight)?;
    fields.finish()?;
    change(&call, |known| specs::add(known, new)).await?;
    Ok(Json(body))
}

/// `PUT …/extra_specs/{key}`
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let new = specs::one(call.key(), &body)?;
    change(&call, |known| specs::add(known, new)).await?;
    Ok(Json(body))
}

/// `DELETE …/extra_specs/{key}`
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let [id, key] = call.keys();
    change(&call, |known| known.remove(key).map(drop).ok_or_else(|| missing(id, key))).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn change(call: &Call<Volumes>, change: impl FnOnce(&mut Specs) -> Result<()> + Send) -> Result<()> {
    let (loaded, mut tx) = Loaded::<VolumeTypes>::open(call, call.param("id"), &call.rule).await?;
    if store::has_volumes(&mut tx, loaded.id).await? {
        return Err(Error::Invalid("Volume Type is currently in use.".to_owned()));
    }
    let mut kind = loaded.into_row();
    change(&mut kind.extra_specs.0)?;
    let is = |key: &str| kind.extra_specs.get(key).is_some_and(|value| value == "<is> True");
    if is(MULTIATTACH) && is(CACHEABLE) {
        return Err(Error::Invalid("cacheable cannot be set with multiattach.".to_owned()));
    }
    kind.updated_at = Some(call.service.now());
    kind.save(&mut tx).await?;
    call.service.commit(tx).await
}

fn missing(id: &str, key: &str) -> Error {
    Error::NotFound(format!("Volume Type {id} has no extra specs with key {key}."))
}
