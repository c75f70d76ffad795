//! Requests through the front door: whatever comes, the answer is the service's own fault or an honest success.
//!
//! The first line of the input is the query, the second the microversion, the third the content type, the fourth the path's
//! last part, the rest is the body; the first byte of all chooses method and fault style.

#![no_main]

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use kogge_auth::Policies;
use kogge_auth::testing::Personas;
use kogge_db::SortKey;
use kogge_http::{
    Access, ApiError, FaultStyle, FrontDoor, Json, OptionalJson, PageRules, Pairs, Patch, Path, Routes,
    Versions, mv, next_query, page,
};
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt as _;

const PAGES: PageRules = PageRules {
    max_limit: Some(1000),
    default_limit: None,
    sort_keys: &[SortKey { name: "name", expression: "name" }, SortKey { name: "size", expression: "size" }],
    strict_sort: true,
};
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
const STYLES: [FaultStyle; 5] = [
    FaultStyle::Compute,
    FaultStyle::Network,
    FaultStyle::Identity,
    FaultStyle::Image,
    FaultStyle::Placement,
];

/// A body with the shapes that services use.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    size: Option<u32>,
    ratio: Option<f64>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    inner: std::collections::BTreeMap<String, Value>,
}

/// A body in which absence differs from null.
#[derive(Debug, Deserialize)]
struct Change {
    #[serde(default)]
    name: Patch<String>,
    #[serde(default)]
    size: Patch<u32>,
}

async fn list(pairs: Pairs) -> Result<Json<Value>, ApiError> {
    let found = page(&pairs, &PAGES)?;
    let next = next_query(&pairs, "a marker & more");
    assert!(Pairs::parse(&next).all("marker").eq(["a marker & more"]));
    Ok(Json(Value::from(found.limit)))
}

async fn create(Json(thing): Json<Thing>) -> (StatusCode, Json<Thing>) {
    (StatusCode::CREATED, Json(thing))
}

async fn replace(Path(id): Path<u32>, OptionalJson(body): OptionalJson<Value>) -> Json<Value> {
    Json(body.unwrap_or_else(|| id.into()))
}

async fn change(Path(_): Path<String>, Json(change): Json<Change>) -> Json<Value> {
    let name = change.name.apply(Some("old".to_owned()));
    Json(serde_json::json!([name, change.size.set()]))
}

fn router(style: FaultStyle) -> Router {
    let routes: Routes<()> = Routes::new()
        .get("/things", Access::Public, list)
        .post("/things", Access::Public, create)
        .put("/things/{id}", Access::Public, replace)
        .patch("/things/{id}", Access::Public, change);
    let versions = Versions {
        service: "compute",
        legacy_header: Some("x-openstack-nova-api-version"),
        min: mv(2, 1),
        max: mv(2, 100),
    };
    let tokens = Arc::new(Personas(Arc::new(Policies::default())));
    FrontDoor { service: "compute", mount: "/compute", style, versions: Some(versions), tokens }
        .guard(routes.into_router(()))
}

static ROUTERS: LazyLock<Vec<Router>> = LazyLock::new(|| STYLES.map(router).to_vec());

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let choice = usize::from(*choice);
    let method = METHODS[choice % METHODS.len()].clone();
    let style = choice / METHODS.len() % STYLES.len();
    let mut parts = rest.splitn(5, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (query, version, kind, id, body) = (next(), next(), next(), next(), next());
    let path = match (method == Method::POST || method == Method::GET, std::str::from_utf8(id)) {
        (false, Ok(id)) => format!("/things/{id}"),
        _ => "/things".to_owned(),
    };
    let uri = format!("{path}?{}", String::from_utf8_lossy(query));
    let mut request = Request::builder().method(method).uri(uri);
    if !version.is_empty() {
        request = request.header("openstack-api-version", version).header("x-forwarded-host", version);
    }
    if !kind.is_empty() {
        request = request.header(header::CONTENT_TYPE, kind).header("x-auth-token", kind);
    }
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    RUNTIME.with(|runtime| runtime.block_on(judge(STYLES[style], ROUTERS[style].clone(), request)));
});

async fn judge(style: FaultStyle, router: Router, request: Request<Body>) {
    let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
    let status = response.status();
    assert!(!status.is_server_error(), "{status}");
    assert!(response.headers().contains_key("x-openstack-request-id"));
    let body = response.into_body().collect().await.expect("a whole body").to_bytes();
    if status.is_success() || style == FaultStyle::Image {
        assert!(!body.is_empty());
        return;
    }
    let fault: Value = serde_json::from_slice(&body).expect("a fault is JSON");
    assert!(fault.as_object().is_some_and(|fault| fault.len() == 1), "{fault}");
}
