//! One line in the log and one count in the metrics for every request.

use std::time::Duration;

use axum::extract::MatchedPath;
use axum::response::Response;
use http::Method;
use http::request::Parts;

use super::FrontDoor;
use crate::RequestId;

/// What is known of a request when it comes in. No query string, and no token in a path: they may be secret.
pub(super) struct Record {
    service: &'static str,
    method: Method,
    path: String,
    route: String,
    id: String,
}

impl Record {
    pub(super) fn of(door: &FrontDoor, parts: &Parts, id: &RequestId) -> Self {
        let route = parts.extensions.get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
        // whoever reads the log must not be able to use it
        let path = if route.contains("{token}") { route } else { parts.uri.path() };
        Self {
            service: door.service,
            method: parts.method.clone(),
            path: path.to_owned(),
            route: route.to_owned(),
            id: id.0.clone(),
        }
    }

    pub(super) fn finish(self, response: &Response, took: Duration) {
        let status = response.status().as_u16();
        tracing::info!(
            service = self.service,
            http.method = %self.method,
            http.path = %self.path,
            http.status = status,
            request.id = %self.id,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "request"
        );
        let labels = [
            ("service", self.service.to_owned()),
            ("method", method_label(&self.method).to_owned()),
            ("route", self.route),
            ("status", format!("{}xx", status / 100)),
        ];
        metrics::counter!("kogge_http_requests_total", &labels).increment(1);
        metrics::histogram!("kogge_http_request_seconds", &labels[..3]).record(took.as_secs_f64());
    }
}

/// A client can invent methods; labels must be few.
fn method_label(method: &Method) -> &str {
    match *method {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => {
            method.as_str()
        }
        _ => "other",
    }
}
