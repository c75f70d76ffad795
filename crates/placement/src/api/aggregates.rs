//! `/resource_providers/{id}/aggregates`

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use kogge_http::{ApiError, Auth, Json, Microversion, Path};
use kogge_ids::ProviderId;
use serde_json::{Value, json};

use super::error::{at_most, provider_id};
use super::reply::reply;
use crate::Placement;
use crate::microversion::AGGREGATES_GENERATION;
use crate::model::bounds;
use crate::service::providers::Words;

/// Lists them.
pub(super) async fn list(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let words = placement.aggregates(&caller, provider_id(&id)?).await?;
    Ok(answer(&placement, version, &words))
}

/// Replaces them: a list up to 1.18, an object with generation since.
pub(super) async fn replace(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let counted = version.has(AGGREGATES_GENERATION);
    let (list, generation) = if counted {
        let generation = body.get("resource_provider_generation").and_then(Value::as_i64);
        (body.get("aggregates"), Some(generation.ok_or_else(|| wrong("no 'resource_provider_generation'"))?))
    } else {
        (Some(&body), None)
    };
    let list = list.and_then(Value::as_array).ok_or_else(|| wrong("no list of aggregates"))?;
    at_most("aggregates", list.len(), bounds::AGGREGATES)?;
    let id_of = |value: &Value| {
        let id: Option<ProviderId> = value.as_str().and_then(|text| text.parse().ok());
        id.map(|id| id.to_string()).ok_or_else(|| wrong("an aggregate is not a 'uuid'"))
    };
    let words: BTreeSet<String> = list.iter().map(id_of).collect::<Result<_, _>>()?;
    let words = placement.set_aggregates(&caller, provider_id(&id)?, words, generation).await?;
    Ok(answer(&placement, version, &words))
}

fn wrong(why: &str) -> ApiError {
    ApiError::bad_request(format!("JSON does not validate: {why}"))
}

fn answer(placement: &Placement, version: Microversion, words: &Words) -> Response {
    let mut body = json!({ "aggregates": words.words });
    if version.has(AGGREGATES_GENERATION) {
        body["resource_provider_generation"] = json!(words.generation);
    }
    reply(version, placement.now(), body)
}
