//! `GET /`: the version document.

use kogge_http::Json;
use serde_json::{Value, json};

use crate::microversion::VERSIONS;

/// Its link leads to itself, as upstream's does.
pub(super) async fn root() -> Json<Value> {
    let (min, max) = (VERSIONS.min.to_string(), VERSIONS.max.to_string());
    Json(json!({ "versions": [{
        "id": format!("v{min}"), "min_version": min, "max_version": max, "status": "CURRENT",
        "links": [{ "rel": "self", "href": "" }],
    }] }))
}
