//! Serving a node: any [`Node`] behind an address.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef, Json, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use kogge_node_api::{Data, Epoch, Hello, NodeError, NodeHandle};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_util::io::{ReaderStream, StreamReader};
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::calls::{
    Apply, ApplyNetworking, Aside, BYTES, Console, Export, LONGEST_ORDER, LONGEST_WAIT, Nothing, ORDER,
    ObserveSince, OpenConsole, Order, PutImage, Remove, SAID_NO, TakeCommand,
};
use crate::{Identity, WireError, tls};

/// Most connections at a time: a control plane needs one.
const CONNECTIONS: usize = 64;
/// Most calls at a time on a connection.
const CALLS: u32 = 256;
/// How long a stranger may take to show who it is.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often a silent connection is asked whether it lives, and how long it may take to answer.
const ALIVE: Duration = Duration::from_secs(20);

/// A node that is served; no more when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    serving: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    /// Serves `router` (see [`router`]) at `listener` under the identity of a node.
    ///
    /// # Errors
    /// Where the identity cannot be used.
    pub fn start(listener: TcpListener, router: Router, own: &Identity) -> Result<Self, WireError> {
        let address = listener.local_addr().map_err(|error| WireError::new("listening for calls", error))?;
        let acceptor = TlsAcceptor::from(Arc::new(tls::server(own)?));
        let serving = tokio::spawn(serve(listener, router, acceptor)).abort_handle();
        Ok(Self { address, serving })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: TcpListener, router: Router, acceptor: TlsAcceptor) {
    // ends with us
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= CONNECTIONS {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, acceptor.clone(), router.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, router: Router) {
    let peer = stream.peer_addr().ok();
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else {
        tracing::warn!(?peer, "somebody without a certificate of this cloud was refused");
        return;
    };
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        router.clone().oneshot(request.map(Body::new))
    });
    let mut builder = Builder::new(TokioExecutor::new()).http2_only();
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(CALLS)
        .adaptive_window(true)
        .keep_alive_interval(ALIVE)
        .keep_alive_timeout(ALIVE);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(?peer, error, "a connection ended badly");
    }
}

/// The calls of a node as HTTP. For [`Server::start`], or behind something that gets in their way.
pub fn router(node: NodeHandle) -> Router {
    Router::new()
        .route("/hello", post(hello))
        .route("/v1/facts", post(facts))
        .route("/v1/take_command", post(take_command))
        .route("/v1/apply", post(apply))
        .route("/v1/remove", post(remove))
        .route("/v1/observe_since", post(observe_since))
        .route("/v1/set_aside", post(set_aside))
        .route("/v1/take_back", post(take_back))
        .route("/v1/quarantine", post(quarantine))
        .route("/v1/discard", post(discard))
        .route("/v1/console_output", post(console_output))
        .route("/v1/open_console", post(open_console))
        .route("/v1/put_image", post(put_image))
        .route("/v1/export_disk", post(export_disk))
        .route("/v1/apply_networking", post(apply_networking))
        .layer(DefaultBodyLimit::max(LONGEST_ORDER))
        .with_state(Served { node, claim: Arc::default() })
}

/// What is served.
#[derive(Clone)]
struct Served {
    node: NodeHandle,
    /// The last claim of the command, and the epoch that it got.
    claim: Arc<tokio::sync::Mutex<Option<(Uuid, Epoch)>>>,
}

impl FromRef<Served> for NodeHandle {
    fn from_ref(served: &Served) -> Self {
        Arc::clone(&served.node)
    }
}

/// What a node answers.
struct Answer<T>(Result<T, NodeError>);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(answer) => Json(answer).into_response(),
            Err(error) => (SAID_NO, Json(error)).into_response(),
        }
    }
}

/// Obeys an order to its end, whether or not whoever gave it waits that long.
async fn to_its_end<T: Send + 'static>(
    order: impl Future<Output = Result<T, NodeError>> + Send + 'static,
) -> Answer<T> {
    let ended = |error| Err(NodeError::failed("obeying an order", error));
    Answer(tokio::spawn(order).await.unwrap_or_else(ended))
}

type Node = State<NodeHandle>;

async fn hello(State(node): Node, Json(hello): Json<Hello>) -> impl IntoResponse {
    Answer(node.hello(hello).await)
}

async fn facts(State(node): Node, Json(Nothing {}): Json<Nothing>) -> impl IntoResponse {
    Answer(node.facts().await)
}

/// The one call that is another one when it is said twice: it is known by its claim.
async fn take_command(State(served): State<Served>, Json(said): Json<TakeCommand>) -> impl IntoResponse {
    to_its_end(async move {
        let mut last = served.claim.lock().await;
        if let Some((claim, epoch)) = *last
            && claim == said.claim
        {
            return Ok(epoch);
        }
        let epoch = served.node.take_command(said.at_least).await?;
        *last = Some((said.claim, epoch));
        Ok(epoch)
    })
    .await
}

async fn apply(State(node): Node, Json(said): Json<Apply>) -> impl IntoResponse {
    to_its_end(async move { node.apply(said.by, said.desired).await }).await
}

async fn remove(State(node): Node, Json(said): Json<Remove>) -> impl IntoResponse {
    to_its_end(async move { node.remove(said.by, said.id, said.generation).await }).await
}

async fn observe_since(State(node): Node, Json(said): Json<ObserveSince>) -> impl IntoResponse {
    let wait = Duration::from_millis(said.wait).min(LONGEST_WAIT);
    Answer(node.observe_since(said.cursor, wait).await)
}

async fn set_aside(State(node): Node, Json(said): Json<Aside>) -> impl IntoResponse {
    to_its_end(async move { node.set_aside(said.by, said.id, said.note).await }).await
}

async fn take_back(State(node): Node, Json(said): Json<Order>) -> impl IntoResponse {
    to_its_end(async move { node.take_back(said.by, said.id).await }).await
}

async fn quarantine(State(node): Node, Json(Nothing {}): Json<Nothing>) -> impl IntoResponse {
    Answer(node.quarantine().await)
}

async fn discard(State(node): Node, Json(said): Json<Order>) -> impl IntoResponse {
    to_its_end(async move { node.discard(said.by, said.id).await }).await
}

async fn console_output(State(node): Node, Json(said): Json<Console>) -> Response {
    match node.console_output(said.id, said.lines).await {
        Ok(text) => text.into_response(),
        Err(error) => Answer::<()>(Err(error)).into_response(),
    }
}

/// What the header says of a call whose body is a stream.
#[expect(clippy::result_large_err, reason = "the error is the answer")]
fn order<T: DeserializeOwned>(headers: &HeaderMap) -> Result<T, Response> {
    let order = headers.get(ORDER).and_then(|text| {
        let text = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
        serde_json::from_slice(&text).ok()
    });
    let unheard = || (StatusCode::BAD_REQUEST, format!("the header {ORDER} does not say what is wanted"));
    order.ok_or_else(|| unheard().into_response())
}

/// A console: what the call's body brings goes to it, what it says is the answer's body. The end of either is the end.
async fn open_console(State(node): Node, headers: HeaderMap, body: Body) -> Response {
    let order: OpenConsole = match order(&headers) {
        Ok(order) => order,
        Err(unheard) => return unheard,
    };
    match node.open_console(order.id, order.kind).await {
        Ok(console) => {
            let (said, mut typed) = tokio::io::split(console);
            let mut typing = StreamReader::new(body.into_data_stream().map_err(std::io::Error::other));
            let typing = AbortOnDropHandle::new(tokio::spawn(async move {
                // the end of the answer tells what is to be told
                let _ = tokio::io::copy(&mut typing, &mut typed).await;
                let _ = typed.shutdown().await;
            }));
            let said = ReaderStream::new(said).inspect(move |_| {
                let _ = &typing;
            });
            Body::from_stream(said).into_response()
        }
        Err(error) => Answer::<()>(Err(error)).into_response(),
    }
}

async fn put_image(State(node): Node, headers: HeaderMap, body: Body) -> Response {
    let order: PutImage = match order(&headers) {
        Ok(order) => order,
        Err(unheard) => return unheard,
    };
    // not to its end: who breaks off sends no more
    let data = body.into_data_stream().map(|piece| piece.map_err(std::io::Error::other));
    Answer(node.put_image(order.by, order.head, Data::Stream(data.boxed())).await).into_response()
}

async fn export_disk(State(node): Node, Json(said): Json<Export>) -> Response {
    match node.export_disk(said.id, &said.slot).await {
        Ok(copy) => {
            let body = Body::from_stream(copy.data.into_stream());
            ([(BYTES, copy.bytes.to_string())], body).into_response()
        }
        Err(error) => Answer::<()>(Err(error)).into_response(),
    }
}

async fn apply_networking(State(node): Node, Json(said): Json<ApplyNetworking>) -> impl IntoResponse {
    to_its_end(async move { node.apply_networking(said.by, said.change).await }).await
}
