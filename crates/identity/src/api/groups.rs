//! `/v3/groups`: groups and their members.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page, same_id};
use super::place::Place;
use super::wire::group;
use super::wire::user::User;
use crate::service::Identity;

const FILTERS: &[&str] = &["domain_id", "name"];

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Json(body): Json<group::Create>,
) -> Result<Response, ApiError> {
    let row = identity.create_group(&caller, body.group.into()).await?;
    Ok(created("group", group::Group::of(&row, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
) -> Result<Response, ApiError> {
    let listed = identity.list_groups(&caller, &place.list(FILTERS)?)?;
    Ok(page(&place, "groups", &listed, |row| &row.id, |row| group::Group::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let row = identity.get_group(&caller, &id)?;
    Ok(member("group", group::Group::of(&row, &place)))
}

/// `PATCH`.
pub(super) async fn update(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
    Json(body): Json<group::Update>,
) -> Result<Response, ApiError> {
    same_id(body.group.id.as_deref(), &id)?;
    let row = identity.update_group(&caller, &id, body.group.into()).await?;
    Ok(member("group", group::Group::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    identity.delete_group(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v3/groups/{group_id}/users`.
pub(super) async fn users(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let listed = identity.users_in_group(&caller, &id, &place.list(&["domain_id", "enabled", "name"])?)?;
    Ok(page(&place, "users", &listed, |row| &row.id, |row| User::of(row, &place)))
}

/// `PUT /v3/groups/{group_id}/users/{user_id}`.
pub(super) async fn add_user(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((group_id, user_id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.add_member(&caller, &group_id, &user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD /v3/groups/{group_id}/users/{user_id}`.
pub(super) async fn check_user(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((group_id, user_id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.check_member(&caller, &group_id, &user_id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /v3/groups/{group_id}/users/{user_id}`.
pub(super) async fn remove_user(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((group_id, user_id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.remove_member(&caller, &group_id, &user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
