//! `/allocations` and `/resource_providers/{id}/allocations`

use axum::response::Response;
use http::StatusCode;
use kogge_http::ApiError;
use kogge_resource::handlers::Sent;
use kogge_resource::placement::invalid;
use kogge_resource::{Call, Loaded};

use super::error::without_nul;
use super::wire::holding::{consumer_id, held, holders, holding, holdings};
use crate::Placement;
use crate::reply::reply;
use crate::resources::allowed;
use crate::resources::providers::Providers;

/// Shows what a consumer holds; nothing for one that nobody knows.
pub(super) async fn show(call: Call<Placement>) -> Result<Response, ApiError> {
    let consumer = call.key();
    without_nul(consumer)?;
    let found = call.service.held(&call.caller, consumer).await?;
    Ok(reply(&call, held(&found, call.version)))
}

/// Shows who holds something of a provider.
pub(super) async fn of_provider(call: Call<Placement>) -> Result<Response, ApiError> {
    let provider = Loaded::<Providers>::now(&call, call.key(), &call.rule).await?;
    let found = call.service.holders(&provider).await?;
    Ok(reply(&call, holders(&found, call.version)))
}

/// Replaces what a consumer holds.
pub(super) async fn replace(call: Call<Placement>, body: Sent) -> Result<StatusCode, ApiError> {
    let body = allowed(&call, body)?;
    let holding = holding(&consumer_id(call.key())?, &body, call.version, false)?;
    call.service.replace_holdings(&call.caller, &call.rule, &[holding]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces what many consumers hold.
pub(super) async fn replace_many(call: Call<Placement>, body: Sent) -> Result<StatusCode, ApiError> {
    let holdings = holdings(&allowed(&call, body)?, call.version)?;
    if holdings.is_empty() {
        return Err(invalid("{} should be non-empty"));
    }
    call.service.replace_holdings(&call.caller, &call.rule, &holdings).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Frees all that a consumer holds.
pub(super) async fn delete(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    let consumer = call.key();
    without_nul(consumer)?;
    call.service.free_consumer(&call.caller, consumer).await?;
    Ok(StatusCode::NO_CONTENT)
}
