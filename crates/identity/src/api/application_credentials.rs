//! `/v3/users/{user_id}/application_credentials`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, page};
use super::place::Place;
use super::wire::application_credential::{Create, Credential, Parts};
use crate::model::ApplicationCredential;
use crate::service::{CreatedApplicationCredential, Identity};

fn parts(identity: &Identity, row: &ApplicationCredential) -> Parts {
    Parts { roles: identity.roles_of(row), rules: identity.rules_of(row) }
}

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(user_id): Path<String>,
    Json(body): Json<Create>,
) -> Result<Response, ApiError> {
    let new = body.application_credential.try_into()?;
    let made = identity.create_application_credential(&caller, &user_id, new).await?;
    let CreatedApplicationCredential { credential, secret } = made;
    let parts = parts(&identity, &credential);
    Ok(created("application_credential", Credential::of(&credential, &parts, Some(&secret), &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(user_id): Path<String>,
) -> Result<Response, ApiError> {
    let listed = identity.list_application_credentials(&caller, &user_id, &place.list(&["name"])?)?;
    let items = listed.items.into_iter().map(|row| (parts(&identity, &row), row)).collect();
    let listed = crate::service::Listed { items, more: listed.more };
    Ok(page(
        &place,
        "application_credentials",
        &listed,
        |(_, row)| &row.id,
        |(parts, row)| Credential::of(row, parts, None, &place),
    ))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path((user_id, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let row = identity.get_application_credential(&caller, &user_id, &id)?;
    let parts = parts(&identity, &row);
    Ok(member("application_credential", Credential::of(&row, &parts, None, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((user_id, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.delete_application_credential(&caller, &user_id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
