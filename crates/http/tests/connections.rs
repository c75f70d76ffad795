//! Connections that do nothing, too many of them, and the end of the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use futures_util::StreamExt;
use kogge_auth::Policies;
use kogge_auth::testing::Personas;
use kogge_http::server::{Limits, serve};
use kogge_http::{Access, FaultStyle, FrontDoor, Json, Routes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest wait for what must happen. Nothing takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(60);

fn hasty() -> Limits {
    Limits {
        first_request: Duration::from_millis(300),
        idle: Duration::from_millis(300),
        body_part: Duration::from_millis(300),
        json_body: Duration::from_millis(900),
        answer_part: Duration::from_millis(300),
        ..Limits::default()
    }
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(router: Router, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let serving = tokio::spawn(serve(listener, router, limits, stop.clone()));
        Self { address, stop, serving }
    }

    async fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.serving).await.unwrap().unwrap().unwrap();
    }
}

fn router() -> Router {
    let json = post(|Json(body): Json<serde_json::Value>| async move { body.to_string() });
    Router::new().route("/", get(|| async { "hello" })).route("/json", json)
}

/// What comes until the server ends the connection.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut came = Vec::new();
    // a reset is an end too
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut came)).await.expect("the connection ends");
    String::from_utf8_lossy(&came).into_owned()
}

#[tokio::test]
async fn connections_that_do_nothing_end() {
    let server = Server::start(router(), hasty()).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
    for bytes in [b"".as_slice(), b"PRI * HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A", preface] {
        let mut stream = server.connect(bytes).await;
        to_the_end(&mut stream).await;
    }
    let mut kept = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(to_the_end(&mut kept).await.ends_with("hello"), "answered, then idle");
    server.end().await;
}

#[tokio::test]
async fn headers_that_drip_end() {
    let server = Server::start(router(), hasty()).await;
    let (mut read, mut write) = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ").await.into_split();
    let dripping = async {
        while write.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let reading = async { read.read_to_end(&mut Vec::new()).await };
    let _ = tokio::time::timeout(PATIENCE, async { tokio::join!(dripping, reading) }).await.expect("it ends");
    server.end().await;
}

#[tokio::test]
async fn bodies_that_stall_or_drip_end_with_408() {
    let server = Server::start(router(), hasty()).await;
    let head = b"POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{";
    let mut stalled = server.connect(head).await;
    assert!(to_the_end(&mut stalled).await.starts_with("HTTP/1.1 408"));
    let (mut read, mut write) = server.connect(head).await.into_split();
    let dripping = async {
        while write.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let reading = async {
        let mut came = [0; 12];
        read.read_exact(&mut came).await.unwrap();
        drop(read);
        came
    };
    let reading = tokio::time::timeout(PATIENCE, async { tokio::join!(dripping, reading) }).await;
    assert_eq!(&reading.expect("it ends").1, b"HTTP/1.1 408");
    server.end().await;
}

/// Tells when it is dropped.
struct Told(Arc<Notify>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn answers_that_nobody_takes_end() {
    let dropped = Arc::new(Notify::new());
    let told = Arc::clone(&dropped);
    let endless = get(move || async move {
        let told = Told(told);
        let part = Bytes::from(vec![0; 64 * 1024]);
        let parts = futures_util::stream::repeat(part).map(move |part| {
            let _ = &told;
            Ok::<_, std::io::Error>(part)
        });
        Body::from_stream(parts)
    });
    let server = Server::start(Router::new().route("/", endless), hasty()).await;
    let _stream = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    tokio::time::timeout(PATIENCE, dropped.notified()).await.expect("the answer is given up");
    server.end().await;
}

#[tokio::test]
async fn a_slow_handler_is_waited_for_and_its_answer_comes() {
    let slow = get(|| async {
        // longer than every patience of the server
        tokio::time::sleep(Duration::from_millis(1500)).await;
        "late"
    });
    let server = Server::start(Router::new().route("/", slow), hasty()).await;
    let mut stream = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(to_the_end(&mut stream).await.ends_with("late"));
    server.end().await;
}

#[tokio::test]
async fn the_next_connection_waits_until_there_is_room() {
    let server = Server::start(router(), Limits { connections: 1, ..Limits::default() }).await;
    let mut first = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut came = [0; 8];
    first.read_exact(&mut came).await.unwrap();
    let mut second = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let early = tokio::time::timeout(Duration::from_millis(200), second.read_exact(&mut came)).await;
    assert!(early.is_err(), "there is no room yet");
    drop(first);
    assert!(to_the_end(&mut second).await.ends_with("hello"));
    server.end().await;
}

#[tokio::test]
async fn addresses_and_queries_are_bounded() {
    let door = FrontDoor {
        service: "network",
        mount: "",
        style: FaultStyle::Network,
        versions: None,
        tokens: Arc::new(Personas(Arc::new(Policies::compile(&[]).unwrap()))),
    };
    let routes = Routes::new().get("/", Access::Public, || async { "hello" }).into_router(());
    let server = Server::start(door.guard(routes), Limits::default()).await;
    for (query, status) in [
        ("a=b".to_owned(), "200"),
        ("a".repeat(17_000), "414"),
        ("a&".repeat(1500), "400"),
        ("a&".repeat(500), "200"),
    ] {
        let request = format!("GET /?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let mut stream = server.connect(request.as_bytes()).await;
        let came = to_the_end(&mut stream).await;
        assert_eq!(&came[9..12], status, "{} bytes", query.len());
    }
    server.end().await;
}

#[tokio::test]
async fn the_end_waits_for_handlers_whose_clients_have_gone() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let handler = {
        let (begun, go, done) = (Arc::clone(&begun), Arc::clone(&go), Arc::clone(&done));
        move || async move {
            begun.notify_one();
            go.notified().await;
            done.store(true, std::sync::atomic::Ordering::SeqCst);
            "done"
        }
    };
    let door = FrontDoor {
        service: "network",
        mount: "",
        style: FaultStyle::Network,
        versions: None,
        tokens: Arc::new(Personas(Arc::new(Policies::compile(&[]).unwrap()))),
    };
    let routes = Routes::new().get("/", Access::Public, handler).into_router(());
    let server = Server::start(door.guard(routes), Limits::default()).await;
    let stream = server.connect(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    begun.notified().await;
    drop(stream);
    server.stop.cancel();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!server.serving.is_finished(), "the handler is still at work");
    go.notify_one();
    server.end().await;
    assert!(done.load(std::sync::atomic::Ordering::SeqCst));
}
