//! Calls against a double: where they go, what they carry, how tokens are kept.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "double/cloud.rs"]
mod double;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get};
use axum::{Json, Router};
use double::{Double, echo, token_of};
use kogge_client::{Exchange, Method, Recorder};
use serde_json::{Value, json};

#[tokio::test]
async fn a_call_goes_below_the_endpoint_with_token_and_microversion() {
    let cloud = Double::start(Router::new().route("/compute/v2.1/flavors/detail", any(echo))).await;
    let answer = cloud
        .client()
        .call(Method::GET, "compute", "/flavors/detail")
        .query("is_public", "None")
        .microversion("2.61")
        .send()
        .await
        .unwrap();
    let seen: Value = answer.json().unwrap();
    assert_eq!(seen["path"], "/compute/v2.1/flavors/detail?is_public=None");
    assert_eq!(seen["headers"]["x-auth-token"], "geheim-0");
    assert_eq!(seen["headers"]["openstack-api-version"], "compute 2.61");
    assert_eq!(seen["headers"]["x-openstack-nova-api-version"], "2.61");
}

#[tokio::test]
async fn an_alias_and_a_project_in_the_endpoint_work() {
    let cloud = Double::start(Router::new().route("/volume/v3/p1/types", any(echo))).await;
    let seen: Value = cloud.client().get("block-storage", "types").await.unwrap().json().unwrap();
    assert_eq!(seen["path"], "/volume/v3/p1/types");
}

#[tokio::test]
async fn an_endpoint_without_version_is_asked_for_its_versions_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let versions = get(move || {
        count.fetch_add(1, Ordering::SeqCst);
        let link = json!([{"rel": "self", "href": "http://internal.invalid:9292/v2/"}]);
        async move {
            (
                StatusCode::MULTIPLE_CHOICES,
                Json(json!({"versions": [{"id": "v2.9", "links": link}, {"id": "v1.0", "links": []}]})),
            )
        }
    });
    let app = Router::new().route("/image/", versions).route("/image/v2/images", any(echo));
    let client = Double::start(app).await.client();
    for _ in 0..2 {
        assert_eq!(client.get("image", "images").await.unwrap().status, 200);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_a_version_document_the_usual_version_is_used() {
    let cloud = Double::start(Router::new().route("/image/v2/images", any(echo))).await;
    assert_eq!(cloud.client().get("image", "images").await.unwrap().status, 200);
}

#[tokio::test]
async fn many_callers_share_one_sign_in() {
    let cloud = Double::start(Router::new().route("/compute/v2.1/x", any(echo))).await;
    let client = cloud.client();
    let calls = (0..8).map(|_| client.get("compute", "x"));
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(cloud.sign_ins.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let route = get(|headers: HeaderMap| async move {
        if token_of(&headers) == "geheim-0" { StatusCode::UNAUTHORIZED } else { StatusCode::OK }
    });
    let cloud = Double::start(Router::new().route("/compute/v2.1/x", route)).await;
    assert_eq!(cloud.client().get("compute", "x").await.unwrap().status, 200);
    assert_eq!(cloud.sign_ins.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_cloud_that_refuses_every_token_is_not_asked_for_ever() {
    let cloud =
        Double::start(Router::new().route("/compute/v2.1/x", get(|| async { StatusCode::UNAUTHORIZED })))
            .await;
    assert_eq!(cloud.client().get("compute", "x").await.unwrap().status, 401);
    assert_eq!(cloud.sign_ins.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_unknown_service_names_what_there_is() {
    let text = Double::start(Router::new()).await.client().get("dns", "zones").await.unwrap_err().to_string();
    assert!(text.contains("dns") && text.contains("compute, identity, image, volumev3"), "{text}");
}

#[tokio::test]
async fn an_override_replaces_the_catalogue() {
    let cloud = Double::start(Router::new().route("/elsewhere/v2.1/x", any(echo))).await;
    let mut config = cloud.config();
    config
        .endpoint_overrides
        .insert("compute".into(), format!("{}/elsewhere/v2.1", cloud.base).parse().unwrap());
    let client = kogge_client::Client::new(config).unwrap();
    assert_eq!(client.get("compute", "x").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_path_cannot_climb_out_of_its_service() {
    let client = Double::start(Router::new()).await.client();
    for path in ["flavors/../../identity", "flavors/%2E%2e/x", "."] {
        assert!(client.get("compute", path).await.is_err(), "{path}");
    }
}

#[derive(Default)]
struct Tape(Mutex<Vec<Exchange>>);

impl Recorder for Tape {
    fn record(&self, exchange: Exchange) {
        self.0.lock().unwrap().push(exchange);
    }
}

#[tokio::test]
async fn a_recording_holds_every_exchange_and_no_secret() {
    let cloud = Double::start(Router::new().route("/compute/v2.1/x", any(echo))).await;
    let tape = Arc::new(Tape::default());
    let client = cloud.client_with(|options| options.recorder = Some(tape.clone()));
    client.request(Method::POST, "compute", "x", None, Some(&json!({"password": "geheim"}))).await.unwrap();
    let seen = tape.0.lock().unwrap();
    assert_eq!(seen.iter().map(|e| e.method.as_str()).collect::<Vec<_>>(), ["POST", "POST"]);
    for exchange in seen.iter() {
        let without_echo = Exchange { response_body: None, ..exchange.clone() };
        assert!(!format!("{without_echo:?}").contains("geheim"), "{without_echo:?}");
    }
}

#[tokio::test]
async fn debug_of_a_client_and_its_token_shows_no_secret() {
    let client = Double::start(Router::new()).await.client();
    let token = client.token().await.unwrap();
    assert!(!format!("{client:?} {token:?} {:?}", client.config()).contains("geheim"));
    assert_eq!(token.roles, ["member"]);
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_before_use() {
    let cloud = Double::start(Router::new().route("/compute/v2.1/x", any(echo))).await;
    let (clock, hand) = kogge_clock::Clock::fake("2098-12-31T23:00:00Z".parse().unwrap());
    let client = cloud.client_with(|options| options.clock = clock);
    client.get("compute", "x").await.unwrap();
    hand.advance(std::time::Duration::from_secs(3570));
    let seen: Value = client.get("compute", "x").await.unwrap().json().unwrap();
    assert_eq!(seen["headers"]["x-auth-token"], "geheim-1");
}
