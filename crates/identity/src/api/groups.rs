//! `/v3/groups`: groups and their members.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Path};

use super::answer::page;
use super::handlers::handlers;
use super::place::Place;
use super::wire::group;
use super::wire::user::User;
use crate::service::Identity;

handlers! { "group" in "groups" as group::Group:
    create(group::Create { group } => create_group),
    list(&["domain_id", "name"] => list_groups),
    show(get_group),
    update(group::Update { group } => update_group),
    delete(delete_group),
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
