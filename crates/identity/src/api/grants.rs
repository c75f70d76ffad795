//! Giving and taking roles: `/v3/projects/…/roles/…`, `/v3/domains/…`, `/v3/OS-INHERIT/…`, `/v3/system/…`.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Path};

use super::answer::whole;
use super::place::Place;
use super::wire::role::Role;
use crate::error::Error;
use crate::model::{Actor, Target};
use crate::service::{Grant, Identity};

type Ids = HashMap<String, String>;

/// Who and where, from the names of the path's parameters.
fn grant(ids: &Ids, inherited: bool) -> Result<Grant, Error> {
    let get = |name: &str| ids.get(name).cloned();
    let missing = || Error::Missing("The resource could not be found.".to_owned());
    let actor =
        get("user_id").map(Actor::User).or_else(|| get("group_id").map(Actor::Group)).ok_or_else(missing)?;
    let target = get("project_id").map(Target::Project).or_else(|| get("domain_id").map(Target::Domain));
    Ok(Grant { actor, target: target.unwrap_or(Target::System), inherited })
}

fn role(ids: &Ids) -> &str {
    ids.get("role_id").map_or("", String::as_str)
}

/// `PUT`.
pub(super) async fn give(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(ids): Path<Ids>,
) -> Result<StatusCode, ApiError> {
    identity.give_role(&caller, &grant(&ids, place.is_inherited())?, role(&ids)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` and `HEAD` of one.
pub(super) async fn check(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(ids): Path<Ids>,
) -> Result<StatusCode, ApiError> {
    identity.check_role(&caller, &grant(&ids, place.is_inherited())?, role(&ids))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE`.
pub(super) async fn take(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(ids): Path<Ids>,
) -> Result<StatusCode, ApiError> {
    identity.take_role(&caller, &grant(&ids, place.is_inherited())?, role(&ids)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(ids): Path<Ids>,
) -> Result<Response, ApiError> {
    let roles = identity.given_roles(&caller, &grant(&ids, place.is_inherited())?)?;
    Ok(whole(&place, "roles", roles.iter().map(|row| Role::of(row, &place)).collect()))
}
