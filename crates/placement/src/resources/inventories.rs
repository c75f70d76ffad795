//! `/resource_providers/{id}/inventories`. Ranges: `placement/schemas/inventory.py`.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, ErrorKind, Json, Microversion};
use kogge_resource::{Call, Loaded, Service as _};
use serde::Deserialize;
use serde_json::{Value, json};

use super::providers::Providers;
use crate::Placement;
use crate::error::{Error, at_most};
use crate::microversion::{ALL_RESERVED, DELETE_INVENTORIES};
use crate::model::bounds;
use crate::model::inventory::{Inventory, MAX_INT};
use crate::model::names::is_name;
use crate::reply::{location, reply};
use crate::store::inventories as store;

/// One inventory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// The class, in the body of a new one.
    pub(crate) resource_class: Option<String>,
    /// The generation that the caller saw.
    pub(crate) resource_provider_generation: Option<i64>,
    total: i64,
    reserved: Option<i64>,
    min_unit: Option<i64>,
    max_unit: Option<i64>,
    step_size: Option<i64>,
    allocation_ratio: Option<f64>,
}

/// All inventories of a provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    /// The generation that the caller saw.
    pub(crate) resource_provider_generation: i64,
    /// By class.
    pub(crate) inventories: BTreeMap<String, Record>,
}

/// The greatest single-precision number, as upstream's column.
const MAX_RATIO: f64 = 3.402_823_466_385_288_6e38;

impl Record {
    /// The inventory of a class, if the record is sound.
    pub(crate) fn inventory(&self, class: &str, version: Microversion) -> Result<Inventory, ApiError> {
        if !is_name(class) {
            return Err(ApiError::bad_request(format!("'{class}' is no name of a resource class.")));
        }
        let inventory = Inventory {
            class: class.to_owned(),
            total: ranged("total", self.total, 1)?,
            reserved: ranged("reserved", self.reserved.unwrap_or(0), 0)?,
            min_unit: ranged("min_unit", self.min_unit.unwrap_or(1), 1)?,
            max_unit: ranged("max_unit", self.max_unit.unwrap_or(MAX_INT), 1)?,
            step_size: ranged("step_size", self.step_size.unwrap_or(1), 1)?,
            allocation_ratio: self.allocation_ratio.unwrap_or(1.0),
        };
        if inventory.allocation_ratio > MAX_RATIO || inventory.allocation_ratio.is_nan() {
            return Err(ApiError::bad_request("JSON does not validate: allocation_ratio is out of range."));
        }
        sound(&inventory, version).map(|()| inventory)
    }
}

fn ranged(name: &str, value: i64, least: i64) -> Result<i64, ApiError> {
    if (least..=MAX_INT).contains(&value) {
        return Ok(value);
    }
    let range = format!("{least} to {MAX_INT}");
    Err(ApiError::bad_request(format!(
        "JSON does not validate: {value} of {name} is not in the range {range}."
    )))
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

/// Reads all inventories of a body.
pub(crate) fn inventories(body: &Records, version: Microversion) -> Result<Vec<Inventory>, ApiError> {
    at_most("inventories", body.inventories.len(), bounds::CLASSES)?;
    body.inventories.iter().map(|(class, record)| record.inventory(class, version)).collect()
}

fn required(name: &str) -> ApiError {
    ApiError::bad_request(format!("JSON does not validate: '{name}' is a required property"))
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
pub(crate) async fn create(call: Call<Placement>, Json(body): Json<Record>) -> Result<Response, ApiError> {
    let class = body.resource_class.as_deref().ok_or_else(|| required("resource_class"))?;
    let inventory = body.inventory(class, call.version)?;
    let generation = put(&call, &inventory, None).await?;
    let path = format!("/resource_providers/{}/inventories/{class}", call.key());
    Ok((StatusCode::CREATED, location(&call, &path), one(&call, &inventory, generation)).into_response())
}

/// Changes one that it has.
pub(crate) async fn update(call: Call<Placement>, Json(body): Json<Record>) -> Result<Response, ApiError> {
    let seen = body.resource_provider_generation.ok_or_else(|| required("resource_provider_generation"))?;
    let inventory = body.inventory(call.key(), call.version)?;
    let generation = put(&call, &inventory, Some(seen)).await?;
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
        return Err(Error::Generation { because });
    }
    store::put(&mut tx, id, new, call.service.now()).await?;
    call.service.commit(tx).await?;
    Ok(generation)
}

/// Replaces all.
pub(crate) async fn replace(call: Call<Placement>, Json(body): Json<Records>) -> Result<Response, ApiError> {
    let wanted = inventories(&body, call.version)?;
    let generation = replace_all(&call, &wanted, Some(body.resource_provider_generation)).await?;
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
