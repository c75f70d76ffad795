//! `/v3/roles`: roles.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::role;
use crate::service::Identity;

const FILTERS: &[&str] = &["name", "domain_id"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<role::Create>,
) -> Result<Response, ApiError> {
    let row = identity.create_role(&caller, body.role.into()).await?;
    Ok(created("role", role::Role::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_roles(&caller, &place.list(FILTERS)?)?;
    Ok(page(&place, "roles", &listed, |row| &row.id, |row| role::Role::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_role(&caller, &id)?;
    Ok(member("role", role::Role::of(&row, &place)))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<role::Update>,
) -> Result<Response, ApiError> {
    same_id(body.role.id.as_deref(), &id)?;
    let row = identity.update_role(&caller, &id, body.role.into()).await?;
    Ok(member("role", role::Role::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_role(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
