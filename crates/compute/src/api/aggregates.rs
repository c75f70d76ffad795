//! `/os-aggregates`.

use http::StatusCode;
use kogge_http::{ApiError, Json, Microversion};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::body::{Fields, Read};
use crate::model::host::{Aggregate, ZONE_KEY};
use crate::service::aggregates::AggregateChange;
use crate::{Compute, microversion as v, policy};

fn view(aggregate: &Aggregate, version: Microversion, members: bool) -> Value {
    let mut view = json!({
        "id": aggregate.number,
        "name": aggregate.name,
        "availability_zone": aggregate.metadata.get(ZONE_KEY),
        "created_at": aggregate.created_at.micros(),
        "updated_at": aggregate.updated_at.map(kogge_clock::Timestamp::micros),
        "deleted": false,
        "deleted_at": null,
    });
    if version.has(v::AGGREGATE_UUID) {
        view["uuid"] = json!(aggregate.uuid);
    }
    if members {
        view["hosts"] = json!(aggregate.hosts);
        view["metadata"] = json!(aggregate.metadata);
    }
    view
}

fn answer(aggregate: &Aggregate, version: Microversion) -> Json<Value> {
    Json(json!({ "aggregate": view(aggregate, version, true) }))
}

/// `GET /os-aggregates`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let all = call.service.aggregates(&call.caller, &policy::AGGREGATES_INDEX).await?;
    let list: Vec<Value> = all.iter().map(|one| view(one, call.version, true)).collect();
    Ok(Json(json!({ "aggregates": list })))
}

/// `GET /os-aggregates/{id}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    Ok(answer(&call.service.aggregate(&call.caller, id).await?, call.version))
}

/// `POST /os-aggregates`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let aggregate = fields.object("aggregate")?;
    let name = aggregate.required("name", aggregate.name("name")?)?;
    let zone = zone(&aggregate)?.flatten();
    aggregate.finish()?;
    fields.finish()?;
    let made = call.service.create_aggregate(&call.caller, name, zone).await?;
    Ok(Json(json!({ "aggregate": view(&made, call.version, false) })))
}

/// A zone's name has no colon.
fn zone(fields: &Fields<'_>) -> Read<Option<Option<String>>> {
    let found = fields.text_or_null("availability_zone", 1, 255)?;
    let bad = matches!(&found, Some(Some(zone)) if zone.contains(':') || zone.trim() != zone);
    if bad {
        let why = "An invalid 'name' value was provided. The name must be: printable characters except :.Can not \
                   start or end with whitespace.";
        return Err(ApiError::bad_request(why));
    }
    Ok(found)
}

/// `PUT /os-aggregates/{id}`
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let fields = Fields::of(&body)?;
    let aggregate = fields.object("aggregate")?;
    let change = AggregateChange::Update { name: aggregate.name("name")?, zone: zone(&aggregate)? };
    if matches!(&change, AggregateChange::Update { name: None, zone: None }) {
        return Err(ApiError::bad_request(
            "Invalid input for field/attribute aggregate. Value: {}. {} should be non-empty",
        ));
    }
    aggregate.finish()?;
    fields.finish()?;
    Ok(answer(&call.service.change_aggregate(&call.caller, id, change).await?, call.version))
}

/// `DELETE /os-aggregates/{id}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    call.service.delete_aggregate(&call.caller, id).await?;
    Ok(StatusCode::OK)
}

/// `POST /os-aggregates/{id}/action`
pub(crate) async fn action(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let id = call.key();
    let change = read_action(&body)?;
    Ok(answer(&call.service.change_aggregate(&call.caller, id, change).await?, call.version))
}

fn read_action(body: &Value) -> Read<AggregateChange> {
    let fields = Fields::of(body)?;
    let name = body.as_object().and_then(|map| map.keys().next()).map_or("", String::as_str);
    let inner = match name {
        "add_host" | "remove_host" | "set_metadata" => fields.object(name)?,
        _ => return Err(ApiError::bad_request(format!("There is no such action: {name}"))),
    };
    let change = match name {
        "set_metadata" => AggregateChange::Metadata(inner.object("metadata")?.nullable_pairs()?),
        _ => {
            let host = inner.required("host", inner.text("host", 1, 255)?)?;
            if name == "add_host" {
                AggregateChange::AddHost(host)
            } else {
                AggregateChange::RemoveHost(host)
            }
        }
    };
    inner.finish()?;
    fields.finish()?;
    Ok(change)
}
