//! `/resource_providers/{id}/aggregates`

use std::collections::BTreeSet;

use axum::response::Response;
use kogge_http::{ApiError, mv};
use kogge_resource::handlers::Sent;
use kogge_resource::nova::repr;
use kogge_resource::placement::Manners;
use kogge_resource::{Call, Dialect as _, Field, Loaded, Op, Refused, Schema, Service as _, Type};
use serde_json::{Value, json};

use super::inventories::GENERATION;
use super::providers::{Providers, sent};
use crate::Placement;
use crate::error::Error;
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

const IDS: Type = Type::Check(ids);
const BODY: Schema = Schema::new("", &[&[Field::required("aggregates", IDS), GENERATION]]);

/// Different ids, in whatever spelling of a UUID: they are kept and shown as they came.
fn ids(value: Value) -> Result<Value, Refused> {
    Manners::check("", &Type::Items(&Type::Uuid, 0, bounds::AGGREGATES), mv(1, 1), &value)?;
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    let different: BTreeSet<&str> = list.iter().filter_map(Value::as_str).collect();
    if different.len() < list.len() {
        return Err(Refused::Because(format!("{} has non-unique elements", repr(&value))));
    }
    Ok(value)
}

/// Replaces them: a list up to 1.18, an object with generation since, which counts a change.
pub(crate) async fn replace(call: Call<Placement>, body: Sent) -> Result<Response, ApiError> {
    let body = sent(&call, body).await?;
    let (ids, seen) = if call.version.has(AGGREGATES_GENERATION) {
        let body = BODY.read::<Manners>(Op::Create, call.version, &body)?;
        (body.read("aggregates"), body.int(GENERATION.name))
    } else {
        (serde_json::from_value(Manners::check("", &IDS, call.version, &body)?).ok(), None)
    };
    let ids = ids.unwrap_or_default();
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

fn answer(call: &Call<Placement>, ids: &BTreeSet<String>, generation: i64) -> Response {
    let mut body = json!({ "aggregates": ids });
    if call.version.has(AGGREGATES_GENERATION) {
        body["resource_provider_generation"] = json!(generation);
    }
    reply(call, body)
}
