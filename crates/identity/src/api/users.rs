//! `/v3/users`: users, their passwords, projects and groups.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path, Peer};

use super::answer::{created, page};
use super::handlers::handlers;
use super::place::Place;
use super::wire::group::Group;
use super::wire::project::Project;
use super::wire::user::{self, Passwords};
use crate::service::{Client, Identity};

handlers! { "user" in "users" as user::User:
    list(&["domain_id", "enabled", "name", "unique_id", "idp_id", "protocol_id"] => list_users),
    show(get_user),
    update(user::Update { user } => update_user),
    delete(delete_user),
}

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
