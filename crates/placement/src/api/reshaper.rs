//! `POST /reshaper`

use std::collections::BTreeMap;

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde::Deserialize;
use serde_json::Value;

use super::allocations::many;
use super::error::provider_id;
use crate::Placement;
use crate::error::at_most;
use crate::model::bounds;
use crate::resources::inventories::{Records, inventories};

/// Inventories by provider and allocations by consumer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    inventories: BTreeMap<String, Records>,
    allocations: Value,
}

/// Changes both in one.
pub(super) async fn reshape(call: Call<Placement>, Json(body): Json<Body>) -> Result<StatusCode, ApiError> {
    at_most("providers", body.inventories.len(), bounds::AT_ONCE)?;
    let mut stocks = Vec::with_capacity(body.inventories.len());
    for (id, records) in &body.inventories {
        let id = provider_id(id).map_err(|error| ApiError::bad_request(error.message()))?;
        stocks.push((id, records.resource_provider_generation, inventories(records, call.version)?));
    }
    let none = body.allocations.as_object().is_some_and(serde_json::Map::is_empty);
    let holdings = if none { Vec::new() } else { many(&body.allocations, call.version)? };
    call.service.reshape(&call.caller, &stocks, &holdings).await?;
    Ok(StatusCode::NO_CONTENT)
}
