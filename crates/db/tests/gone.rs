//! A PostgreSQL server that goes away and comes back: behind a relay that the test can cut.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::net::SocketAddr;

use kogge_clock::Clock;
use kogge_db::{Db, DbOptions, Executor, Outage, Query};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Passes everything on to the server while it lives; nobody listens and nothing is connected after it was dropped.
struct Relay(JoinSet<()>);

impl Relay {
    async fn start(at: SocketAddr, to: String) -> (Self, SocketAddr) {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(at).unwrap();
        let listener: TcpListener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let mut all = JoinSet::new();
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

async fn ask(db: &Db) -> Result<i64, kogge_db::DbError> {
    db.one(Query::new("SELECT CAST(1 AS BIGINT) AS n")).await?.int("n")
}

#[tokio::test]
async fn requests_fail_with_the_address_while_it_is_gone_and_work_when_it_is_back() {
    let Ok(url) = std::env::var("KOGGE_TEST_POSTGRES") else {
        eprintln!("skipped: KOGGE_TEST_POSTGRES is not set");
        return;
    };
    let Some((scheme, rest)) = url.split_once("://") else { return };
    let (place, name) = rest.split_once('/').unwrap();
    let (account, server) =
        place.rsplit_once('@').map_or((String::new(), place), |(a, s)| (format!("{a}@"), s));
    if server.is_empty() || server.starts_with('%') {
        eprintln!("skipped: the server is behind a socket file");
        return;
    }
    let server = if server.contains(':') { server.to_owned() } else { format!("{server}:5432") };
    let (relay, address) = Relay::start("127.0.0.1:0".parse().unwrap(), server.clone()).await;
    let url = format!("{scheme}://{account}{address}/{name}");
    let db = Db::open(&DbOptions::Postgres { url, connections: 4 }).await.unwrap();
    db.migrate(&[], &Clock::system()).await.unwrap();
    assert_eq!(ask(&db).await.unwrap(), 1);
    let mut open = db.begin().await.unwrap();
    relay.cut().await;
    let broken = open.one(Query::new("SELECT 1 AS n")).await.unwrap_err();
    assert_eq!(broken.outage(), Some(Outage::Unreachable), "{broken:?}");
    assert!(open.commit().await.is_err());
    let mut last = ask(&db).await.unwrap_err();
    for _ in 0..8 {
        // idle connections were broken too; then nobody listens
        last = ask(&db).await.unwrap_err();
    }
    assert_eq!(last.outage(), Some(Outage::Unreachable), "{last:?}");
    let text = last.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("refused"), "{text}");
    let (_relay, _) = Relay::start(address, server).await;
    loop {
        if ask(&db).await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    db.begin().await.unwrap().rollback().await.unwrap();
}
