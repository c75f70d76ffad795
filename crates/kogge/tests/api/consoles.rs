//! Consoles as browsers open them: pages, and bytes over a WebSocket.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderMap;
use kogge::test_cloud::{Session, TestCloud};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::scene;

type Socket = WebSocketStream<TcpStream>;

/// A cloud with a server that runs.
async fn server() -> (TestCloud, Session, String) {
    let cloud = crate::cloud().await;
    let demo = cloud.session("kogge").await;
    let made = demo.post("/compute/v2.1/servers", scene::server_body(&demo, "web").await).await;
    let id = made.id("server");
    scene::until_status(&cloud, &demo, &id, "ACTIVE").await;
    (cloud, demo.speaking("compute 2.99"), id)
}

async fn address(demo: &Session, id: &str, protocol: &str, kind: &str) -> String {
    let ask = json!({"remote_console": {"protocol": protocol, "type": kind}});
    let made = demo.post(&format!("/compute/v2.1/servers/{id}/remote-consoles"), ask).await;
    assert_eq!(made.status, 200, "{}", made.body);
    made.body["remote_console"]["url"].as_str().unwrap().to_owned()
}

/// The socket of a screen, from the address of its page.
fn socket_of(page: &str) -> String {
    let (host, query) = page.trim_start_matches("http://").split_once("/console/vnc.html?path=").unwrap();
    format!("ws://{host}/{}", query.replace("%2F", "/").replace("%3F", "?").replace("%3D", "="))
}

async fn open(address: &str, headers: &[(&'static str, &str)]) -> Result<(Socket, HeaderMap), u16> {
    let host = address.trim_start_matches("ws://").split('/').next().unwrap();
    let stream = TcpStream::connect(host).await.unwrap();
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "binary".parse().unwrap());
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match client_async(request, stream).await {
        Ok((socket, answer)) => Ok((socket, answer.headers().clone())),
        Err(Error::Http(answer)) => {
            assert!(
                answer.body().as_ref().is_none_or(Vec::is_empty),
                "clients take a body for the console's"
            );
            Err(answer.status().as_u16())
        }
        Err(error) => panic!("{error}"),
    }
}

/// Reads until `wanted` was said; all of it.
async fn says(socket: &mut Socket, wanted: &[u8]) -> Vec<u8> {
    let reading = async {
        let mut said = Vec::new();
        while !said.windows(wanted.len()).any(|part| part == wanted) {
            match socket.next().await.unwrap().unwrap() {
                Message::Binary(bytes) => said.extend_from_slice(&bytes),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
        said
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.unwrap()
}

#[tokio::test]
async fn a_serial_line_is_typed_at_and_ends_with_its_server() {
    let (cloud, demo, id) = server().await;
    let url = address(&demo, &id, "serial", "serial").await;
    let (mut socket, headers) = open(&url, &[]).await.unwrap();
    assert_eq!(headers["sec-websocket-protocol"], "binary");
    let said = says(&mut socket, b"login: ").await;
    assert!(said.starts_with(b"This console is simulated"), "{}", String::from_utf8_lossy(&said));
    socket.send(Message::Binary(b"root\r".to_vec().into())).await.unwrap();
    says(&mut socket, b"root\r\n").await;
    // the token is good for another one
    let (mut second, _) = open(&url, &[]).await.unwrap();
    says(&mut second, b"login: ").await;
    let (mut cookie, _) = open(
        url.split('?').next().unwrap(),
        &[("cookie", &format!("x=1; {}", url.split('?').nth(1).unwrap()))],
    )
    .await
    .unwrap();
    says(&mut cookie, b"login: ").await;
    demo.delete(&format!("/compute/v2.1/servers/{id}")).await;
    scene::until_status(&cloud, &demo, &id, "gone").await;
    let rest = async {
        while let Some(Ok(message)) = socket.next().await {
            assert!(matches!(message, Message::Close(_) | Message::Ping(_)), "{message:?}");
        }
    };
    tokio::time::timeout(Duration::from_secs(60), rest).await.unwrap();
    assert_eq!(open(&url, &[]).await.err(), Some(403));
}

#[tokio::test]
async fn a_screen_speaks_rfb() {
    let (_cloud, demo, id) = server().await;
    let url = address(&demo, &id, "vnc", "novnc").await;
    let (mut socket, _) = open(&socket_of(&url), &[]).await.unwrap();
    says(&mut socket, b"RFB 003.008\n").await;
    for (said, answer) in
        [(&b"RFB 003.008\n"[..], &[1, 1][..]), (&[1], &[0, 0, 0, 0]), (&[1], b"simulated guest")]
    {
        socket.send(Message::Binary(said.to_vec().into())).await.unwrap();
        says(&mut socket, answer).await;
    }
}

#[tokio::test]
async fn nobody_else_opens_a_console() {
    let (cloud, demo, id) = server().await;
    let url = address(&demo, &id, "serial", "serial").await;
    assert_eq!(open(&url.replace("token=", "token=bad"), &[]).await.err(), Some(403));
    assert_eq!(open(url.split('?').next().unwrap(), &[]).await.err(), Some(403));
    assert_eq!(open(&url, &[("origin", "http://evil.example")]).await.err(), Some(403));
    assert_eq!(
        open(&url, &[("origin", "https://127.0.0.1")]).await.err(),
        Some(403),
        "other than it was asked for"
    );
    assert!(open(&url, &[("origin", "http://127.0.0.1")]).await.is_ok());
    // no socket is wanted
    let plain = cloud.stranger().get(&url[url.find("/console").unwrap()..]).await;
    assert!(matches!(plain.status, 400 | 426), "{}", plain.status);
    assert!(cloud.node().crash_guest(id.parse().unwrap(), "a test"));
    assert_eq!(open(&url, &[]).await.err(), Some(503));
}

#[tokio::test]
async fn pages_are_whole_and_load_nothing_from_elsewhere() {
    let cloud = crate::cloud().await;
    let stranger = cloud.stranger();
    for name in ["vnc.html", "vnc.js", "rfb.js", "keys.js", "serial.html", "serial.js", "console.css"] {
        let page = stranger.get(&format!("/console/{name}?path=x")).await;
        assert_eq!(page.status, 200, "{name}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let kept = (page.header("referrer-policy"), page.header("cache-control"));
        assert_eq!(kept, ("no-referrer", "no-store"));
        let text = String::from_utf8(page.bytes).unwrap();
        assert!(
            !text.contains("http://") && !text.contains("https://") && !text.contains(" style="),
            "{name}"
        );
    }
    assert_eq!(stranger.get("/console/nothing").await.status, 404);
}
