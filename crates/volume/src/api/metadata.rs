//! `/v3/volumes/{id}/metadata`

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_http::{ApiError, Json};
use kogge_resource::nova::{Fields, text};
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::model::bounds;
use crate::resources::volumes::VolumesApi;
use crate::{Volumes, microversion as v};

type Pairs = BTreeMap<String, String>;

/// `GET`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Response, ApiError> {
    let loaded = Loaded::<VolumesApi>::now(&call, call.key(), &call.rule).await?;
    Ok(answer(&call, &loaded.metadata.0))
}

/// `GET` of one
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let loaded = Loaded::<VolumesApi>::now(&call, id, &call.rule).await?;
    let value = loaded.metadata.get(key).ok_or_else(|| missing(&loaded.id.to_string(), key))?;
    Ok(Json(json!({ "meta": { key: value } })))
}

/// `POST`: adds
pub(crate) async fn create(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let pairs = read(&body)?;
    change(&call, |have| {
        have.extend(pairs);
        Ok(())
    })
    .await
}

/// `PUT`: in the place of all
pub(crate) async fn replace(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let pairs = read(&body)?;
    change(&call, |have| {
        *have = pairs;
        Ok(())
    })
    .await
}

/// `PUT` of one
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let inner = fields.object("meta")?;
    fields.finish()?;
    let pairs = inner.pairs()?;
    let [_, key] = call.keys();
    let Some(value) = pairs.get(key).filter(|_| pairs.len() == 1) else {
        return Err(ApiError::bad_request("Request body and URI mismatch"));
    };
    text("key", &key.into(), 1, 255)?;
    change(&call, |have| {
        have.insert(key.to_owned(), value.clone());
        Ok(())
    })
    .await?;
    Ok(Json(json!({ "meta": { key: value } })))
}

/// `DELETE` of one
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let [id, key] = call.keys();
    change(&call, |have| have.remove(key).map(drop).ok_or_else(|| missing(id, key))).await?;
    Ok(StatusCode::OK)
}

fn missing(id: &str, key: &str) -> Error {
    Error::NotFound(format!("Volume {id} has no metadata with key {key}."))
}

fn read(body: &Value) -> Result<Pairs, ApiError> {
    let fields = Fields::of(body)?;
    let pairs = fields.required("metadata", fields.metadata("metadata")?)?;
    fields.finish()?;
    Ok(pairs)
}

/// Changes the pairs of a volume and answers them.
async fn change(
    call: &Call<Volumes>,
    change: impl FnOnce(&mut Pairs) -> Result<()> + Send,
) -> Result<Response, ApiError> {
    let [id, ..] = call.keys::<2>();
    let (loaded, mut tx) = Loaded::<VolumesApi>::open(call, id, &call.rule).await?;
    let mut volume = loaded.into_row();
    if call.version.has(v::ETAGS)
        && let Some(wanted) = call.headers.get(header::IF_MATCH).and_then(|tag| tag.to_str().ok())
        && wanted.trim_matches('"') != tag(&volume.metadata.0)
    {
        let why = "The metadata changed since: read them again.";
        return Err(ApiError::new(kogge_http::ErrorKind::PreconditionFailed, why));
    }
    change(&mut volume.metadata.0)?;
    if volume.metadata.len() > bounds::PAIRS {
        let most = bounds::PAIRS;
        return Err(Error::Invalid(format!("A volume has {most} pairs of metadata at most.")).into());
    }
    call.service.save_in(&mut tx, &mut volume).await?;
    call.service.commit(tx).await?;
    Ok(answer(call, &volume.metadata.0))
}

/// What the pairs are known by.
fn tag(pairs: &Pairs) -> String {
    hex::encode(&Sha256::digest(json!(pairs).to_string())[..16])
}

fn answer(call: &Call<Volumes>, pairs: &Pairs) -> Response {
    let mut response = Json(json!({ "metadata": pairs })).into_response();
    if call.version.has(v::ETAGS)
        && let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", tag(pairs)))
    {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
