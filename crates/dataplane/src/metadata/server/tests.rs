//! The metadata server over a real connection on the loopback.

use std::io::{Read, Write};

use kogge_node_api::GuestMetadata;

use super::*;
use crate::metadata::testing::guest;

struct Source;

impl MetadataSource for Source {
    fn for_server(&self, id: ServerId) -> Option<GuestMetadata> {
        (id == guest().server).then(guest)
    }

    fn set_password(&self, _id: ServerId, password: &str) -> SetPassword {
        if password == "again" { SetPassword::Exists } else { SetPassword::Kept }
    }
}

async fn start(known: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let directory = Arc::new(Directory::default());
    if known {
        let public = "203.0.113.5".parse().unwrap();
        directory.replace([("127.0.0.1".parse().unwrap(), guest().server, Some(public))].into_iter());
    }
    tokio::spawn(serve(listener, directory, Arc::new(Source)));
    address
}

async fn ask(address: SocketAddr, request: String) -> String {
    let read = move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

fn get(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nX-Instance-ID: {}\r\nConnection: close\r\n\r\n",
        ServerId::random()
    )
}

fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /openstack/latest/password HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn a_known_source_gets_its_documents_with_novas_content_types() {
    let address = start(true).await;
    let meta = ask(address, get("/openstack/latest/meta_data.json")).await;
    assert!(meta.contains("content-type: application/json") && meta.contains("\"my-guest\""), "{meta}");
    assert!(!meta.contains("secret"), "the administrator's password is not for the network");
    let network = ask(address, get("/openstack/latest/network_data.json?x=1")).await;
    assert!(network.contains("content-type: text/plain; charset=UTF-8"), "{network}");
    assert!(ask(address, get("/latest/meta-data/public-ipv4")).await.ends_with("203.0.113.5"));
    assert!(ask(address, get("/latest/meta-data/local-ipv4")).await.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn an_unknown_source_gets_nothing_whatever_it_claims() {
    let address = start(false).await;
    let mut request = get("/openstack/latest/meta_data.json");
    request = request
        .replace("Host: x", &format!("X-Forwarded-For: 10.0.0.10\r\nX-Instance-ID: {}", guest().server));
    assert!(ask(address, request).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_password_is_left_once_and_not_without_limit() {
    let address = start(true).await;
    assert!(ask(address, post("encrypted")).await.starts_with("HTTP/1.1 200"));
    assert!(ask(address, post("again")).await.starts_with("HTTP/1.1 409"));
    assert!(ask(address, post(&"x".repeat(1_021))).await.starts_with("HTTP/1.1 400"));
}
