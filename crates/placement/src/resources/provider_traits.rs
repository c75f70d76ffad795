//! `/resource_providers/{id}/traits`

use std::collections::BTreeSet;

use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::{Call, Loaded, Service as _};
use serde::Deserialize;
use serde_json::json;

use super::names::{self, Trait};
use super::providers::Providers;
use crate::Placement;
use crate::error::{Error, at_most};
use crate::model::bounds;
use crate::reply::reply;
use crate::store::providers as store;

/// The traits of a provider in a body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    traits: BTreeSet<String>,
    resource_provider_generation: i64,
}

/// Lists them.
pub(crate) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let provider = Loaded::<Providers>::now(&call, call.key(), &call.rule).await?;
    let traits = store::traits_of(call.service.db(), provider.id).await.map_err(Error::from)?;
    Ok(answer(&call, &traits, provider.generation))
}

/// Replaces them.
pub(crate) async fn replace(call: Call<Placement>, Json(body): Json<Body>) -> Result<Response, ApiError> {
    at_most("traits", body.traits.len(), bounds::TRAITS)?;
    let generation = set(&call, &body.traits, Some(body.resource_provider_generation)).await?;
    Ok(answer(&call, &body.traits, generation))
}

/// Removes them.
pub(crate) async fn delete_all(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    set(&call, &BTreeSet::new(), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set(call: &Call<Placement>, traits: &BTreeSet<String>, seen: Option<i64>) -> Result<i64, Error> {
    let (provider, mut tx) = Loaded::<Providers>::open(call, call.key(), &call.rule).await?;
    let generation = call.service.counted(&mut tx, &provider, seen).await?;
    let unknown = names::unknown::<Trait>(&mut tx, traits.iter().map(String::as_str)).await?;
    if !unknown.is_empty() {
        return Err(Error::invalid(format!("No such trait {}", unknown.join(", "))));
    }
    store::set_traits(&mut tx, provider.id, traits).await?;
    call.service.commit(tx).await?;
    Ok(generation)
}

fn answer(call: &Call<Placement>, traits: &BTreeSet<String>, generation: i64) -> Response {
    reply(call, json!({ "traits": traits, "resource_provider_generation": generation }))
}
