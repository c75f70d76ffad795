//! `/v3/credentials`: credentials of any kind.

use axum::response::Response;
use kogge_http::ApiError;

use super::answer::page;
use super::handlers::handlers;
use super::wire::credential;
use crate::api::place::Placed as _;
use crate::service::Identity;
use kogge_resource::Call;

handlers! { "credential" in "credentials" as credential::Credential:
    create(credential::Create { credential } => create_credential),
    show(get_credential),
    update(credential::Update { credential } => update_credential),
    delete(delete_credential),
}

const FILTERS: &[&str] = &["user_id", "type"];

/// `GET` of all.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let listed = call.service.list_credentials(&call.caller, &call.list(FILTERS)?)?;
    Ok(page(&call, "credentials", &listed, |open| &open.row.id, |row| credential::Credential::of(row, &call)))
}
