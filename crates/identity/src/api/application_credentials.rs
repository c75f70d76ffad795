//! `/v3/users/{user_id}/application_credentials`.

use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Json};

use super::answer::{created, member, page};
use super::wire::application_credential::{Create, Credential, Parts};
use crate::api::place::Placed as _;
use crate::model::ApplicationCredential;
use crate::service::{CreatedApplicationCredential, Identity};
use kogge_resource::Call;

fn parts(identity: &Identity, row: &ApplicationCredential) -> Parts {
    Parts { roles: identity.roles_of(row), rules: identity.rules_of(row) }
}

/// `POST`.
pub(super) async fn create(call: Call<Identity>, Json(body): Json<Create>) -> Result<Response, ApiError> {
    let user_id = call.key();
    let new = body.application_credential.try_into()?;
    let made = call.service.create_application_credential(&call.caller, user_id, new).await?;
    let CreatedApplicationCredential { credential, secret } = made;
    let parts = parts(&call.service, &credential);
    Ok(created("application_credential", Credential::of(&credential, &parts, Some(&secret), &call)))
}

/// `GET` of all.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let user_id = call.key();
    let listed = call.service.list_application_credentials(&call.caller, user_id, &call.list(&["name"])?)?;
    let items = listed.items.into_iter().map(|row| (parts(&call.service, &row), row)).collect();
    let listed = crate::service::Listed { items, more: listed.more };
    Ok(page(
        &call,
        "application_credentials",
        &listed,
        |(_, row)| &row.id,
        |(parts, row)| Credential::of(row, parts, None, &call),
    ))
}

/// `GET` of one.
pub(super) async fn show(call: Call<Identity>) -> Result<Response, ApiError> {
    let [user_id, id] = call.keys();
    let row = call.service.get_application_credential(&call.caller, user_id, id)?;
    let parts = parts(&call.service, &row);
    Ok(member("application_credential", Credential::of(&row, &parts, None, &call)))
}

/// `DELETE`.
pub(super) async fn delete(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [user_id, id] = call.keys();
    call.service.delete_application_credential(&call.caller, user_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
