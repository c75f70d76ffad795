//! The pages of consoles: files of our own, without anything from elsewhere.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

use crate::Compute;

/// Nothing but these files and the socket beside them. A dashboard may frame them.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'";

macro_rules! pages {
    ($($name:literal $kind:literal;)*) => {
        /// The routes of all of them.
        pub(super) fn all() -> Router<Compute> {
            Router::new()$(.route(
                concat!("/console/", $name),
                get(async || page($kind, include_str!(concat!("../../../data/console/", $name)))),
            ))*
        }
    };
}

pages! {
    "vnc.html" "text/html; charset=utf-8";
    "vnc.js" "text/javascript; charset=utf-8";
    "rfb.js" "text/javascript; charset=utf-8";
    "keys.js" "text/javascript; charset=utf-8";
    "serial.html" "text/html; charset=utf-8";
    "serial.js" "text/javascript; charset=utf-8";
    "console.css" "text/css; charset=utf-8";
}

/// The address of a page holds a token: it is told to nobody and kept nowhere.
fn page(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}
