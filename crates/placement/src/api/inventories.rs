//! `/resource_providers/{id}/inventories`

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use kogge_http::{ApiError, ErrorKind, Json, Microversion};
use kogge_resource::Call;
use serde_json::json;

use super::error::{at_most, provider_id};
use super::reply::reply;
use super::wire::inventory::{Record, Records, view, views};
use crate::error::Error;
use crate::microversion::DELETE_INVENTORIES;
use crate::model::bounds;
use crate::model::inventory::Inventory;
use crate::service::inventories::Stock;
use crate::{Placement, policy};

/// Lists them.
pub(super) async fn list(call: Call<Placement>) -> Result<Response, ApiError> {
    let id = call.key();
    let stock = call.service.stock(&call.caller, &policy::INVENTORIES_LIST, provider_id(id)?).await?;
    Ok(reply(call.version, call.service.now(), views(&stock.inventories, stock.generation)))
}

/// Shows one.
pub(super) async fn show(call: Call<Placement>) -> Result<Response, ApiError> {
    let [id, class] = call.keys();
    let stock = call.service.stock(&call.caller, &policy::INVENTORIES_SHOW, provider_id(id)?).await?;
    let found = stock.inventories.iter().find(|one| one.class == class);
    let missing = || Error::NotFound { kind: "inventory of class", id: format!("{class} for {id}") };
    Ok(one(&call.service, call.version, found.ok_or_else(missing)?, stock.generation))
}

/// Adds one.
pub(super) async fn create(call: Call<Placement>, Json(body): Json<Record>) -> Result<Response, ApiError> {
    let id = call.key();
    let class = body.resource_class.as_deref().ok_or_else(|| required("resource_class"))?;
    let inventory = body.inventory(class, call.version)?;
    let stock = call.service.add_inventory(&call.caller, provider_id(id)?, inventory).await?;
    let location = call.base.join(&format!("/resource_providers/{id}/inventories/{class}"));
    let answer = first(&call.service, call.version, &stock);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
}

/// Replaces all.
pub(super) async fn replace(call: Call<Placement>, Json(body): Json<Records>) -> Result<Response, ApiError> {
    let id = call.key();
    let id = provider_id(id)?;
    let inventories = inventories(&body, call.version)?;
    let stock =
        call.service.replace_stock(&call.caller, id, inventories, body.resource_provider_generation).await?;
    Ok(reply(call.version, call.service.now(), views(&stock.inventories, stock.generation)))
}

/// Changes one.
pub(super) async fn update(call: Call<Placement>, Json(body): Json<Record>) -> Result<Response, ApiError> {
    let [id, class] = call.keys();
    let generation =
        body.resource_provider_generation.ok_or_else(|| required("resource_provider_generation"))?;
    let inventory = body.inventory(class, call.version)?;
    let stock = call.service.change_inventory(&call.caller, provider_id(id)?, inventory, generation).await?;
    Ok(first(&call.service, call.version, &stock))
}

/// Deletes one.
pub(super) async fn delete(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    let [id, class] = call.keys();
    call.service.delete_inventory(&call.caller, provider_id(id)?, Some(class)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes all. Older versions have the path but not this method.
pub(super) async fn delete_all(call: Call<Placement>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    if !call.version.has(DELETE_INVENTORIES) {
        let message = "The method specified is not allowed for this resource.";
        return Err(ApiError::new(ErrorKind::MethodNotAllowed, message));
    }
    call.service.delete_inventory(&call.caller, provider_id(id)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads all inventories of a body.
pub(super) fn inventories(body: &Records, version: Microversion) -> Result<Vec<Inventory>, ApiError> {
    at_most("inventories", body.inventories.len(), bounds::CLASSES)?;
    body.inventories.iter().map(|(class, record)| record.inventory(class, version)).collect()
}

fn required(name: &str) -> ApiError {
    ApiError::bad_request(format!("JSON does not validate: '{name}' is a required property"))
}

fn first(placement: &Placement, version: Microversion, stock: &Stock) -> Response {
    match stock.inventories.first() {
        Some(inventory) => one(placement, version, inventory, stock.generation),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

fn one(placement: &Placement, version: Microversion, inventory: &Inventory, generation: i64) -> Response {
    let mut body = view(inventory);
    body["resource_provider_generation"] = json!(generation);
    reply(version, placement.now(), body)
}
