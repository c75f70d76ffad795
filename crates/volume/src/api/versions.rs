//! Version documents, in the shape of Cinder's. No token is needed.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{BaseUrl, Json};
use serde_json::{Value, json};

use crate::microversion::{MAXIMUM, MINIMUM};

fn document(base: &BaseUrl) -> Value {
    json!({ "versions": [{
        "id": "v3.0",
        "status": "CURRENT",
        "version": MAXIMUM.to_string(),
        "min_version": MINIMUM.to_string(),
        "updated": "2026-04-01T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": base.join("/v3/")},
        ],
        "media-types": [{
            "base": "application/json",
            "type": "application/vnd.openstack.volume+json;version=3",
        }],
    }]})
}

/// `GET /`
pub(crate) async fn list(base: BaseUrl) -> Response {
    (StatusCode::MULTIPLE_CHOICES, Json(document(&base))).into_response()
}

/// `GET /v3/`
pub(crate) async fn current(base: BaseUrl) -> Json<Value> {
    Json(document(&base))
}
