//! `/resource_providers/{id}/traits`

use std::collections::BTreeSet;

use axum::response::Response;
use http::StatusCode;
use kogge_http::ApiError;
use kogge_resource::handlers::Sent;
use kogge_resource::placement::Manners;
use kogge_resource::{Call, Field, Loaded, Op, Schema, Service as _, Type};
use serde_json::json;

use super::inventories::GENERATION;
use super::names::{self, Trait};
use super::providers::{Providers, sent};
use crate::Placement;
use crate::error::Error;
use crate::model::bounds;
use crate::reply::reply;
use crate::store::providers as store;

const TRAIT: Type = Type::Text(1, 255);
const BODY: Schema =
    Schema::new("", &[&[Field::required("traits", Type::Items(&TRAIT, 0, bounds::TRAITS)), GENERATION]]);

/// Lists them.
pub(crate) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let provider = Loaded::<Providers>::now(&call, call.key(), &call.rule).await?;
    let traits = store::traits_of(call.service.db(), provider.id).await.map_err(Error::from)?;
    Ok(answer(&call, &traits, provider.generation))
}

/// Replaces them.
pub(crate) async fn replace(call: Call<Placement>, body: Sent) -> Result<Response, ApiError> {
    let body = BODY.read::<Manners>(Op::Create, call.version, &sent(&call, body).await?)?;
    let traits = body.read("traits").unwrap_or_default();
    let generation = set(&call, &traits, body.int(GENERATION.name)).await?;
    Ok(answer(&call, &traits, generation))
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
