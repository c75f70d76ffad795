//! Out of descriptors: accepting waits and goes on when there are some again. Alone in its process, whose limit it lowers.

use std::fs::File;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use kogge_http::server::{Limits, serve};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn accepting_goes_on_when_there_are_descriptors_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let router = Router::new().route("/", get(|| async { "hello" }));
    let serving = tokio::spawn(serve(listener, router, Limits::default(), stop.clone()));
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 64, hard).unwrap();
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    files.pop();
    // the last descriptor is the client's: the kernel connects it, and nobody can accept it
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut came = Vec::new();
    let early = tokio::time::timeout(Duration::from_millis(300), client.read_to_end(&mut came)).await;
    assert!(early.is_err(), "there is no descriptor for the other end");
    drop(files);
    tokio::time::timeout(Duration::from_secs(60), client.read_to_end(&mut came)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&came).ends_with("hello"));
    stop.cancel();
    serving.await.unwrap().unwrap();
}
