//! `/v3/users`: users, their passwords, projects and groups.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Json, Path, Peer};

use super::answer::{created, page};
use super::handlers::handlers;
use super::wire::group::Group;
use super::wire::project::Project;
use super::wire::user::{self, Passwords};
use crate::api::place::Placed as _;
use crate::service::{Client, Identity};
use kogge_resource::Call;

handlers! { "user" in "users" as user::User:
    list(&["domain_id", "enabled", "name", "unique_id", "idp_id", "protocol_id"] => list_users),
    show(get_user),
    update(user::Update { user } => update_user),
    delete(delete_user),
}

/// `POST`.
pub(super) async fn create(
    call: Call<Identity>,
    Json(body): Json<user::Create>,
) -> Result<Response, ApiError> {
    let row = call.service.create_user(&call.caller, body.user.try_into()?).await?;
    Ok(created("user", user::User::of(&row, &call)))
}

/// `POST /v3/users/{user_id}/password`. For everybody who knows the old one: an expired password is changed so.
pub(super) async fn change_password(
    State(identity): State<Identity>,
    peer: Peer,
    Path(id): Path<String>,
    Json(body): Json<user::ChangePassword>,
) -> Result<StatusCode, ApiError> {
    let Passwords { original_password, password } = body.user;
    identity.change_password(Client::at(peer.0), &id, original_password, password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v3/users/{user_id}/projects`.
pub(super) async fn projects(call: Call<Identity>) -> Result<Response, ApiError> {
    let id = call.key();
    let listed =
        call.service.projects_of_user(&call.caller, id, &call.list(&["domain_id", "enabled", "name"])?)?;
    Ok(page(&call, "projects", &listed, |row| &row.id, |row| Project::of(row, &call)))
}

/// `GET /v3/users/{user_id}/groups`.
pub(super) async fn groups(call: Call<Identity>) -> Result<Response, ApiError> {
    let id = call.key();
    let listed = call.service.groups_of_user(&call.caller, id, &call.list(&["name"])?)?;
    Ok(page(&call, "groups", &listed, |row| &row.id, |row| Group::of(row, &call)))
}
