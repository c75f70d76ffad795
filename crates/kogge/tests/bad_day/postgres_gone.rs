//! PostgreSQL goes away under a real cloud, and comes back.

use std::net::SocketAddr;

use kogge_db::{Db, DbOptions};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::machine::{Machine, text};

/// Passes everything on to the server while it lives.
struct Relay(JoinSet<()>);

impl Relay {
    fn start(at: SocketAddr, to: &str) -> (Self, SocketAddr) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(at).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let mut all = JoinSet::new();
        let to = to.to_owned();
        all.spawn(async move {
            let mut streams = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                streams.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(to).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        (Self(all), address)
    }

    async fn cut(mut self) {
        self.0.shutdown().await;
    }
}

/// Account, server and database of the test server; `None`, with a word why, where there is none to be relayed.
fn server() -> Option<(String, String, String)> {
    let Ok(url) = std::env::var("KOGGE_TEST_POSTGRES") else {
        eprintln!("skipped: KOGGE_TEST_POSTGRES is not set");
        return None;
    };
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: a real cloud needs root");
        return None;
    }
    let (place, name) = url.split_once("://")?.1.split_once('/')?;
    let (account, server) = place.rsplit_once('@')?;
    let server = if server.contains(':') { server.to_owned() } else { format!("{server}:5432") };
    Some((account.to_owned(), server, name.to_owned()))
}

#[tokio::test]
async fn requests_are_answered_at_once_with_503_until_it_is_back_and_down_needs_no_database() {
    let Some((account, server, name)) = server() else { return };
    let schema = format!("bad{}", std::process::id());
    let url = format!("postgres://{account}@{server}/{name}");
    let db = Db::open(&DbOptions::Postgres { url, connections: 1 }).await.unwrap();
    db.make_schema_for_test(&schema).await.unwrap();
    db.close().await;
    let (relay, at) = Relay::start("127.0.0.1:0".parse().unwrap(), &server);
    let url = format!("postgres://{account}@{at}/{name}?options=-c%20search_path%3D{schema}");
    let mut machine = Machine::new();
    machine.start_real(&url);
    let root = machine.address().await;
    let token = machine.token(&root).await;
    assert_eq!(machine.make_network(&root, &token, "before").await.0, 201);

    relay.cut().await;
    for _ in 0..5 {
        assert_eq!(machine.make_network(&root, &token, "gone").await, (503, true));
    }
    assert_eq!(machine.code(&format!("{root}/healthcheck")).await, 503);
    let problems = machine.status().unwrap()["problems"].to_string();
    assert!(problems.contains(&at.to_string()) && problems.contains("refused"), "{problems}");

    let (relay, _) = Relay::start(at, &server);
    Machine::until("the database to be used again", async || {
        machine.make_network(&root, &token, "back").await.0 == 201
    })
    .await;
    relay.cut().await;
    let down = machine.kogge(&["down"]);
    assert!(down.status.success(), "{}", text(&down.stderr));
}
