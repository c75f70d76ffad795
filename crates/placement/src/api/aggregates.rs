//! `/resource_providers/{id}/aggregates`

use std::collections::BTreeSet;

use axum::response::Response;
use kogge_http::{ApiError, Json, Microversion};
use kogge_ids::ProviderId;
use kogge_resource::Call;
use serde_json::{Value, json};

use super::error::{at_most, provider_id};
use super::reply::reply;
use crate::Placement;
use crate::microversion::AGGREGATES_GENERATION;
use crate::model::bounds;
use crate::service::providers::Words;

/// Lists them.
pub(super) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let id = call.key();
    let words = call.service.aggregates(&call.caller, provider_id(id)?).await?;
    Ok(answer(&call.service, call.version, &words))
}

/// Replaces them: a list up to 1.18, an object with generation since.
pub(super) async fn replace(call: Call<Placement>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let id = call.key();
    let counted = call.version.has(AGGREGATES_GENERATION);
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
    let words = call.service.set_aggregates(&call.caller, provider_id(id)?, words, generation).await?;
    Ok(answer(&call.service, call.version, &words))
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
