//! `/servers/{id}/metadata`.

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Microversion, Pairs, Path};
use serde_json::{Value, json};

use crate::api::body::Fields;
use crate::api::query;
use crate::{Compute, microversion as v, policy};

/// `GET …/metadata`
pub(crate) async fn index(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &[], version, v::FLAVOR_CLEANUP)?;
    let server = compute.server(&caller, &id, &policy::METADATA_INDEX).await?;
    Ok(Json(json!({ "metadata": server.metadata })))
}

/// `GET …/metadata/{key}`
pub(crate) async fn show(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path((id, key)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let server = compute.server(&caller, &id, &policy::METADATA_SHOW).await?;
    let value =
        server.metadata.get(&key).ok_or_else(|| ApiError::not_found("Metadata item was not found"))?;
    Ok(Json(json!({"meta": {key: value}})))
}

/// `POST …/metadata`
pub(crate) async fn create(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    put(&compute, &caller, &id, &body, false).await
}

/// `PUT …/metadata`
pub(crate) async fn replace(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    put(&compute, &caller, &id, &body, true).await
}

async fn put(
    compute: &Compute,
    caller: &kogge_auth::Caller,
    id: &str,
    body: &Value,
    replace: bool,
) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(body)?;
    let pairs = fields.required("metadata", fields.metadata("metadata")?)?;
    fields.finish()?;
    let rule = if replace { &policy::METADATA_UPDATE_ALL } else { &policy::METADATA_CREATE };
    let metadata = compute.put_metadata(caller, id, rule, &pairs, replace).await?;
    Ok(Json(json!({ "metadata": metadata })))
}

/// `PUT …/metadata/{key}`
pub(crate) async fn update(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path((id, key)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let pairs = fields.required("meta", fields.metadata("meta")?)?;
    fields.finish()?;
    if pairs.len() != 1 {
        let many = if pairs.is_empty() { "should be non-empty" } else { "has too many properties" };
        return Err(crate::api::body::wrong("meta", &body["meta"], many));
    }
    if !pairs.contains_key(&key) {
        return Err(ApiError::bad_request("Request body and URI mismatch"));
    }
    compute.put_metadata(&caller, &id, &policy::METADATA_UPDATE, &pairs, false).await?;
    Ok(Json(json!({ "meta": pairs })))
}

/// `DELETE …/metadata/{key}`
pub(crate) async fn delete(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    compute.delete_metadata(&caller, &id, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
