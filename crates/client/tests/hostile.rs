//! Answers of a cloud that is broken or means harm: always an error that names the call, never a hang.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "double/cloud.rs"]
mod double;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use double::{Double, echo};
use futures_util::stream;
use kogge_client::{Error, Method};
use serde_json::{Value, json};

fn compute(route: axum::routing::MethodRouter) -> Router {
    Router::new().route("/compute/v2.1/x", route)
}

#[tokio::test]
async fn an_answer_that_drips_is_cut_at_the_deadline() {
    let drip = get(|| async {
        let pieces = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, Infallible>("x"), ()))
        });
        Body::from_stream(pieces)
    });
    let client = Double::start(compute(drip)).await.client();
    let started = Instant::now();
    let call = client.call(Method::GET, "compute", "x").deadline(Duration::from_millis(300));
    let error = call.send().await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error}");
    assert!(error.to_string().contains("/compute/v2.1/x (compute)"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn silence_is_cut_at_the_deadline() {
    let client = Double::start(compute(get(std::future::pending::<()>))).await.client();
    let call = client.call(Method::GET, "compute", "x").deadline(Duration::from_millis(200));
    assert!(matches!(call.send().await, Err(Error::Deadline { .. })));
}

#[tokio::test]
async fn an_endless_body_is_cut_at_its_limit() {
    let flood =
        get(|| async { Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 65536]))) });
    let cloud = Double::start(compute(flood)).await;
    let client = cloud.client_with(|options| options.limits.body_bytes = 1_000_000);
    let error = client.get("compute", "x").await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 1_000_000, .. }), "{error}");
}

#[tokio::test]
async fn a_redirect_to_elsewhere_is_refused_and_the_token_stays_here() {
    let stolen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&stolen);
    let thief = Double::start(Router::new().route(
        "/take",
        any(move || {
            count.fetch_add(1, Ordering::SeqCst);
            async { "thanks" }
        }),
    ))
    .await;
    let target = format!("{}/take", thief.base);
    let client =
        Double::start(compute(get(move || async move { Redirect::temporary(&target) }))).await.client();
    let error = client.get("compute", "x").await.unwrap_err();
    assert!(matches!(error, Error::Redirected { .. }), "{error}");
    assert!(error.to_string().contains(&thief.base), "{error}");
    assert_eq!(stolen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_inside_is_followed_but_not_for_ever() {
    let app = compute(get(|| async { Redirect::permanent("/compute/v2.1/y") }))
        .route("/compute/v2.1/y", any(echo))
        .route("/compute/v2.1/loop", get(|| async { Redirect::permanent("/compute/v2.1/loop") }));
    let client = Double::start(app).await.client();
    assert_eq!(client.get("compute", "x").await.unwrap().status, 200);
    assert!(client.get("compute", "loop").await.unwrap_err().to_string().contains("redirects"));
}

#[tokio::test]
async fn a_catalogue_that_points_at_the_metadata_service_is_refused() {
    let catalog = |_: &str| json!([{"type": "compute", "endpoints": [{"interface": "public", "url": "http://169.254.169.254/latest"}]}]);
    let error =
        Double::with_catalog(Router::new(), catalog).await.client().get("compute", "x").await.unwrap_err();
    assert!(matches!(error, Error::RefusedEndpoint { .. }), "{error}");
}

#[tokio::test]
async fn a_catalogue_with_nonsense_is_refused() {
    for url in ["", "file:///etc/passwd", "javascript:alert(1)", "http://", "not an address"] {
        let catalog =
            |_: &str| json!([{"type": "compute", "endpoints": [{"interface": "public", "url": url}]}]);
        let error = Double::with_catalog(Router::new(), catalog)
            .await
            .client()
            .get("compute", "x")
            .await
            .unwrap_err();
        assert!(matches!(error, Error::RefusedEndpoint { .. }), "{url}: {error}");
    }
}

fn pages(respond: impl Fn(usize) -> Value + Clone + Send + Sync + 'static) -> Router {
    let asked = Arc::new(AtomicUsize::new(0));
    Router::new().route(
        "/compute/v2.1/flavors",
        get(move || {
            let body = respond(asked.fetch_add(1, Ordering::SeqCst));
            async move { Json(body) }
        }),
    )
}

fn page(items: Value, next: &str) -> Value {
    json!({"flavors": items, "flavors_links": [{"rel": "next", "href": next}]})
}

#[tokio::test]
async fn pages_that_run_in_a_circle_are_an_error() {
    let client = Double::start(pages(|n| page(json!([n]), &format!("?marker={}", n % 3)))).await.client();
    let error = client.list("compute", "flavors", "flavors").collect::<Value>().await.unwrap_err();
    assert!(matches!(error, Error::Pages { .. }), "{error}");
    assert!(error.to_string().contains("circle"), "{error}");
}

#[tokio::test]
async fn endless_pages_are_an_error() {
    let cloud = Double::start(pages(|n| page(json!([n]), &format!("?marker={n}")))).await;
    let client = cloud.client_with(|options| options.limits.pages = 20);
    let error = client.list("compute", "flavors", "flavors").collect::<Value>().await.unwrap_err();
    assert!(error.to_string().contains("more than 20 pages"), "{error}");
}

#[tokio::test]
async fn too_many_items_are_an_error() {
    let cloud = Double::start(pages(|n| page(json!([1, 2, 3, 4, 5]), &format!("?marker={n}")))).await;
    let client = cloud.client_with(|options| options.limits.items = 12);
    let error = client.list("compute", "flavors", "flavors").collect::<Value>().await.unwrap_err();
    assert!(error.to_string().contains("more than 12 items"), "{error}");
}

#[tokio::test]
async fn a_next_link_to_another_host_stays_here() {
    let respond =
        |n| if n == 0 { page(json!([0]), "http://evil.invalid/x?marker=0") } else { json!({"flavors": [1]}) };
    let client = Double::start(pages(respond)).await.client();
    assert_eq!(client.list("compute", "flavors", "flavors").collect::<u32>().await.unwrap(), [0, 1]);
}

#[tokio::test]
async fn an_empty_page_ends_the_list() {
    let client = Double::start(pages(|n| page(json!([]), &format!("?marker={n}")))).await.client();
    assert!(client.list("compute", "flavors", "flavors").collect::<Value>().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_page_of_another_shape_names_the_call() {
    for body in [
        json!([]),
        json!({"flavors": {}}),
        json!({"flavours": []}),
        json!(null),
        json!({"flavors": ["text"]}),
    ] {
        let shown = body.clone();
        let client = Double::start(pages(move |_| body.clone())).await.client();
        let error = client.list("compute", "flavors", "flavors").collect::<u32>().await.unwrap_err();
        assert!(matches!(error, Error::Shape { .. }), "{shown}: {error}");
        assert!(error.to_string().contains("/compute/v2.1/flavors"), "{error}");
    }
}

#[tokio::test]
async fn a_list_that_is_refused_says_why() {
    let route =
        get(|| async { (StatusCode::FORBIDDEN, Json(json!({"forbidden": {"message": "not yours"}}))) });
    let client = Double::start(Router::new().route("/compute/v2.1/flavors", route)).await.client();
    let error = client.list("compute", "flavors", "flavors").collect::<Value>().await.unwrap_err();
    assert!(error.to_string().contains("403: not yours"), "{error}");
}

fn busy_then_fine(count: Arc<AtomicUsize>) -> axum::routing::MethodRouter {
    any(move || {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if number == 0 {
                (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")]).into_response()
            } else {
                "ok".into_response()
            }
        }
    })
}

#[tokio::test]
async fn a_busy_cloud_is_asked_again_when_reading_only() {
    let count = Arc::new(AtomicUsize::new(0));
    let client = Double::start(compute(busy_then_fine(count.clone()))).await.client();
    assert_eq!(client.get("compute", "x").await.unwrap().status, 200);
    let count = Arc::new(AtomicUsize::new(0));
    let client = Double::start(compute(busy_then_fine(count.clone()))).await.client();
    let answer = client.request(Method::POST, "compute", "x", None, Some(&json!({}))).await.unwrap();
    assert_eq!((answer.status.as_u16(), count.load(Ordering::SeqCst)), (503, 1));
}

#[tokio::test]
async fn a_cloud_that_is_always_busy_gets_its_answer_shown() {
    let route = get(|| async { (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")]) });
    assert_eq!(Double::start(compute(route)).await.client().get("compute", "x").await.unwrap().status, 429);
}

#[tokio::test]
async fn a_dead_address_names_the_call_and_the_reason() {
    let catalog = |_: &str| json!([{"type": "compute", "endpoints": [{"interface": "public", "url": "http://127.0.0.1:1/v2.1"}]}]);
    let cloud = Double::with_catalog(Router::new(), catalog).await;
    let client = cloud.client_with(|options| options.limits.retries = 0);
    let text = client.get("compute", "x").await.unwrap_err().to_string();
    assert!(text.contains("http://127.0.0.1:1/v2.1/x") && text.to_lowercase().contains("refused"), "{text}");
}

async fn sign_in_error(route: axum::routing::MethodRouter) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/identity/v3/auth/tokens", route);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let double = Double { base, sign_ins: Arc::default() };
    double.client().token().await.unwrap_err().to_string()
}

#[tokio::test]
async fn every_broken_sign_in_is_explained_without_the_password() {
    let fine = double::token_body(&json!([]), "2099-01-01T00:00:00Z");
    let bad_time = double::token_body(&json!([]), "soon");
    let wrong_catalog = double::token_body(&json!({"compute": 1}), "2099-01-01T00:00:00Z");
    for (status, header, body, expected) in [
        (401, false, json!({"error": {"message": "no entry"}}), "401: no entry"),
        (201, false, fine, "X-Subject-Token"),
        (201, true, bad_time, "expires_at"),
        (201, true, wrong_catalog, "cannot be used"),
        (201, true, json!({}), "cannot be used"),
        (500, true, json!("geheim?"), "500"),
    ] {
        let route = post(move || async move {
            let status = StatusCode::from_u16(status).unwrap();
            if header {
                (status, [("x-subject-token", "t")], Json(body)).into_response()
            } else {
                (status, Json(body)).into_response()
            }
        });
        let text = sign_in_error(route).await;
        assert!(text.contains(expected) && text.contains("/identity/v3/auth/tokens"), "{expected}: {text}");
    }
}
