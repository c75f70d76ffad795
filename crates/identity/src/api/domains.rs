//! `/v3/domains`: domains.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::project;
use crate::service::Identity;

const FILTERS: &[&str] = &["enabled", "name"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<project::CreateDomain>,
) -> Result<Response, ApiError> {
    let explicit_id = body.domain.explicit_domain_id.clone();
    let row = identity.create_domain(&caller, body.domain.into(), explicit_id).await?;
    Ok(created("domain", project::Domain::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_domains(&caller, &place.list(FILTERS)?)?;
    Ok(page(&place, "domains", &listed, |row| &row.id, |row| project::Domain::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_domain(&caller, &id)?;
    Ok(member("domain", project::Domain::of(&row, &place)))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<project::UpdateDomain>,
) -> Result<Response, ApiError> {
    same_id(body.domain.id.as_deref(), &id)?;
    let row = identity.update_domain(&caller, &id, body.domain.into()).await?;
    Ok(member("domain", project::Domain::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_domain(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
