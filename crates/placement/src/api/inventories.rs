//! `/resource_providers/{id}/inventories`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use kogge_http::{ApiError, Auth, BaseUrl, ErrorKind, Json, Microversion, Path};
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
pub(super) async fn list(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let stock = placement.stock(&caller, &policy::INVENTORIES_LIST, provider_id(&id)?).await?;
    Ok(reply(version, placement.now(), views(&stock.inventories, stock.generation)))
}

/// Shows one.
pub(super) async fn show(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path((id, class)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let stock = placement.stock(&caller, &policy::INVENTORIES_SHOW, provider_id(&id)?).await?;
    let found = stock.inventories.iter().find(|one| one.class == class);
    let missing = || Error::NotFound { kind: "inventory of class", id: format!("{class} for {id}") };
    Ok(one(&placement, version, found.ok_or_else(missing)?, stock.generation))
}

/// Adds one.
pub(super) async fn create(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    Path(id): Path<String>,
    Json(body): Json<Record>,
) -> Result<Response, ApiError> {
    let class = body.resource_class.as_deref().ok_or_else(|| required("resource_class"))?;
    let inventory = body.inventory(class, version)?;
    let stock = placement.add_inventory(&caller, provider_id(&id)?, inventory).await?;
    let location = base.join(&format!("/resource_providers/{id}/inventories/{class}"));
    let answer = first(&placement, version, &stock);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], answer).into_response())
}

/// Replaces all.
pub(super) async fn replace(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
    Json(body): Json<Records>,
) -> Result<Response, ApiError> {
    let id = provider_id(&id)?;
    let inventories = inventories(&body, version)?;
    let stock = placement.replace_stock(&caller, id, inventories, body.resource_provider_generation).await?;
    Ok(reply(version, placement.now(), views(&stock.inventories, stock.generation)))
}

/// Changes one.
pub(super) async fn update(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path((id, class)): Path<(String, String)>,
    Json(body): Json<Record>,
) -> Result<Response, ApiError> {
    let generation =
        body.resource_provider_generation.ok_or_else(|| required("resource_provider_generation"))?;
    let inventory = body.inventory(&class, version)?;
    let stock = placement.change_inventory(&caller, provider_id(&id)?, inventory, generation).await?;
    Ok(first(&placement, version, &stock))
}

/// Deletes one.
pub(super) async fn delete(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    Path((id, class)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    placement.delete_inventory(&caller, provider_id(&id)?, Some(&class)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes all. Older versions have the path but not this method.
pub(super) async fn delete_all(
    State(placement): State<Placement>,
    Auth(caller): Auth,
    version: Microversion,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    if !version.has(DELETE_INVENTORIES) {
        let message = "The method specified is not allowed for this resource.";
        return Err(ApiError::new(ErrorKind::MethodNotAllowed, message));
    }
    placement.delete_inventory(&caller, provider_id(&id)?, None).await?;
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
