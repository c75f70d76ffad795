//! `/v3/services`: services of the catalog.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::catalog;
use crate::service::Identity;

const FILTERS: &[&str] = &["type", "name"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<catalog::CreateServiceBody>,
) -> Result<Response, ApiError> {
    let row = identity.create_service(&caller, body.service.into()).await?;
    Ok(created("service", catalog::Service::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_services(&caller, &place.list(FILTERS)?)?;
    Ok(page(&place, "services", &listed, |row| &row.id, |row| catalog::Service::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_service(&caller, &id)?;
    Ok(member("service", catalog::Service::of(&row, &place)))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<catalog::UpdateServiceBody>,
) -> Result<Response, ApiError> {
    same_id(body.service.id.as_deref(), &id)?;
    let row = identity.update_service(&caller, &id, body.service.into()).await?;
    Ok(member("service", catalog::Service::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_service(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
