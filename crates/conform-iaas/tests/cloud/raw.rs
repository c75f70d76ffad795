//! A cloud that signs its user in and answers everything else byte by byte as a test says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kogge_client::config::Selection;
use kogge_client::{Client, ClientOptions, CloudConfig, Environment, Limits};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const PASSWORD: &str = "Passwort-4711";
pub const CREDENTIAL: &str = "Geheimnis-0815";
pub const TOKEN: &str = "gAAAA-Marke-2342";

/// One request as it came.
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The request with its headers and body.
    pub whole: String,
    /// The address of the cloud.
    pub base: String,
}

/// What is sent back.
pub enum Reply {
    /// These bytes, and the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then one more every few milliseconds, for ever.
    Drip(Vec<u8>),
    /// These bytes, then as many as the other side takes.
    Flood(Vec<u8>),
    /// Nothing, for ever.
    Silence,
}

/// An answer with a length.
pub fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut head =
        format!("HTTP/1.1 {status} Any\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut bytes = format!("{head}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    Reply::Bytes(bytes)
}

type Behaviour = dyn Fn(&Asked) -> Option<Reply> + Send + Sync;

/// The running cloud.
pub struct Raw {
    pub base: String,
    seen: Arc<Mutex<Vec<String>>>,
}

/// The catalogue's types and paths.
const SERVICES: [(&str, &str); 10] = [
    ("compute", "/compute/v2.1"),
    ("identity", "/identity/v3"),
    ("image", "/image/v2"),
    ("network", "/network/v2.0"),
    ("load-balancer", "/lb/v2"),
    ("placement", "/placement/v1"),
    ("block-storage", "/volume/v3/p1"),
    ("object-store-s3", "/s3/v1"),
    ("object-store", "/object-store/v1/AUTH_p1"),
    ("key-manager", "/key-manager/v1"),
];

impl Raw {
    /// A cloud that answers as `behaviour` says; signing in works unless it says otherwise.
    pub async fn start(behaviour: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (behaviour, log, own): (Arc<Behaviour>, _, _) =
            (Arc::new(behaviour), Arc::clone(&seen), base.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&behaviour), Arc::clone(&log), own.clone()));
            }
        });
        Self { base, seen }
    }

    /// Method and target of every request.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// A client with a password and little patience.
    pub fn client(&self) -> Client {
        let user = [("OS_USER_ID", "u"), ("OS_PASSWORD", PASSWORD), ("OS_PROJECT_ID", "p1")];
        self.client_of(&user)
    }

    /// A client with an application credential.
    pub fn client_with_credential(&self) -> Client {
        let credential = [
            ("OS_AUTH_TYPE", "v3applicationcredential"),
            ("OS_APPLICATION_CREDENTIAL_ID", "a"),
            ("OS_APPLICATION_CREDENTIAL_SECRET", CREDENTIAL),
        ];
        self.client_of(&credential)
    }

    fn client_of(&self, who: &[(&str, &str)]) -> Client {
        let url = format!("{}/identity", self.base);
        // there is no TLS here, and reading the machine's authorities takes longer than a run
        impatient(who.iter().copied().chain([("OS_AUTH_URL", url.as_str()), ("OS_INSECURE", "true")]))
    }
}

/// A client whose limits are small, so that a test need not wait for the usual ones.
pub fn impatient<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Client {
    let environment = Environment::new(variables, "/nonexistent");
    let config = CloudConfig::load(&environment, &Selection::default()).unwrap();
    let limits = Limits {
        call: Duration::from_millis(600),
        connect: Duration::from_millis(600),
        stall: Duration::from_millis(300),
        body_bytes: 4_000_000,
        retries: 2,
        pages: 30,
        ..Limits::default()
    };
    Client::with_options(config, ClientOptions { limits, ..ClientOptions::default() }).unwrap()
}

/// A catalogue in which every service is where `place` says.
pub fn catalog(place: impl Fn(&str, &str) -> String) -> Value {
    let entry = |(kind, path): (&str, &str)| {
        json!({"type": kind, "name": kind, "endpoints": [
            {"interface": "public", "region": "r", "region_id": "r", "url": place(kind, path)}]})
    };
    SERVICES.map(entry).into_iter().collect()
}

/// The answer to signing in.
pub fn signed_in(catalog: &Value) -> Reply {
    let body = json!({"token": {"methods": ["password"], "expires_at": "2099-01-01T00:00:00.000000Z",
        "user": {"id": "u", "name": "joe"}, "project": {"id": "p1", "name": "demo"},
        "roles": [{"id": "m", "name": "member"}], "catalog": catalog}});
    answer(201, &[("X-Subject-Token", TOKEN)], body.to_string())
}

async fn serve(
    mut stream: TcpStream,
    behaviour: Arc<Behaviour>,
    seen: Arc<Mutex<Vec<String>>>,
    base: String,
) {
    let Some(asked) = read(&mut stream, base).await else { return };
    seen.lock().unwrap().push(format!("{} {}", asked.method, asked.target));
    let usual = || match asked.target.as_str() {
        "/identity/v3/auth/tokens" => signed_in(&catalog(|_, path| format!("{}{path}", asked.base))),
        _ => answer(404, &[], "{}"),
    };
    let reply = behaviour(&asked).unwrap_or_else(usual);
    // whoever hangs up on us ends this task
    let _ = send(&mut stream, reply).await;
}

async fn send(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Reply::Drip(head) => {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(b"x").await?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Reply::Flood(head) => {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(&[b' '; 65536]).await?;
            }
        }
        Reply::Silence => std::future::pending().await,
    }
}

/// Reads one request: head, and as much body as it says.
async fn read(stream: &mut TcpStream, base: String) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length =
        head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    while bytes.len() < end + length.unwrap_or(0) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    Some(Asked { method, target, whole: String::from_utf8_lossy(&bytes).into_owned(), base })
}
