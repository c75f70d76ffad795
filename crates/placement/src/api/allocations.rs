//! `/allocations` and `/resource_providers/{id}/allocations`

use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::Value;

use super::error::{at_most, provider_id, without_nul};
use super::reply::reply;
use super::wire::holding::{consumer_id, held, holders, holding};
use crate::model::bounds;
use crate::service::consumers::Holding;
use crate::{Placement, policy};

/// Shows what a consumer holds; nothing for one that nobody knows.
pub(super) async fn show(call: Call<Placement>) -> Result<Response, ApiError> {
    let consumer = call.key();
    without_nul(consumer)?;
    let found = call.service.held(&call.caller, consumer).await?;
    Ok(reply(call.version, call.service.now(), held(&found, call.version)))
}

/// Shows who holds something of a provider.
pub(super) async fn of_provider(call: Call<Placement>) -> Result<Response, ApiError> {
    let id = call.key();
    let found = call.service.holders(&call.caller, provider_id(id)?).await?;
    Ok(reply(call.version, call.service.now(), holders(&found, call.version)))
}

/// Replaces what a consumer holds.
pub(super) async fn replace(call: Call<Placement>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let consumer = call.key();
    let consumer = consumer_id(consumer)?;
    let holding = holding(&consumer, &body, call.version, false)?;
    call.service.replace_holdings(&call.caller, &policy::ALLOCATIONS_UPDATE, &[holding]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces what many consumers hold.
pub(super) async fn replace_many(
    call: Call<Placement>,
    Json(body): Json<Value>,
) -> Result<StatusCode, ApiError> {
    call.service
        .replace_holdings(&call.caller, &policy::ALLOCATIONS_MANAGE, &many(&body, call.version)?)
        .await?;
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
