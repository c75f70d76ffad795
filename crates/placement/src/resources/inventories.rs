//! `/resource_providers/{id}/inventories`. Ranges: `placement/schemas/inventory.py`.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, ErrorKind, Microversion};
use kogge_resource::handlers::Sent;
use kogge_resource::nova::repr;
use kogge_resource::placement::{Manners, keyed};
use kogge_resource::{Absent, Body, Call, Field, Loaded, Op, Refused, Schema, Service as _, Type};
use serde_json::{Value, json};

use super::providers::{Providers, sent};
use crate::Placement;
use crate::error::Error;
use crate::microversion::{ALL_RESERVED, DELETE_INVENTORIES};
use crate::model::bounds;
use crate::model::inventory::{Inventory, MAX_INT};
use crate::model::names::{NAME, is_name};
use crate::reply::{location, reply};
use crate::store::inventories as store;

/// The greatest single-precision number, as upstream's column.
const MAX_RATIO: f64 = 3.402_823_466_385_288_6e38;
/// The generation that the caller saw.
pub(crate) const GENERATION: Field =
    Field::required("resource_provider_generation", Type::Int(i64::MIN, i64::MAX));
const ANY_GENERATION: Field = Field { absent: Absent::Unset, ..GENERATION };
const FIGURES: &[Field] = &[
    Field::required("total", Type::Int(1, MAX_INT)),
    Field::both("reserved", Absent::Int(0), Type::Int(0, MAX_INT)),
    Field::both("min_unit", Absent::Int(1), Type::Int(1, MAX_INT)),
    Field::both("max_unit", Absent::Int(MAX_INT), Type::Int(1, MAX_INT)),
    Field::both("step_size", Absent::Int(1), Type::Int(1, MAX_INT)),
    Field::optional("allocation_ratio", Type::Check(ratio)),
];
const NEW: Schema = Schema::new(
    "",
    &[&[Field::required("resource_class", Type::Check(class_name)), ANY_GENERATION], FIGURES],
);
const CHANGED: Schema = Schema::new("", &[&[GENERATION], FIGURES]);
const RECORD: Schema = Schema::new("", &[&[ANY_GENERATION], FIGURES]);
const ALL: Schema = Schema::new("", &[&[GENERATION, Field::required("inventories", Type::Any)]]);

fn ratio(value: Value) -> Result<Value, Refused> {
    match value.as_f64() {
        Some(ratio) if ratio <= MAX_RATIO => Ok(value),
        Some(_) => Err(Refused::Because(format!("{value} is greater than the maximum of {MAX_RATIO}"))),
        None => Err(Refused::Because(format!("{} is not of type 'number'", repr(&value)))),
    }
}

/// A name of capital letters, digits and underscores.
pub(crate) fn class_name(value: Value) -> Result<Value, Refused> {
    match value.as_str() {
        Some(name) if is_name(name) => Ok(value),
        Some(name) => Err(Refused::Because(format!("'{name}' does not match '{NAME}'"))),
        None => Err(Refused::Because(format!("{} is not of type 'string'", repr(&value)))),
    }
}

/// The inventory of a class, as a body describes it.
fn inventory(class: &str, body: &Body, version: Microversion) -> Result<Inventory, ApiError> {
    let figure = |name: &str| body.int(name).unwrap_or_default();
    let inventory = Inventory {
        class: class.to_owned(),
        total: figure("total"),
        reserved: figure("reserved"),
        min_unit: figure("min_unit"),
        max_unit: figure("max_unit"),
        step_size: figure("step_size"),
        allocation_ratio: body.read("allocation_ratio").unwrap_or(1.0),
    };
    sound(&inventory, version).map(|()| inventory)
}

fn sound(inventory: &Inventory, version: Microversion) -> Result<(), ApiError> {
    let left = inventory.total - inventory.reserved;
    let nothing_to_give = inventory.capacity() == 0 || inventory.allocation_ratio < 0.0;
    let wrong =
        left < 0 || inventory.allocation_ratio < 0.0 || (nothing_to_give && !version.has(ALL_RESERVED));
    if !wrong {
        return Ok(());
    }
    let than =
        if version.has(ALL_RESERVED) { "greater than total" } else { "greater than or equal to total" };
    let class = &inventory.class;
    Err(ApiError::bad_request(format!("Invalid inventory for '{class}'. The reserved value is {than}.")))
}

/// All inventories of a body, and the generation that the caller saw.
pub(crate) fn inventories(body: &Value, version: Microversion) -> Result<(i64, Vec<Inventory>), ApiError> {
    let body = ALL.read::<Manners>(Op::Create, version, body)?;
    let records = keyed(body.get("inventories").unwrap_or(&Value::Null), (is_name, NAME), bounds::CLASSES)?;
    let one = |(class, record): (&String, &Value)| {
        inventory(class, &RECORD.read::<Manners>(Op::Create, version, record)?, version)
    };
    let inventories = records.iter().map(one).collect::<Result<_, _>>()?;
    Ok((body.int(GENERATION.name).unwrap_or_default(), inventories))
}

fn view(inventory: &Inventory) -> Value {
    json!({
        "total": inventory.total,
        "reserved": inventory.reserved,
        "min_unit": inventory.min_unit,
        "max_unit": inventory.max_unit,
        "step_size": inventory.step_size,
        "allocation_ratio": inventory.allocation_ratio,
    })
}

fn all(call: &Call<Placement>, inventories: &[Inventory], generation: i64) -> Response {
    let views: BTreeMap<&str, Value> =
        inventories.iter().map(|one| (one.class.as_str(), view(one))).collect();
    reply(call, json!({ "resource_provider_generation": generation, "inventories": views }))
}

fn one(call: &Call<Placement>, inventory: &Inventory, generation: i64) -> Response {
    let mut body = view(inventory);
    body["resource_provider_generation"] = json!(generation);
    reply(call, body)
}

/// What the provider of the path has, with its generation.
async fn stock(call: &Call<Placement>) -> Result<(Vec<Inventory>, i64), Error> {
    let provider = Loaded::<Providers>::now(call, call.param("id"), &call.rule).await?;
    Ok((store::of(call.service.db(), provider.id).await?, provider.generation))
}

/// What is used of each.
pub(crate) async fn usages(call: Call<Placement>) -> Result<Response, ApiError> {
    let provider = Loaded::<Providers>::now(&call, call.key(), &call.rule).await?;
    let stock = store::stock(call.service.db(), provider.id).await.map_err(Error::from)?;
    let used: BTreeMap<&str, i64> = stock.iter().map(|(one, used)| (one.class.as_str(), *used)).collect();
    Ok(reply(&call, json!({ "resource_provider_generation": provider.generation, "usages": used })))
}

/// Lists them.
pub(crate) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let (inventories, generation) = stock(&call).await?;
    Ok(all(&call, &inventories, generation))
}

/// Shows one.
pub(crate) async fn show(call: Call<Placement>) -> Result<Response, ApiError> {
    let [id, class] = call.keys();
    let (inventories, generation) = stock(&call).await?;
    let found = inventories.iter().find(|one| one.class == class);
    let missing = || Error::NotFound { kind: "inventory of class", id: format!("{class} for {id}") };
    Ok(one(&call, found.ok_or_else(missing)?, generation))
}

/// Adds one that the provider has not yet.
pub(crate) async fn create(call: Call<Placement>, body: Sent) -> Result<Response, ApiError> {
    let body = NEW.read::<Manners>(Op::Create, call.version, &sent(&call, body).await?)?;
    let class = body.name("resource_class");
    let inventory = inventory(&class, &body, call.version)?;
    let generation = put(&call, &inventory, None).await?;
    let path = format!("/resource_providers/{}/inventories/{class}", call.key());
    Ok((StatusCode::CREATED, location(&call, &path), one(&call, &inventory, generation)).into_response())
}

/// Changes one that it has.
pub(crate) async fn update(call: Call<Placement>, body: Sent) -> Result<Response, ApiError> {
    let body = CHANGED.read::<Manners>(Op::Create, call.version, &sent(&call, body).await?)?;
    let inventory = inventory(call.key(), &body, call.version)?;
    let generation = put(&call, &inventory, body.int(GENERATION.name)).await?;
    Ok(one(&call, &inventory, generation))
}

/// Writes one: a new one, or for who saw that generation another that is there.
async fn put(call: &Call<Placement>, new: &Inventory, seen: Option<i64>) -> Result<i64, Error> {
    let (provider, mut tx) = Loaded::<Providers>::open(call, call.param("id"), &call.rule).await?;
    let (id, class) = (provider.id, &new.class);
    let generation = call.service.counted(&mut tx, &provider, seen).await?;
    let known = store::of(&mut tx, id).await?.iter().any(|one| one.class == *class);
    match seen {
        None => call.service.known_classes(&mut tx, std::iter::once(class.as_str())).await?,
        Some(_) if !known => {
            let why = "No inventory record with resource class for resource provider";
            return Err(Error::invalid(format!("{why} {id}: {class}")));
        }
        Some(_) => {}
    }
    if known && seen.is_none() {
        let because = format!("the provider has an inventory of {class} already");
        return Err(Error::Generation(because));
    }
    store::put(&mut tx, id, new, call.service.now()).await?;
    call.service.commit(tx).await?;
    Ok(generation)
}

/// Replaces all.
pub(crate) async fn replace(call: Call<Placement>, body: Sent) -> Result<Response, ApiError> {
    let (seen, wanted) = inventories(&sent(&call, body).await?, call.version)?;
    let generation = replace_all(&call, &wanted, Some(seen)).await?;
    Ok(all(&call, &wanted, generation))
}

/// Deletes all. Older versions have the path but not this method.
pub(crate) async fn delete_all(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    if !call.version.has(DELETE_INVENTORIES) {
        let message = "The method specified is not allowed for this resource.";
        return Err(ApiError::new(ErrorKind::MethodNotAllowed, message));
    }
    replace_all(&call, &[], None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn replace_all(call: &Call<Placement>, wanted: &[Inventory], seen: Option<i64>) -> Result<i64, Error> {
    let (provider, mut tx) = Loaded::<Providers>::open(call, call.key(), &call.rule).await?;
    let generation = call.service.counted(&mut tx, &provider, seen).await?;
    call.service.replace_in(&mut tx, &provider, wanted).await?;
    call.service.commit(tx).await?;
    Ok(generation)
}

/// Deletes one.
pub(crate) async fn delete(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    delete_one(&call, call.key()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_one(call: &Call<Placement>, class: &str) -> Result<(), Error> {
    let (provider, mut tx) = Loaded::<Providers>::open(call, call.param("id"), &call.rule).await?;
    call.service.counted(&mut tx, &provider, None).await?;
    if !call.service.drop_class(&mut tx, &provider, class).await? {
        return Err(Error::NotFound { kind: "inventory of class", id: class.to_owned() });
    }
    call.service.commit(tx).await
}

#[cfg(test)]
mod tests;
