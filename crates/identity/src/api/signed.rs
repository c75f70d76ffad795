//! `/v3/ec2tokens` and `/v3/s3tokens`: for services that take signed requests.

use std::collections::BTreeMap;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use http::StatusCode;
use kogge_http::{ApiError, Json, Pairs};
use kogge_resource::Call;
use serde::Deserialize;

use super::auth::tokens::rendered;
use crate::error::Error;
use crate::resources::Object;
use crate::service::{Identity, SignedRequest, checked_count};

#[derive(Deserialize)]
pub(super) struct Body {
    #[serde(alias = "credential", alias = "ec2Credentials")]
    credentials: Object<Credentials>,
}

#[derive(Deserialize)]
struct Credentials {
    access: String,
    #[serde(default)]
    signature: String,
    #[serde(default)]
    verb: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    params: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body_hash: String,
    /// Of S3: the string that was signed, in base64.
    #[serde(default)]
    token: String,
}

/// Most parameters and most headers of a signed request.
const MOST: usize = 256;

/// `POST /v3/ec2tokens`.
pub(super) async fn ec2(
    call: Call<Identity>,
    query: Pairs,
    Json(Object(Body { credentials: Object(given) })): Json<Object<Body>>,
) -> Result<Response, ApiError> {
    for (field, have) in [("params", given.params.len()), ("headers", given.headers.len())] {
        // the signature looks each header up in all of them
        checked_count(field, have, MOST)?;
    }
    let request = SignedRequest {
        access: given.access,
        signature: given.signature,
        verb: given.verb,
        host: given.host,
        path: given.path,
        params: given.params,
        headers: given.headers,
        body_hash: given.body_hash,
    };
    let (text, resolved) = call.service.ec2_token(&call.caller, &request)?;
    rendered(&call.service, &call.base, &query, StatusCode::OK, &text, &resolved)
}

/// `POST /v3/s3tokens`.
pub(super) async fn s3(
    call: Call<Identity>,
    query: Pairs,
    Json(Object(Body { credentials: Object(given) })): Json<Object<Body>>,
) -> Result<Response, ApiError> {
    let signed = URL_SAFE.decode(&given.token).or_else(|_| STANDARD.decode(&given.token));
    let signed = signed.ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(Error::Unauthorized)?;
    let (text, resolved) = call.service.s3_token(&call.caller, &given.access, &signed, &given.signature)?;
    rendered(&call.service, &call.base, &query, StatusCode::OK, &text, &resolved)
}
