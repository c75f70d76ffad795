//! `POST /v3/users/{user_id}/password`.

use axum::extract::State;
use http::StatusCode;
use kogge_http::{ApiError, Json, Path, Peer};
use serde::Deserialize;

use crate::resources::Object;
use crate::secret::Secret;
use crate::service::{Client, Identity};

#[derive(Deserialize)]
pub(super) struct Body {
    user: Object<Passwords>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passwords {
    original_password: Secret,
    password: Secret,
}

/// For everybody who knows the old one: an expired password is changed so.
pub(super) async fn change(
    State(identity): State<Identity>,
    peer: Peer,
    Path(id): Path<String>,
    Json(Object(Body { user: Object(given) })): Json<Object<Body>>,
) -> Result<StatusCode, ApiError> {
    identity.change_password(Client::at(peer.0), &id, given.original_password, given.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
