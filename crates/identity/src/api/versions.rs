//! The version documents, in Keystone's shape, and JSON-Home.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kogge_http::{BaseUrl, Json};
use serde_json::{Value, json};

use super::json_home;

fn version(base: &BaseUrl) -> Value {
    let kind = "application/vnd.openstack.identity-v3+json";
    json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{ "rel": "self", "href": base.join("/v3/") }],
        "media-types": [{ "base": "application/json", "type": kind }],
    })
}

/// `GET /`: 300 with all versions.
pub(super) async fn list(base: BaseUrl, headers: HeaderMap) -> Response {
    if wants_json_home(&headers) {
        return json_home::document("/v3");
    }
    let mut response = Json(json!({ "versions": { "values": [version(&base)] } })).into_response();
    *response.status_mut() = StatusCode::MULTIPLE_CHOICES;
    if let Ok(location) = HeaderValue::from_str(&base.join("/v3/")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// `GET /v3`.
pub(super) async fn show(base: BaseUrl, headers: HeaderMap) -> Response {
    if wants_json_home(&headers) {
        json_home::document("")
    } else {
        Json(json!({ "version": version(&base) })).into_response()
    }
}

fn wants_json_home(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    accept.contains("application/json-home")
        && !accept.contains("application/json,")
        && !accept.ends_with("application/json")
}
