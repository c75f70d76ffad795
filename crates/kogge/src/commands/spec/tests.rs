//! A server that misbehaves in every way ends in an error in bounded time.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Redirect;
use axum::routing::get;
use futures_util::stream;

use super::*;

const SCOPE: &str = "uuid: 50393e6f-2ae1-4c5c-a62c-3b75f2abef3f\nname: SCS-compatible IaaS\nurl: https://x.example\nversions: []\nmodules: []\ntimeline: []\n";

async fn server() -> String {
    let endless = || async {
        let piece = Ok::<_, std::convert::Infallible>(Bytes::from(vec![b'#'; 64 << 10]));
        Body::from_stream(stream::repeat(piece))
    };
    let routes = Router::new()
        .route("/scope", get(|| async { SCOPE }))
        .route("/moved", get(|| async { Redirect::temporary("/scope") }))
        .route("/circle", get(|| async { Redirect::temporary("/circle") }))
        .route("/bytes", get(|| async { vec![0xff_u8, 0xfe] }))
        .route("/page", get(|| async { "<html>no scope</html>" }))
        .route("/endless", get(endless));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_scope_is_read_from_the_web_also_after_a_redirect() {
    let root = server().await;
    for path in ["/scope", "/moved"] {
        assert_eq!(read(&format!("{root}{path}")).await.unwrap().name, "SCS-compatible IaaS");
    }
}

#[tokio::test]
async fn what_is_no_scope_is_an_error_with_its_reason() {
    let root = server().await;
    for (path, reason) in [
        ("/none", "404"),
        ("/circle", "redirect"),
        ("/bytes", "UTF-8"),
        ("/page", "scope file"),
        ("/endless", "more than 1048576 bytes"),
    ] {
        let error = read(&format!("{root}{path}")).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{path}: {error}");
    }
}

#[tokio::test]
async fn only_the_web_and_files_are_read() {
    for place in ["ftp://x.example/scope", "file:///etc/passwd"] {
        let error = read(place).await.unwrap_err();
        assert!(matches!(&error, Failure::Usage(text) if text.contains("only https and http")), "{error}");
    }
    assert!(matches!(read("/nonexistent").await, Err(Failure::Usage(_))));
}

#[tokio::test]
async fn a_password_in_an_address_is_not_repeated() {
    let error = read("http://bob:geheim@127.0.0.1:1/scope").await.unwrap_err().to_string();
    assert!(!error.contains("geheim"), "{error}");
}
