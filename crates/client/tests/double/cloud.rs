//! A cloud on port 0 whose answers each test writes itself.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use kogge_client::config::Selection;
use kogge_client::{Client, ClientOptions, CloudConfig, Environment, Limits};
use serde_json::{Value, json};

/// A running double.
pub struct Double {
    pub base: String,
    pub sign_ins: Arc<AtomicUsize>,
}

impl Double {
    /// Serves `router` below `/`, and tokens below `/identity`. The catalogue has every service at `/<type>/…`.
    pub async fn start(router: Router) -> Self {
        Self::with_catalog(router, |base| {
            let entry = |kind: &str, path: &str| json!({"type": kind, "name": kind, "endpoints": [{"interface": "public", "region": "north", "region_id": "north", "url": format!("{base}{path}")}]});
            json!([
                entry("compute", "/compute/v2.1"),
                entry("image", "/image"),
                entry("volumev3", "/volume/v3/p1"),
                entry("identity", "/identity"),
            ])
        })
        .await
    }

    pub async fn with_catalog(router: Router, catalog: impl FnOnce(&str) -> Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let catalog = catalog(&base);
        let sign_ins = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sign_ins);
        let tokens = post(move || {
            let number = count.fetch_add(1, Ordering::SeqCst);
            let body = token_body(&catalog, "2099-01-01T00:00:00.000000Z");
            async move { ([("x-subject-token", format!("geheim-{number}"))], Json(body)) }
        });
        let app = router.route("/identity/v3/auth/tokens", tokens);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { base, sign_ins }
    }

    pub fn client(&self) -> Client {
        self.client_with(|_| {})
    }

    pub fn client_with(&self, change: impl FnOnce(&mut ClientOptions)) -> Client {
        let limits = Limits { call: Duration::from_secs(5), ..Limits::default() };
        let mut options = ClientOptions { limits, ..ClientOptions::default() };
        change(&mut options);
        Client::with_options(self.config(), options).unwrap()
    }

    pub fn config(&self) -> CloudConfig {
        let url = format!("{}/identity", self.base);
        let env = Environment::new(
            [
                ("OS_AUTH_URL", url.as_str()),
                ("OS_USERNAME", "joe"),
                ("OS_PASSWORD", "geheim"),
                ("OS_PROJECT_NAME", "demo"),
                ("OS_USER_DOMAIN_NAME", "Default"),
                ("OS_PROJECT_DOMAIN_NAME", "Default"),
            ],
            "/nonexistent",
        );
        CloudConfig::load(&env, &Selection::default()).unwrap()
    }
}

pub fn token_body(catalog: &Value, expires_at: &str) -> Value {
    json!({"token": {
        "methods": ["password"], "expires_at": expires_at, "issued_at": "2026-01-01T00:00:00.000000Z",
        "user": {"id": "u1", "name": "joe", "domain": {"id": "default", "name": "Default"}},
        "project": {"id": "p1", "name": "demo", "domain": {"id": "default", "name": "Default"}},
        "roles": [{"id": "r1", "name": "member"}], "catalog": catalog}})
}

/// Whether the request carries the newest possible token.
pub fn token_of(headers: &HeaderMap) -> String {
    headers.get("x-auth-token").and_then(|v| v.to_str().ok()).unwrap_or("none").to_owned()
}

/// Answers with what arrived: method, path with query, headers.
pub async fn echo(request: Request) -> Response {
    let headers: Value = request
        .headers()
        .iter()
        .map(|(k, v)| (k.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .map(|(k, v)| (k, Value::String(v)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let path = request.uri().path_and_query().map(ToString::to_string);
    Json(json!({"method": request.method().as_str(), "path": path, "headers": headers})).into_response()
}
