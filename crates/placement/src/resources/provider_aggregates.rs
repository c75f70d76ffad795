//! `/resource_providers/{id}/aggregates`

use std::collections::BTreeSet;

use axum::response::Response;
use kogge_http::{ApiError, Json};
use kogge_ids::ProviderId;
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::{Value, json};

use super::providers::Providers;
use crate::Placement;
use crate::error::{Error, at_most};
use crate::microversion::AGGREGATES_GENERATION;
use crate::model::bounds;
use crate::reply::reply;
use crate::store::providers as store;

/// Lists them.
pub(crate) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let provider = Loaded::<Providers>::now(&call, call.key(), &call.rule).await?;
    let ids = store::aggregates_of(call.service.db(), provider.id).await.map_err(Error::from)?;
    Ok(answer(&call, &ids, provider.generation))
}

/// Replaces them: a list up to 1.18, an object with generation since, which counts a change.
pub(crate) async fn replace(call: Call<Placement>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let (list, seen) = if call.version.has(AGGREGATES_GENERATION) {
        let seen = body.get("resource_provider_generation").and_then(Value::as_i64);
        (body.get("aggregates"), Some(seen.ok_or_else(|| wrong("no 'resource_provider_generation'"))?))
    } else {
        (Some(&body), None)
    };
    let list = list.and_then(Value::as_array).ok_or_else(|| wrong("no list of aggregates"))?;
    at_most("aggregates", list.len(), bounds::AGGREGATES)?;
    let id_of = |value: &Value| {
        let id: Option<ProviderId> = value.as_str().and_then(|text| text.parse().ok());
        id.map(|id| id.to_string()).ok_or_else(|| wrong("an aggregate is not a 'uuid'"))
    };
    let ids: BTreeSet<String> = list.iter().map(id_of).collect::<Result<_, _>>()?;
    let generation = set(&call, &ids, seen).await?;
    Ok(answer(&call, &ids, generation))
}

async fn set(call: &Call<Placement>, ids: &BTreeSet<String>, seen: Option<i64>) -> Result<i64, Error> {
    let (provider, mut tx) = Loaded::<Providers>::open(call, call.key(), &call.rule).await?;
    let generation = match seen {
        Some(_) => call.service.counted(&mut tx, &provider, seen).await?,
        None => provider.generation,
    };
    store::set_aggregates(&mut tx, provider.id, ids).await?;
    call.service.commit(tx).await?;
    Ok(generation)
}

fn wrong(why: &str) -> ApiError {
    ApiError::bad_request(format!("JSON does not validate: {why}"))
}

fn answer(call: &Call<Placement>, ids: &BTreeSet<String>, generation: i64) -> Response {
    let mut body = json!({ "aggregates": ids });
    if call.version.has(AGGREGATES_GENERATION) {
        body["resource_provider_generation"] = json!(generation);
    }
    reply(call, body)
}
