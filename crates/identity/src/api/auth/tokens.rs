//! `/v3/auth/tokens`: log in, look at a token, revoke it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use kogge_http::{ApiError, BaseUrl, Json, Pairs, Peer};

use crate::api::wire::{login, token};
use crate::error::Error;
use crate::resources::Object;
use crate::service::{Client, Identity, Look, Resolved};
use kogge_resource::Call;

/// `POST`.
pub(in crate::api) async fn create(
    State(identity): State<Identity>,
    peer: Peer,
    base: BaseUrl,
    query: Pairs,
    Json(Object(body)): Json<Object<login::Body>>,
) -> Result<Response, ApiError> {
    let (text, resolved) = identity.log_in(Client::at(peer.0), body.into_login()?).await?;
    rendered(&identity, &base, &query, StatusCode::CREATED, &text, &resolved)
}

/// `GET` and `HEAD`.
pub(in crate::api) async fn show(
    call: Call<Identity>,
    query: Pairs,
    method: Method,
) -> Result<Response, ApiError> {
    let text = subject(&call.headers);
    let allow_expired = query.get("allow_expired").is_some_and(is_true);
    let access_rules_version = header(&call.headers, "openstack-identity-access-rules");
    let only_checks = method == Method::HEAD;
    let look = Look { text, only_checks, allow_expired, access_rules_version };
    let resolved = call.service.look_at_token(&call.caller, look)?;
    rendered(&call.service, &call.base, &query, StatusCode::OK, text.unwrap_or(""), &resolved)
}

/// `DELETE`.
pub(in crate::api) async fn delete(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    call.service.revoke_token(&call.caller, subject(&call.headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

fn subject(headers: &HeaderMap) -> Option<&str> {
    header(headers, "x-subject-token")
}

/// What oslo.utils takes for true.
fn is_true(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "1" | "t" | "true" | "on" | "y" | "yes")
}

pub(in crate::api) fn rendered(
    identity: &Identity,
    base: &BaseUrl,
    query: &Pairs,
    status: StatusCode,
    text: &str,
    resolved: &Resolved,
) -> Result<Response, ApiError> {
    let catalog = match query.has("nocatalog") {
        true => None,
        false => Some(identity.catalog_for(resolved, base.root())?),
    };
    let mut response = Json(token::Body::of(resolved, catalog.as_deref())).into_response();
    *response.status_mut() = status;
    let text = HeaderValue::from_str(text).map_err(|_| Error::Unauthorized)?;
    response.headers_mut().insert("x-subject-token", text);
    Ok(response)
}
