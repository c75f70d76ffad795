//! From the token in the headers to the caller.

use http::request::Parts;
use kogge_auth::{AuthError, Caller, RequestFacts};

use super::FrontDoor;
use crate::{ApiError, RequestId};

/// The caller behind `X-Auth-Token`. `None` without token or with a bad one: the route then says 401, and a public
/// route does not care.
pub(super) async fn caller(
    door: &FrontDoor,
    parts: &Parts,
    id: &RequestId,
) -> Result<Option<Caller>, ApiError> {
    let Some(token) = parts.headers.get("x-auth-token").and_then(|token| token.to_str().ok()) else {
        return Ok(None);
    };
    let request =
        RequestFacts { method: parts.method.as_str(), path: parts.uri.path(), service: door.service };
    match door.tokens.authenticate(token, request).await {
        Ok(mut caller) => {
            caller.request_id = id.0.clone();
            Ok(Some(caller))
        }
        Err(AuthError::Unauthorized) => Ok(None),
        Err(error @ AuthError::Unavailable { .. }) => Err(ApiError::unavailable(error.to_string())),
    }
}
