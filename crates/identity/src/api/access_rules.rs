//! `/v3/users/{user_id}/access_rules`.

use axum::response::Response;
use http::StatusCode;
use kogge_http::ApiError;

use super::answer::{member, page};
use super::wire::application_credential::AccessRule;
use crate::api::place::Placed as _;
use crate::service::Identity;
use kogge_resource::Call;

/// `GET` of all.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let user_id = call.key();
    let listed =
        call.service.list_access_rules(&call.caller, user_id, &call.list(&["service", "path", "method"])?)?;
    Ok(page(&call, "access_rules", &listed, |row| &row.id, |row| AccessRule::of(row, &call)))
}

/// `GET` of one.
pub(super) async fn show(call: Call<Identity>) -> Result<Response, ApiError> {
    let [user_id, id] = call.keys();
    let row = call.service.get_access_rule(&call.caller, user_id, id)?;
    Ok(member("access_rule", AccessRule::of(&row, &call)))
}

/// `DELETE`.
pub(super) async fn delete(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [user_id, id] = call.keys();
    call.service.delete_access_rule(&call.caller, user_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
