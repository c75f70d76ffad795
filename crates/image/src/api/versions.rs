//! Version documents, in the order in which Glance lists them.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{BaseUrl, Json};
use serde_json::{Value, json};

/// What Glance 2026.1 lists with stores and without image cache.
const SUPPORTED_FIRST: [&str; 7] = ["2.15", "2.13", "2.12", "2.11", "2.10", "2.9", "2.8"];
const CURRENT: &str = "2.17";
const SUPPORTED_LAST: [&str; 8] = ["2.7", "2.6", "2.5", "2.4", "2.3", "2.2", "2.1", "2.0"];

fn document(base: &BaseUrl) -> Value {
    let one = |version: &str, status: &str| {
        let links = json!([{ "rel": "self", "href": base.join("/v2/") }]);
        json!({ "id": format!("v{version}"), "status": status, "links": links })
    };
    let first = SUPPORTED_FIRST.iter().map(|version| one(version, "SUPPORTED"));
    let last = SUPPORTED_LAST.iter().map(|version| one(version, "SUPPORTED"));
    let all: Vec<Value> = first.chain([one(CURRENT, "CURRENT")]).chain(last).collect();
    json!({ "versions": all })
}

/// `GET /`: 300, choose one.
pub(super) async fn choices(base: BaseUrl) -> Response {
    (StatusCode::MULTIPLE_CHOICES, Json(document(&base))).into_response()
}

/// `GET /versions`: the same as 200.
pub(super) async fn versions(base: BaseUrl) -> Json<Value> {
    Json(document(&base))
}
