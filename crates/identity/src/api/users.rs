//! `/v3/users`: users, their passwords, projects and groups.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::group::Group;
use super::wire::project::Project;
use super::wire::user;
use crate::service::Identity;

const FILTERS: &[&str] = &["domain_id", "enabled", "name", "unique_id", "idp_id", "protocol_id"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<user::Create>,
) -> Result<Response, ApiError> {
    let row = identity.create_user(&caller, body.user.try_into()?).await?;
    Ok(created("user", user::User::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_users(&caller, &place.list(FILTERS)?)?;
    Ok(page(&place, "users", &listed, |row| &row.id, |row| user::User::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_user(&caller, &id)?;
    Ok(member("user", user::User::of(&row, &place)))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<user::Update>,
) -> Result<Response, ApiError> {
    same_id(body.user.id.as_deref(), &id)?;
    let row = identity.update_user(&caller, &id, body.user.into()).await?;
    Ok(member("user", user::User::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_user(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v3/users/{user_id}/password`. For everybody who knows the old one: an expired password is changed so.
pub(super) async fn change_password(
    State(identity): State<Identity>,
    Path(id): Path<String>,
    Json(body): Json<user::ChangePassword>,
) -> Result<StatusCode, ApiError> {
    identity.change_password(&id, body.user.original_password, body.user.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v3/users/{user_id}/projects`.
pub(super) async fn projects(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let listed = identity.projects_of_user(&caller, &id, &place.list(&["domain_id", "enabled", "name"])?)?;
    Ok(page(&place, "projects", &listed, |row| &row.id, |row| Project::of(row, &place)))
}

/// `GET /v3/users/{user_id}/groups`.
pub(super) async fn groups(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let listed = identity.groups_of_user(&caller, &id, &place.list(&["name"])?)?;
    Ok(page(&place, "groups", &listed, |row| &row.id, |row| Group::of(row, &place)))
}
