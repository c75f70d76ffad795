//! A monitor that takes, refuses, is busy, hangs up, and lies.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::*;

const SIGNATURE: &str = "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n";
const REPORT: &str = "---\nspec:\n  uuid: s\nsubject: mine\nrun:\n  uuid: r-1\n";

type Script = Vec<(u16, Option<&'static str>, &'static str)>;

#[derive(Clone, Default)]
struct Monitor {
    script: Arc<Mutex<Script>>,
    stored: Option<&'static str>,
    seen: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

async fn take(State(monitor): State<Monitor>, headers: HeaderMap, body: String) -> Response {
    monitor.seen.lock().unwrap().push((headers, body));
    let (status, after, text) = monitor.script.lock().unwrap().remove(0);
    let mut answer = (StatusCode::from_u16(status).unwrap(), text).into_response();
    if let Some(after) = after {
        answer.headers_mut().insert("retry-after", after.parse().unwrap());
        answer.headers_mut().insert("location", after.parse().unwrap_or(http::HeaderValue::from_static("x")));
    }
    answer
}

async fn show(State(monitor): State<Monitor>, Path(id): Path<String>) -> Response {
    match monitor.stored {
        Some(text) if id == "r-1" => text.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn account() -> Account {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "bWluZTpnZWhlaW0=").unwrap();
    Account::find(Some(file.path())).unwrap()
}

async fn delivered(script: Script, stored: Option<&'static str>) -> (Result<Answered, String>, Monitor) {
    let monitor = Monitor { script: Arc::new(Mutex::new(script)), stored, ..Monitor::default() };
    let routes = Router::new()
        .route("/reports", post(take))
        .route("/reports/{id}", get(show))
        .with_state(monitor.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}/reports", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (send(&Url::parse(&place).unwrap(), &account(), SIGNATURE, REPORT).await, monitor)
}

#[tokio::test]
async fn the_request_is_that_of_upstreams_runner() {
    let (answered, monitor) = delivered(vec![(200, None, "null")], None).await;
    assert_eq!(answered, Ok(Answered::Taken));
    let seen = monitor.seen.lock().unwrap();
    let (headers, body) = &seen[0];
    assert_eq!(headers["content-type"], "application/x-signed-yaml");
    assert_eq!(headers["authorization"], "Basic bWluZTpnZWhlaW0=");
    assert_eq!(*body, format!("{SIGNATURE}&{REPORT}"));
}

#[tokio::test]
async fn a_busy_monitor_is_asked_again() {
    for status in [429, 503] {
        let (answered, monitor) = delivered(vec![(status, Some("0"), ""), (200, None, "null")], None).await;
        assert_eq!(answered, Ok(Answered::Taken));
        assert_eq!(monitor.seen.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_monitor_that_stays_busy_ends_the_tries() {
    let (answered, monitor) = delivered(vec![(503, Some("0"), ""); 10], None).await;
    assert!(answered.unwrap_err().contains("after 4 tries"));
    assert_eq!(monitor.seen.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_refusal_is_final_and_says_why() {
    for (status, text, reason) in [
        (401, r#"{"detail": "verification failed"}"#, "verification failed"),
        (415, r#"{"detail": "Unsupported Media Type\u001b[2J"}"#, "Unsupported Media Type"),
        (500, "<html>", "500"),
        (302, "", "elsewhere"),
    ] {
        let script = vec![(status, (status == 302).then_some("https://elsewhere.example"), text)];
        let (answered, monitor) = delivered(script, None).await;
        let error = answered.unwrap_err();
        assert!(error.contains(reason) && !error.contains('\u{1b}'), "{error}");
        assert!(!error.contains("geheim") && !error.contains("bWluZTpnZWhlaW0"), "{error}");
        assert_eq!(monitor.seen.lock().unwrap().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_monitor_cannot_put_us_to_sleep() {
    let (answered, monitor) = delivered(vec![(503, Some("86400"), "")], None).await;
    assert!(answered.unwrap_err().contains("503"));
    assert_eq!(monitor.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_taken_is_no_success() {
    let (answered, _) = delivered(vec![(200, None, r#"{"detail": "empty reports"}"#)], None).await;
    assert!(answered.unwrap_err().contains("no report"));
}

#[tokio::test]
async fn a_report_that_is_there_already_is_enough_and_another_of_its_id_is_not() {
    let same = r#"{"spec": {"uuid": "s"}, "subject": "mine", "run": {"uuid": "r-1"}, "checked_at": "x"}"#;
    assert_eq!(delivered(vec![(409, None, "")], Some(same)).await.0, Ok(Answered::KnownAlready));
    let other = r#"{"spec": {"uuid": "s"}, "subject": "theirs", "run": {"uuid": "r-1"}}"#;
    assert!(delivered(vec![(409, None, "")], Some(other)).await.0.unwrap_err().contains("another report"));
    assert!(delivered(vec![(409, None, "")], None).await.0.unwrap_err().contains("404"));
}

#[tokio::test]
async fn a_dead_place_is_tried_again_and_then_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}/reports", listener.local_addr().unwrap());
    drop(listener);
    let error = send(&Url::parse(&place).unwrap(), &account(), SIGNATURE, REPORT).await.unwrap_err();
    assert!(error.contains("after 4 tries"), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_by_a_fault_is_asked_for_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}/reports", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        // the first connection is closed without an answer
        drop(listener.accept().await.unwrap());
        let routes = Router::new().route("/reports", post(|| async { "null" }));
        axum::serve(listener, routes).await
    });
    let answered = send(&Url::parse(&place).unwrap(), &account(), SIGNATURE, REPORT).await;
    assert_eq!(answered, Ok(Answered::Taken));
    server.abort();
}
