//! `/v3/endpoints`: endpoints of the catalog.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::catalog;
use crate::service::Identity;

const FILTERS: &[&str] = &["interface", "service_id", "region_id"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<catalog::CreateEndpointBody>,
) -> Result<Response, ApiError> {
    let row = identity.create_endpoint(&caller, body.endpoint.into()).await?;
    Ok(created("endpoint", catalog::Endpoint::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_endpoints(&caller, &place.list(FILTERS)?)?;
    Ok(page(&place, "endpoints", &listed, |row| &row.id, |row| catalog::Endpoint::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_endpoint(&caller, &id)?;
    Ok(member("endpoint", catalog::Endpoint::of(&row, &place)))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<catalog::UpdateEndpointBody>,
) -> Result<Response, ApiError> {
    same_id(body.endpoint.id.as_deref(), &id)?;
    let row = identity.update_endpoint(&caller, &id, body.endpoint.into()).await?;
    Ok(member("endpoint", catalog::Endpoint::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_endpoint(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
