//! `/allocations` and `/resource_providers/{id}/allocations`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Microversion, Path};
use serde_json::Value;

use super::error::{at_most, provider_id, without_nul};
use super::reply::reply;
use super::wire::holding::{consumer_id, held, holders, holding};
use crate::model::bounds;
use crate::service::consumers::Holding;
use crate::{Placement, policy};

/// Shows what a consumer holds; nothing for one that nobody knows.
pub(super) async fn show(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path(consumer): Path<String>,
) -> Result<Response, ApiError> {
    without_nul(&consumer)?;
    let found = placement.held(&caller, &consumer).await?;
    Ok(reply(version, placement.now(), held(&found, version)))
}

/// Shows who holds something of a provider.
pub(super) async fn of_provider(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = placement.holders(&caller, provider_id(&id)?).await?;
    Ok(reply(version, placement.now(), holders(&found, version)))
}

/// Replaces what a consumer holds.
pub(super) async fn replace(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path(consumer): Path<String>,
    Json(body): Json<Value>,
) -> Result<StatusCode, ApiError> {
    let consumer = consumer_id(&consumer)?;
    let holding = holding(&consumer, &body, version, false)?;
    placement.replace_holdings(&caller, &policy::ALLOCATIONS_UPDATE, &[holding]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces what many consumers hold.
pub(super) async fn replace_many(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Json(body): Json<Value>,
) -> Result<StatusCode, ApiError> {
    placement.replace_holdings(&caller, &policy::ALLOCATIONS_MANAGE, &many(&body, version)?).await?;
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
pub(super) async fn delete(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    Path(consumer): Path<String>,
) -> Result<StatusCode, ApiError> {
    without_nul(&consumer)?;
    placement.free_consumer(&caller, &consumer).await?;
    Ok(StatusCode::NO_CONTENT)
}
