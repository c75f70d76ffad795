//! `/allocations` and `/resource_providers/{id}/allocations`

use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::Value;

use super::error::{provider_id, without_nul};
use super::wire::holding::{consumer_id, held, holders, holding};
use crate::Placement;
use crate::error::at_most;
use crate::model::bounds;
use crate::reply::reply;
use crate::service::consumers::Holding;

/// Shows what a consumer holds; nothing for one that nobody knows.
pub(super) async fn show(call: Call<Placement>) -> Result<Response, ApiError> {
    let consumer = call.key();
    without_nul(consumer)?;
    let found = call.service.held(&call.caller, consumer).await?;
    Ok(reply(&call, held(&found, call.version)))
}

/// Shows who holds something of a provider.
pub(super) async fn of_provider(call: Call<Placement>) -> Result<Response, ApiError> {
    let found = call.service.holders(&call.caller, provider_id(call.key())?).await?;
    Ok(reply(&call, holders(&found, call.version)))
}

/// Replaces what a consumer holds.
pub(super) async fn replace(call: Call<Placement>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let holding = holding(&consumer_id(call.key())?, &body, call.version, false)?;
    call.service.replace_holding(&call.caller, holding).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces what many consumers hold.
pub(super) async fn replace_many(
    call: Call<Placement>,
    Json(body): Json<Value>,
) -> Result<StatusCode, ApiError> {
    call.service.replace_holdings(&call.caller, &many(&body, call.version)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a body by consumer.
pub(super) fn many(body: &Value, version: Microversion) -> Result<Vec<Holding>, ApiError> {
    let map = body.as_object().filter(|map| !map.is_empty());
    let map = map.ok_or_else(|| ApiError::bad_request("JSON does not validate: no object by consumer"))?;
    at_most("consumers", map.len(), bounds::AT_ONCE)?;
    map.iter().map(|(consumer, body)| holding(consumer, body, version, true)).collect()
}

/// Frees all that a consumer holds.
pub(super) async fn delete(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    let consumer = call.key();
    without_nul(consumer)?;
    call.service.free_consumer(&call.caller, consumer).await?;
    Ok(StatusCode::NO_CONTENT)
}
