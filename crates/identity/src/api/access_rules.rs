//! `/v3/users/{user_id}/access_rules`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Path};

use super::answer::{member, page};
use super::place::Place;
use super::wire::application_credential::AccessRule;
use crate::service::Identity;

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(user_id): Path<String>,
) -> Result<Response, ApiError> {
    let listed =
        identity.list_access_rules(&caller, &user_id, &place.list(&["service", "path", "method"])?)?;
    Ok(page(&place, "access_rules", &listed, |row| &row.id, |row| AccessRule::of(row, &place)))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path((user_id, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let row = identity.get_access_rule(&caller, &user_id, &id)?;
    Ok(member("access_rule", AccessRule::of(&row, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((user_id, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.delete_access_rule(&caller, &user_id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
