//! Listening: connections in, bounded in number and in patience, graceful end.
//!
//! Whoever reaches the port can open connections, so each costs something only for a while: the first request must come
//! soon, the next ones within the idle time, bodies and answers must move. How many there are is bounded in all and for
//! each client; where the machine has no descriptors left, accepting waits and goes on.

mod activity;
mod admission;
mod body;
mod ticket;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt};

use activity::{Activity, Watched};
use admission::{Admission, Pause, Slot};
use body::{Answer, Upload};
pub(crate) use body::{BodyStalled, ReadWithin};
pub use ticket::Seat;
pub(crate) use ticket::Ticket;

use crate::Peer;

/// Longest wait for open requests at the end, and again for handlers whose clients have gone.
const FAREWELL: Duration = Duration::from_secs(10);
/// Requests that one connection may have under way, those whose client reset them included: a client that opens streams
/// and resets them at once (CVE-2023-44487) waits for its own handlers.
const STREAMS: usize = 100;
/// Most headers of a request.
const HEADERS: usize = 100;
/// Largest head of an HTTP/1 request and largest list of headers of an HTTP/2 one, in bytes.
const HEAD: usize = 64 * 1024;

/// How many connections there may be, and how long they may do nothing.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections in all. More wait in the machine's queue until one ends.
    pub connections: usize,
    /// Connections of one client: an IPv4 address, or the /64 of an IPv6 one. More are closed at once. Zero is no limit;
    /// this machine itself has none, as a proxy on it stands for many.
    pub connections_per_client: usize,
    /// From the first byte of a connection that could come to the end of its first request's headers.
    pub first_request: Duration,
    /// Between two requests on a connection, the headers of the next one included.
    pub idle: Duration,
    /// Between two parts of a body that is being read.
    pub body_part: Duration,
    /// For the whole of a JSON body.
    pub json_body: Duration,
    /// For the next part of an answer to be taken.
    pub answer_part: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_client: 256,
            first_request: Duration::from_secs(15),
            idle: Duration::from_secs(60),
            body_part: Duration::from_secs(60),
            json_body: Duration::from_secs(30),
            answer_part: Duration::from_secs(60),
        }
    }
}

/// What all connections of a listener share.
#[derive(Clone)]
struct Hall {
    router: Router,
    limits: Limits,
    handlers: TaskTracker,
    stop: CancellationToken,
}

/// Serves `router` until `stop` is cancelled, then lets open requests finish for ten seconds, and handlers whose clients
/// have gone for another ten.
///
/// # Errors
/// Never for a single connection: where none can be accepted, it waits and tries again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let connections = TaskTracker::new();
    let hall = Hall { router, limits, handlers: TaskTracker::new(), stop: stop.clone() };
    tokio::select! {
        () = accept(&listener, &hall, &connections) => {}
        () = stop.cancelled() => {}
    }
    drop(listener);
    connections.close();
    let _ = tokio::time::timeout(FAREWELL, connections.wait()).await;
    hall.handlers.close();
    if tokio::time::timeout(FAREWELL, hall.handlers.wait()).await.is_err() {
        tracing::warn!(handlers = hall.handlers.len(), "requests were still being answered at the end");
    }
    Ok(())
}

/// Lets connections in, for ever.
async fn accept(listener: &TcpListener, hall: &Hall, connections: &TaskTracker) {
    let admission = Admission::new(hall.limits.connections, hall.limits.connections_per_client);
    let mut pause = Pause::default();
    loop {
        let place = admission.place().await;
        match listener.accept().await {
            Ok((stream, peer)) => {
                pause.over();
                if let Some(slot) = admission.admit(place, peer.ip()) {
                    connections.spawn(connection(stream, Peer(Some(peer.ip())), slot, hall.clone()));
                }
            }
            Err(error) => pause.after(&error).await,
        }
    }
}

async fn connection(stream: TcpStream, peer: Peer, slot: Slot, hall: Hall) {
    let _ = stream.set_nodelay(true);
    let activity = Activity::new(&hall.limits);
    let stop = hall.stop.clone();
    let visitor = Visitor {
        hall,
        peer,
        activity: Arc::clone(&activity),
        slot: Arc::new(slot),
        turns: Arc::new(Semaphore::new(STREAMS)),
    };
    let builder = builder(&visitor.hall.limits);
    let service = hyper::service::service_fn(move |request| visitor.clone().answer(request));
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let serving = builder.serve_connection_with_upgrades(io, service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = activity.overdue() => return,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                ended = serving => ended,
                () = activity.overdue() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let one = &mut builder.http1();
    one.timer(TokioTimer::new()).header_read_timeout(limits.idle).max_headers(HEADERS).max_buf_size(2 * HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(u32::try_from(STREAMS).ok())
        .max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX));
    builder
}

/// Who sits on a connection.
#[derive(Clone)]
struct Visitor {
    hall: Hall,
    peer: Peer,
    activity: Arc<Activity>,
    slot: Arc<Slot>,
    turns: Arc<Semaphore>,
}

impl Visitor {
    async fn answer(self, request: Request<Incoming>) -> Result<Response, std::convert::Infallible> {
        let visit = self.activity.begin();
        // never closed: there is always a turn in the end
        let turn = self.turns.acquire_owned().await.ok();
        let limits = self.hall.limits;
        let mut request = request.map(|body| Body::new(Upload::new(body, limits.body_part)));
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(ReadWithin(limits.json_body));
        request.extensions_mut().insert(Seat::new(Arc::clone(&self.slot), self.hall.stop));
        request.extensions_mut().insert(Ticket::new(self.hall.handlers, self.slot, turn));
        let mut router = self.hall.router;
        let response = match ServiceExt::<Request<Body>>::ready(&mut router).await {
            Ok(ready) => ready.call(request).await?,
            Err(never) => match never {},
        };
        Ok(response.map(|body| Body::new(Answer::new(body, visit))))
    }
}
