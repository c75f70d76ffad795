//! `/v3/credentials`: credentials of any kind.

use axum::extract::State;
use axum::response::Response;
use kogge_http::{ApiError, Auth};

use super::answer::page;
use super::handlers::handlers;
use super::place::Place;
use super::wire::credential;
use crate::service::Identity;

handlers! { "credential" in "credentials" as credential::Credential:
    create(credential::Create { credential } => create_credential),
    show(get_credential),
    update(credential::Update { credential } => update_credential),
    delete(delete_credential),
}

const FILTERS: &[&str] = &["user_id", "type"];

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
