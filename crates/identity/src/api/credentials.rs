//! `/v3/credentials`: credentials of any kind.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::credential;
use crate::service::Identity;

const FILTERS: &[&str] = &["user_id", "type"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<credential::Create>,
) -> Result<Response, ApiError> {
    let row = identity.create_credential(&caller, body.credential.into()).await?;
    Ok(created("credential", credential::Credential::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_credentials(&caller, &place.list(FILTERS)?)?;
    Ok(page(
        &place,
        "credentials",
        &listed,
        |open| &open.row.id,
        |row| credential::Credential::of(row, &place),
    ))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_credential(&caller, &id)?;
    Ok(member("credential", credential::Credential::of(&row, &place)))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<credential::Update>,
) -> Result<Response, ApiError> {
    same_id(body.credential.id.as_deref(), &id)?;
    let row = identity.update_credential(&caller, &id, body.credential.into()).await?;
    Ok(member("credential", credential::Credential::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_credential(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
