//! A node that is somewhere else.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use kogge_ids::ServerId;
use kogge_node_api::{
    Changes, ConsoleKind, ConsoleStream, Cursor, Data, DesiredInstance, DiskCopy, Epoch, Hello, HostFacts,
    ImageHead, NetworkingChange, Node, NodeError, ObservedInstance, ObservedNetworking, Quarantined,
    SetAside, Slot, Welcome,
};
use reqwest::{Body, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::io::{ReaderStream, StreamReader};
use uuid::Uuid;

use crate::authority::server_name;
use crate::calls::{
    Apply, ApplyNetworking, Aside, BYTES, Console, Export, LONGEST_ANSWER, LONGEST_WAIT, Nothing, ORDER,
    ObserveSince, OpenConsole, Order, PutImage, Remove, SAID_NO, TakeCommand,
};
use crate::{Identity, WireError, tls};

/// So much that is typed waits for its way to a console, in bytes.
const CONSOLE_ROOM: usize = 64 * 1024;

/// How long a node is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For a connection.
    pub connect: Duration,
    /// For the answer to a call; on top of what the call itself waits for.
    pub call: Duration,
    /// For the next piece of a stream.
    pub idle: Duration,
    /// How often a call is made that gets no answer.
    pub tries: u32,
    /// The pause before the second try; it doubles.
    pub pause: Duration,
}

impl Default for Deadlines {
    /// All tries together take less than the 30 seconds that services wait.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(9),
            idle: Duration::from_secs(60),
            tries: 3,
            pause: Duration::from_millis(200),
        }
    }
}

/// A node behind an address. Cheap to clone; it connects when it is asked first, and again where a connection broke.
#[derive(Debug, Clone)]
pub struct WireNode {
    host: String,
    base: String,
    http: reqwest::Client,
    deadlines: Deadlines,
}

/// Why a call has no answer of the node's.
struct Trouble {
    because: String,
    /// Whether another try may help.
    passes: bool,
}

impl WireNode {
    /// The node of `host`, which serves at `address` under the name that `own`'s authority gave it.
    ///
    /// # Errors
    /// Where the identity cannot be used.
    pub fn new(
        host: &str,
        address: SocketAddr,
        own: &Identity,
        deadlines: Deadlines,
    ) -> Result<Self, WireError> {
        let name = server_name(host);
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client(own)?)
            .https_only(true)
            .http2_prior_knowledge()
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(Duration::from_secs(10))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .http2_keep_alive_while_idle(true)
            .connect_timeout(deadlines.connect)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .resolve(&name, address)
            .build()
            .map_err(|error| WireError::new("preparing the connection to a node", error))?;
        Ok(Self {
            host: host.to_owned(),
            base: format!("https://{name}:{}", address.port()),
            http,
            deadlines,
        })
    }

    /// Makes a call until it is answered, but not for ever.
    async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        said: &impl Serialize,
        waits: Duration,
    ) -> Result<T, NodeError> {
        let body = word(said)?;
        let limit = self.deadlines.call + waits;
        let mut tries = self.tries();
        loop {
            let asked = tokio::time::timeout(limit, self.ask(path, body.clone())).await;
            match asked.unwrap_or_else(|_| Err(Trouble::silence(limit))) {
                Ok(answer) => return answer,
                Err(trouble) => tries.again(trouble).await?,
            }
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Bytes,
    ) -> Result<Result<T, NodeError>, Trouble> {
        let answer = self.send(path, self.request(path).body(body)).await?;
        let said_no = answer.status() == SAID_NO;
        let text = read(answer).await?;
        if said_no {
            return Ok(Err(parse(&text)?));
        }
        parse(&text).map(Ok)
    }

    fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.base)).header("content-type", "application/json")
    }

    /// Sends a request; an answer is one of the node's.
    async fn send(&self, path: &str, request: reqwest::RequestBuilder) -> Result<Response, Trouble> {
        let answer = request.send().await.map_err(Trouble::on_the_way)?;
        let status = answer.status();
        if status == StatusCode::OK || status == SAID_NO {
            return Ok(answer);
        }
        let passes = status.is_server_error();
        let text = read(answer).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&text[..text.len().min(300)]).into_owned();
        Err(Trouble { because: format!("{path}: status {status}: {text}"), passes })
    }

    fn tries(&self) -> Tries<'_> {
        Tries { host: &self.host, left: self.deadlines.tries, pause: self.deadlines.pause }
    }

    /// Sends an image once.
    async fn send_image(&self, order: &str, data: Data) -> Result<Result<(), NodeError>, Trouble> {
        let path = "/v1/put_image";
        let body = Body::wrap_stream(data.into_stream());
        let answer = self.send(path, self.request(path).header(ORDER, order).body(body)).await?;
        let said_no = answer.status() == SAID_NO;
        let text = read(answer).await?;
        Ok(if said_no { Err(parse(&text)?) } else { Ok(()) })
    }

    async fn read_console(&self, body: Bytes) -> Result<Result<Vec<u8>, NodeError>, Trouble> {
        let path = "/v1/console_output";
        let answer = self.send(path, self.request(path).body(body)).await?;
        let said_no = answer.status() == SAID_NO;
        let text = read(answer).await?;
        Ok(if said_no { Err(parse(&text)?) } else { Ok(text) })
    }

    /// Opens a console once.
    async fn reach_console(&self, order: &str) -> Result<Result<ConsoleStream, NodeError>, Trouble> {
        let path = "/v1/open_console";
        let (typed, typing) = tokio::io::duplex(CONSOLE_ROOM);
        let body = Body::wrap_stream(ReaderStream::new(typing));
        let answer = self.send(path, self.request(path).header(ORDER, order).body(body)).await?;
        if answer.status() == SAID_NO {
            return Ok(Err(parse(&read(answer).await?)?));
        }
        let said = StreamReader::new(answer.bytes_stream().map_err(io::Error::other));
        Ok(Ok(ConsoleStream::new(tokio::io::join(said, typed))))
    }

    async fn fetch_disk(&self, body: Bytes) -> Result<Result<DiskCopy, NodeError>, Trouble> {
        let path = "/v1/export_disk";
        let answer = self.send(path, self.request(path).body(body)).await?;
        if answer.status() == SAID_NO {
            return Ok(Err(parse(&read(answer).await?)?));
        }
        let bytes = answer.headers().get(BYTES).and_then(|bytes| bytes.to_str().ok()?.parse().ok());
        let because = || format!("{path}: the header {BYTES} is missing");
        let bytes = bytes.ok_or_else(|| Trouble { because: because(), passes: false })?;
        let idle = self.deadlines.idle;
        let pieces = futures_util::stream::unfold(Some(answer), move |answer| async move {
            let mut answer = answer?;
            match tokio::time::timeout(idle, answer.chunk()).await {
                Ok(Ok(Some(piece))) => Some((Ok(piece), Some(answer))),
                Ok(Ok(None)) => None,
                Ok(Err(error)) => Some((Err(io::Error::other(chain(&error))), None)),
                Err(_) => Some((Err(io::Error::from(io::ErrorKind::TimedOut)), None)),
            }
        });
        Ok(Ok(DiskCopy { bytes, data: Data::Stream(pieces.boxed()) }))
    }
}

/// How often a call may still be made.
struct Tries<'a> {
    host: &'a str,
    left: u32,
    pause: Duration,
}

impl Tries<'_> {
    /// Waits for the next try; the error where there is none.
    async fn again(&mut self, trouble: Trouble) -> Result<(), NodeError> {
        let Trouble { because, passes } = trouble;
        self.left = self.left.saturating_sub(1);
        if !passes || self.left == 0 {
            return Err(NodeError::Unreachable { host: self.host.to_owned(), because });
        }
        tracing::debug!(host = self.host, because, "a call to a node is made again");
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        Ok(())
    }
}

impl Trouble {
    fn silence(limit: Duration) -> Self {
        Self { because: format!("no answer within {limit:?}"), passes: true }
    }

    fn on_the_way(error: reqwest::Error) -> Self {
        Self { because: chain(&error.without_url()), passes: true }
    }
}

/// An error with all that is behind it: only there TLS says what it did not like.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// A call's arguments as JSON.
fn word(said: &impl Serialize) -> Result<Bytes, NodeError> {
    let text = serde_json::to_vec(said).map_err(|error| NodeError::failed("wording a call", error))?;
    Ok(Bytes::from(text))
}

/// A call's arguments as a header.
fn in_header(said: &impl Serialize) -> Result<String, NodeError> {
    Ok(base64::engine::general_purpose::STANDARD.encode(word(said)?))
}

/// The text of an answer, which has an end.
async fn read(mut answer: Response) -> Result<Vec<u8>, Trouble> {
    let mut text = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(Trouble::on_the_way)? {
        if text.len() + piece.len() > LONGEST_ANSWER {
            let because = format!("an answer is longer than {LONGEST_ANSWER} bytes");
            return Err(Trouble { because, passes: false });
        }
        text.extend_from_slice(&piece);
    }
    Ok(text)
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Trouble> {
    let because = |error| format!("an answer cannot be read: {error}");
    serde_json::from_slice(text).map_err(|error| Trouble { because: because(error), passes: false })
}

#[async_trait]
impl Node for WireNode {
    async fn hello(&self, hello: Hello) -> Result<Welcome, NodeError> {
        self.call("/hello", &hello, Duration::ZERO).await
    }

    async fn facts(&self) -> Result<HostFacts, NodeError> {
        self.call("/v1/facts", &Nothing {}, Duration::ZERO).await
    }

    async fn take_command(&self, at_least: Epoch) -> Result<Epoch, NodeError> {
        let said = TakeCommand { at_least, claim: Uuid::new_v4() };
        self.call("/v1/take_command", &said, Duration::ZERO).await
    }

    async fn apply(&self, by: Epoch, desired: DesiredInstance) -> Result<ObservedInstance, NodeError> {
        self.call("/v1/apply", &Apply { by, desired }, Duration::ZERO).await
    }

    async fn remove(&self, by: Epoch, id: ServerId, generation: i64) -> Result<bool, NodeError> {
        self.call("/v1/remove", &Remove { by, id, generation }, Duration::ZERO).await
    }

    async fn observe_since(&self, cursor: Option<Cursor>, wait: Duration) -> Result<Changes, NodeError> {
        let waits = if cursor.is_some() { wait.min(LONGEST_WAIT) } else { Duration::ZERO };
        let wait = u64::try_from(waits.as_millis()).unwrap_or(u64::MAX);
        self.call("/v1/observe_since", &ObserveSince { cursor, wait }, waits).await
    }

    async fn set_aside(&self, by: Epoch, id: ServerId, note: SetAside) -> Result<(), NodeError> {
        self.call("/v1/set_aside", &Aside { by, id, note }, Duration::ZERO).await
    }

    async fn take_back(&self, by: Epoch, id: ServerId) -> Result<(), NodeError> {
        self.call("/v1/take_back", &Order { by, id }, Duration::ZERO).await
    }

    async fn quarantine(&self) -> Result<Vec<Quarantined>, NodeError> {
        self.call("/v1/quarantine", &Nothing {}, Duration::ZERO).await
    }

    async fn discard(&self, by: Epoch, id: ServerId) -> Result<bool, NodeError> {
        self.call("/v1/discard", &Order { by, id }, Duration::ZERO).await
    }

    async fn console_output(&self, id: ServerId, lines: Option<u32>) -> Result<Vec<u8>, NodeError> {
        let body = word(&Console { id, lines })?;
        let limit = self.deadlines.call;
        let mut tries = self.tries();
        loop {
            let asked = tokio::time::timeout(limit, self.read_console(body.clone())).await;
            match asked.unwrap_or_else(|_| Err(Trouble::silence(limit))) {
                Ok(answer) => return answer,
                Err(trouble) => tries.again(trouble).await?,
            }
        }
    }

    async fn open_console(&self, id: ServerId, kind: ConsoleKind) -> Result<ConsoleStream, NodeError> {
        let order = in_header(&OpenConsole { id, kind })?;
        let limit = self.deadlines.call;
        let mut tries = self.tries();
        loop {
            let asked = tokio::time::timeout(limit, self.reach_console(&order)).await;
            match asked.unwrap_or_else(|_| Err(Trouble::silence(limit))) {
                Ok(answer) => return answer,
                Err(trouble) => tries.again(trouble).await?,
            }
        }
    }

    async fn put_image(&self, by: Epoch, head: ImageHead, data: Data) -> Result<(), NodeError> {
        let order = in_header(&PutImage { by, head })?;
        let mut tries = self.tries();
        let mut left = Some(data);
        loop {
            // a stream cannot be sent twice, a file can
            let (now, again) = twice(left.take());
            let Some(now) = now else {
                let because = "the image broke off on its way".to_owned();
                return Err(NodeError::Unreachable { host: self.host.clone(), because });
            };
            left = again;
            match self.send_image(&order, now).await {
                Ok(answer) => return answer,
                Err(trouble) => {
                    let passes = trouble.passes && left.is_some();
                    tries.again(Trouble { passes, ..trouble }).await?;
                }
            }
        }
    }

    async fn export_disk(&self, id: ServerId, slot: &Slot) -> Result<DiskCopy, NodeError> {
        let body = word(&Export { id, slot: slot.clone() })?;
        let mut tries = self.tries();
        loop {
            // making a copy takes as long as the disk is large: whoever asks says how long it may
            match self.fetch_disk(body.clone()).await {
                Ok(answer) => return answer,
                Err(trouble) => tries.again(trouble).await?,
            }
        }
    }

    async fn apply_networking(
        &self,
        by: Epoch,
        change: NetworkingChange,
    ) -> Result<ObservedNetworking, NodeError> {
        let said = ApplyNetworking { by, change };
        self.call("/v1/apply_networking", &said, Duration::ZERO).await
    }
}

/// Data to send, and the same for another try where they can be sent twice.
fn twice(data: Option<Data>) -> (Option<Data>, Option<Data>) {
    let Some(Data::File(mut file)) = data else { return (data, None) };
    let begins = io::Seek::rewind(&mut file).and_then(|()| file.try_clone());
    match begins {
        Ok(again) => (Some(Data::File(file)), Some(Data::File(again))),
        Err(_) => (Some(Data::File(file)), None),
    }
}
