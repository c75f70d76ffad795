//! Answers: JSON, with the time of the last change where the version has that.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kogge_clock::Timestamp;
use kogge_http::{BaseUrl, Json, Microversion};
use serde_json::Value;

use crate::microversion::LAST_MODIFIED;

/// A body with its age.
pub(super) fn reply(version: Microversion, modified: Timestamp, body: Value) -> Response {
    dated(version, modified, Json(body).into_response())
}

/// Adds the age.
pub(super) fn dated(version: Microversion, modified: Timestamp, mut response: Response) -> Response {
    if version.has(LAST_MODIFIED) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(value) = HeaderValue::from_str(&modified.http_date()) {
            headers.insert(header::LAST_MODIFIED, value);
        }
    }
    response
}

/// No body, but the address of what was made.
pub(super) fn made(status: StatusCode, base: &BaseUrl, path: &str) -> Response {
    (status, [(header::LOCATION, base.join(path))]).into_response()
}

/// The path of an address inside placement, without host, as links have it.
pub(super) fn path_of(base: &BaseUrl, path: &str) -> String {
    let whole = base.join(path);
    let after = whole.split_once("://").map_or(whole.as_str(), |(_, rest)| rest);
    after.find('/').and_then(|at| after.get(at..)).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_have_the_prefix_but_no_host() {
        let base = BaseUrl::fixed("https://cloud.example:8770/os", "/placement");
        assert_eq!(path_of(&base, "/traits"), "/os/placement/traits");
    }
}
