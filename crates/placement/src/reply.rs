//! What answers have besides their bodies: the time of the last change, where the version has that, and addresses.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kogge_clock::Timestamp;
use kogge_http::{Json, Microversion};
use kogge_resource::Call;
use serde_json::Value;

use crate::Placement;
use crate::microversion::LAST_MODIFIED;

/// A body that is as old as the request.
pub(crate) fn reply(call: &Call<Placement>, body: Value) -> Response {
    (age(call, call.service.now()), Json(body)).into_response()
}

/// When what is shown was changed last.
pub(crate) fn age(call: &Call<Placement>, modified: Timestamp) -> HeaderMap {
    aged(call.version, modified)
}

/// As [`age`], where nobody stands behind the request.
pub(crate) fn aged(version: Microversion, modified: Timestamp) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if version.has(LAST_MODIFIED) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.extend(named(header::LAST_MODIFIED, &modified.http_date()));
    }
    headers
}

/// Where something is.
pub(crate) fn location(call: &Call<Placement>, path: &str) -> HeaderMap {
    named(header::LOCATION, &call.base.join(path)).into_iter().collect()
}

/// What was put somewhere, or was there before.
pub(crate) fn put(call: &Call<Placement>, path: &str, new: bool) -> (StatusCode, HeaderMap) {
    let status = if new { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    (status, location(call, path))
}

fn named(name: HeaderName, text: &str) -> Option<(HeaderName, HeaderValue)> {
    HeaderValue::from_str(text).ok().map(|value| (name, value))
}
