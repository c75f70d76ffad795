//! `/servers/{id}/metadata`.

use std::collections::BTreeMap;

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::{Fields, Read, wrong};
use crate::api::query;
use crate::{Compute, microversion as v};

/// `GET …/metadata`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let server = call.service.server(&call.caller, call.key(), &call.rule).await?;
    Ok(Json(json!({ "metadata": server.metadata })))
}

/// `GET …/metadata/{key}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let server = call.service.server(&call.caller, id, &call.rule).await?;
    let value = server.metadata.get(key).ok_or_else(|| ApiError::not_found("Metadata item was not found"))?;
    Ok(Json(json!({"meta": {key: value}})))
}

/// `POST …/metadata`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    put(&call, &body, false).await
}

/// `PUT …/metadata`
pub(crate) async fn replace(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    put(&call, &body, true).await
}

/// All pairs of a body.
pub(crate) fn all(body: &Value) -> Read<BTreeMap<String, String>> {
    let fields = Fields::of(body)?;
    let pairs = fields.required("metadata", fields.metadata("metadata")?)?;
    fields.finish()?;
    Ok(pairs)
}

/// The one pair of a body, which has the key of the path.
pub(crate) fn item(body: &Value, key: &str) -> Read<BTreeMap<String, String>> {
    let fields = Fields::of(body)?;
    let pairs = fields.required("meta", fields.metadata("meta")?)?;
    fields.finish()?;
    if pairs.len() != 1 {
        let many = if pairs.is_empty() { "should be non-empty" } else { "has too many properties" };
        return Err(wrong("meta", &body["meta"], many));
    }
    if !pairs.contains_key(key) {
        return Err(ApiError::bad_request("Request body and URI mismatch"));
    }
    Ok(pairs)
}

async fn put(call: &Call<Compute>, body: &Value, replace: bool) -> Result<Json<Value>, ApiError> {
    let pairs = all(body)?;
    let (caller, rule) = (&call.caller, &call.rule);
    let metadata = call.service.put_metadata(caller, call.key(), rule, &pairs, replace).await?;
    Ok(Json(json!({ "metadata": metadata })))
}

/// `PUT …/metadata/{key}`
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let pairs = item(&body, key)?;
    call.service.put_metadata(&call.caller, id, &call.rule, &pairs, false).await?;
    Ok(Json(json!({ "meta": pairs })))
}

/// `DELETE …/metadata/{key}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, key] = call.keys();
    call.service.delete_metadata(&call.caller, id, key).await?;
    Ok(StatusCode::NO_CONTENT)
}
