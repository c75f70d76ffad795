//! `/snapshots/{id}/metadata`: the user's pairs of a snapshot.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use kogge_db::Record as _;
use kogge_http::{ApiError, Json};
use kogge_resource::nova::{Fields, repr, wrong};
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::{Value, json};

use super::Snapshots;
use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::bounds;

type Pairs = BTreeMap<String, String>;

/// `GET …/metadata`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let snapshot = Loaded::<Snapshots>::now(&call, call.key(), &call.rule).await?;
    Ok(Json(json!({ "metadata": snapshot.metadata.0 })))
}

/// `GET …/metadata/{key}`
pub(crate) async fn show(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let snapshot = Loaded::<Snapshots>::now(&call, id, &call.rule).await?;
    let value = snapshot.metadata.get(key).ok_or_else(|| missing(id, key))?;
    Ok(Json(json!({ "meta": { key: value } })))
}

/// `POST …/metadata`
pub(crate) async fn create(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let more = Fields::of(&body)?.object("metadata")?.pairs()?;
    let known = change(&call, |known| {
        known.extend(more);
        Ok(())
    });
    Ok(Json(json!({ "metadata": known.await? })))
}

/// `PUT …/metadata`
pub(crate) async fn replace(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let all = Fields::of(&body)?.object("metadata")?.pairs()?;
    let known = change(&call, |known| {
        *known = all;
        Ok(())
    });
    Ok(Json(json!({ "metadata": known.await? })))
}

/// `PUT …/metadata/{key}`
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let whole = fields.required("meta", fields.take("meta"))?;
    let pair = Fields::named("meta", whole)?.pairs()?;
    if pair.len() != 1 {
        let why = if pair.is_empty() { "should be non-empty" } else { "has too many properties" };
        return Err(wrong("meta", whole, &format!("{} {why}", repr(whole))));
    }
    if !pair.contains_key(call.key()) {
        return Err(ApiError::bad_request("Request body and URI mismatch"));
    }
    let answer = json!({ "meta": pair });
    change(&call, |known| {
        known.extend(pair);
        Ok(())
    })
    .await?;
    Ok(Json(answer))
}

/// `DELETE …/metadata/{key}`
pub(crate) async fn delete(call: Call<Volumes>) -> Result<StatusCode, ApiError> {
    let [id, key] = call.keys();
    let remove = |known: &mut Pairs| known.remove(key).map(drop).ok_or_else(|| missing(id, key));
    change(&call, remove).await?;
    Ok(StatusCode::OK)
}

async fn change(call: &Call<Volumes>, change: impl FnOnce(&mut Pairs) -> Result<()> + Send) -> Result<Pairs> {
    let (loaded, mut tx) = Loaded::<Snapshots>::open(call, call.param("id"), &call.rule).await?;
    let mut snapshot = loaded.into_row();
    change(&mut snapshot.metadata.0)?;
    if snapshot.metadata.len() > bounds::PAIRS {
        return Err(Error::Invalid(format!("A snapshot has {} pairs of metadata at most.", bounds::PAIRS)));
    }
    snapshot.updated_at = Some(call.service.now());
    snapshot.save(&mut tx).await?;
    call.service.commit(tx).await?;
    Ok(snapshot.metadata.0)
}

fn missing(id: &str, key: &str) -> Error {
    Error::NotFound(format!("Snapshot {id} has no metadata with key {key}."))
}
