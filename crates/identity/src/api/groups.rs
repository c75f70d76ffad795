//! `/v3/groups`: groups and their members.

use axum::response::Response;
use http::StatusCode;
use kogge_http::ApiError;

use super::answer::page;
use super::handlers::handlers;
use super::wire::group;
use super::wire::user::User;
use crate::api::place::Placed as _;
use crate::service::Identity;
use kogge_resource::Call;

handlers! { "group" in "groups" as group::Group:
    create(group::Create { group } => create_group),
    list(&["domain_id", "name"] => list_groups),
    show(get_group),
    update(group::Update { group } => update_group),
    delete(delete_group),
}

/// `GET /v3/groups/{group_id}/users`.
pub(super) async fn users(call: Call<Identity>) -> Result<Response, ApiError> {
    let id = call.key();
    let listed =
        call.service.users_in_group(&call.caller, id, &call.list(&["domain_id", "enabled", "name"])?)?;
    Ok(page(&call, "users", &listed, |row| &row.id, |row| User::of(row, &call)))
}

/// `PUT /v3/groups/{group_id}/users/{user_id}`.
pub(super) async fn add_user(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [group_id, user_id] = call.keys();
    call.service.add_member(&call.caller, group_id, user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD /v3/groups/{group_id}/users/{user_id}`.
pub(super) async fn check_user(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [group_id, user_id] = call.keys();
    call.service.check_member(&call.caller, group_id, user_id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /v3/groups/{group_id}/users/{user_id}`.
pub(super) async fn remove_user(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [group_id, user_id] = call.keys();
    call.service.remove_member(&call.caller, group_id, user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
