//! `GET /`: the version document.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kogge_http::{Json, Microversion};
use serde_json::json;

use crate::Placement;
use crate::microversion::VERSIONS;
use crate::reply::aged;

/// Its link leads to itself, as upstream's does.
pub(super) async fn root(State(placement): State<Placement>, version: Microversion) -> Response {
    let (min, max) = (VERSIONS.min.to_string(), VERSIONS.max.to_string());
    let body = json!({ "versions": [{
        "id": format!("v{min}"), "min_version": min, "max_version": max, "status": "CURRENT",
        "links": [{ "rel": "self", "href": "" }],
    }] });
    (aged(version, placement.now()), Json(body)).into_response()
}
