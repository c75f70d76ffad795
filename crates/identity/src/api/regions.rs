//! `/v3/regions`: regions.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::region;
use crate::error::Error;
use crate::service::Identity;

const FILTERS: &[&str] = &["parent_region_id"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<region::Create>,
) -> Result<Response, ApiError> {
    let row = identity.create_region(&caller, body.region.into()).await?;
    Ok(created("region", region::Region::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_regions(&caller, &place.list(FILTERS)?)?;
    Ok(page(&place, "regions", &listed, |row| &row.id, |row| region::Region::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_region(&caller, &id)?;
    Ok(member("region", region::Region::of(&row, &place)))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<region::Update>,
) -> Result<Response, ApiError> {
    same_id(body.region.id.as_deref(), &id)?;
    let row = identity.update_region(&caller, &id, body.region.into()).await?;
    Ok(member("region", region::Region::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_region(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /v3/regions/{region_id}`: makes one with that id.
pub(super) async fn create_with_id(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(mut body): Json<region::Create>,
) -> Result<Response, ApiError> {
    if body.region.id.as_ref().is_some_and(|given| *given != id) {
        return Err(Error::invalid("Conflicting region IDs specified").into());
    }
    body.region.id = Some(id);
    let row = identity.create_region(&caller, body.region.into()).await?;
    Ok(created("region", region::Region::of(&row, &place)))
}
