//! Version documents, in the exact shape of Nova's. No token is needed.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{BaseUrl, Json};
use serde_json::{Value, json};

use crate::microversion::{MAXIMUM, MINIMUM};

const DOCS: &str = "http://docs.openstack.org/";

/// What differs between the two versions that are listed.
struct Version {
    id: &'static str,
    path: &'static str,
    status: &'static str,
    updated: &'static str,
    media: &'static str,
    microversions: bool,
}

// clients look for v2.0 in the first place of the list; it leads to a document only
const V2_0: Version = Version {
    id: "v2.0",
    path: "/v2/",
    status: "DEPRECATED",
    updated: "2025-07-04T12:00:00Z",
    media: "2",
    microversions: false,
};
const V2_1: Version = Version {
    id: "v2.1",
    path: "/v2.1/",
    status: "CURRENT",
    updated: "2013-07-23T11:33:21Z",
    media: "2.1",
    microversions: true,
};

impl Version {
    fn body(&self, base: &BaseUrl) -> Value {
        let number = |version: kogge_http::Microversion| {
            if self.microversions { version.to_string() } else { String::new() }
        };
        json!({
            "id": self.id,
            "status": self.status,
            "version": number(MAXIMUM),
            "min_version": number(MINIMUM),
            "updated": self.updated,
            "links": [{"rel": "self", "href": base.join(self.path)}],
        })
    }

    fn document(&self, base: &BaseUrl) -> Value {
        let mut body = self.body(base);
        body["links"] = json!([
            {"rel": "self", "href": base.join(self.path)},
            {"rel": "describedby", "type": "text/html", "href": DOCS},
        ]);
        let media = format!("application/vnd.openstack.compute+json;version={}", self.media);
        body["media-types"] = json!([{"base": "application/json", "type": media}]);
        json!({ "version": body })
    }
}

/// `GET /`
pub(crate) async fn list(base: BaseUrl) -> Response {
    let body = json!({"versions": [V2_0.body(&base), V2_1.body(&base)]});
    (StatusCode::OK, Json(body)).into_response()
}

/// `GET /v2.1`
pub(crate) async fn current(base: BaseUrl) -> Json<Value> {
    Json(V2_1.document(&base))
}

/// `GET /v2`
pub(crate) async fn old(base: BaseUrl) -> Json<Value> {
    Json(V2_0.document(&base))
}
