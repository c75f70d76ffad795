//! Test clouds whose nodes are behind the wire, on a good day and on a bad one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use http::StatusCode;
use kogge_clock::{Clock, Timestamp};
use kogge_ids::CloudId;
use kogge_node_api::NodeHandle;
use kogge_node_wire::{Authority, Deadlines, Identity, Server, WireNode, router};
use tokio::net::TcpListener;

/// How long certificates of tests are good for.
const LIFE: Duration = Duration::from_secs(86_400);
/// How long a call is waited for where answers get lost.
const HASTY: Duration = Duration::from_secs(1);

/// What the nodes of a test cloud are behind.
pub(super) struct Wired {
    authority: Authority,
    own: Identity,
    now: Timestamp,
    trouble: Option<Arc<Trouble>>,
    servers: Mutex<Vec<Server>>,
}

impl Wired {
    /// An authority of its own; with a seed, what is sent meets every trouble that a network knows.
    pub(super) fn new(trouble: Option<u64>) -> Self {
        let now = Clock::system().now();
        let authority = Authority::make(CloudId::random(), now).expect("an authority");
        let own = authority.control_plane(now, LIFE).expect("an identity");
        let trouble = trouble.map(|seed| Arc::new(Trouble(AtomicU64::new(seed))));
        Self { authority, own, now, trouble, servers: Mutex::default() }
    }

    /// The node of `host`, behind the wire.
    pub(super) async fn connect(&self, host: &str, node: NodeHandle) -> NodeHandle {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = self.authority.node(host, self.now, LIFE).expect("an identity");
        let (calls, deadlines) = match &self.trouble {
            None => (router(node), Deadlines::default()),
            Some(trouble) => {
                let pause = Duration::from_millis(20);
                (troubled(node, trouble), Deadlines { call: HASTY, pause, ..Deadlines::default() })
            }
        };
        let server = Server::start(listener, calls, &own).expect("a server");
        let there = WireNode::new(host, server.address(), &self.own, deadlines).expect("a client");
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).push(server);
        Arc::new(there)
    }
}

fn troubled(node: NodeHandle, trouble: &Arc<Trouble>) -> Router {
    router(node).layer(from_fn_with_state(Arc::clone(trouble), disturb))
}

/// Draws what happens to a call: the same seed, the same sequence.
struct Trouble(AtomicU64);

impl Trouble {
    /// A number below `end` (`SplitMix64`).
    fn draw(&self, end: u64) -> u64 {
        let mut z =
            self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn lost() -> Response {
    (StatusCode::BAD_GATEWAY, "the network lost it").into_response()
}

async fn disturb(State(trouble): State<Arc<Trouble>>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/v1/put_image" {
        return disturb_image(&trouble, request, next).await;
    }
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else { return lost() };
    let again = move || Request::from_parts(head.clone(), Body::from(body.clone()));
    match trouble.draw(100) {
        // it never arrives: that is noticed, or is not
        0..8 => lost(),
        8..11 => {
            tokio::time::sleep(HASTY * 4).await;
            lost()
        }
        // it arrives, and its answer does not: that is noticed, or is not
        11..19 => {
            next.run(again()).await;
            lost()
        }
        19..23 => {
            let answer = next.run(again()).await;
            tokio::time::sleep(HASTY * 2).await;
            answer
        }
        // it arrives twice, at once
        23..33 => {
            let twice = tokio::join!(next.clone().run(again()), next.run(again()));
            twice.1
        }
        // it takes its time
        33..43 => {
            tokio::time::sleep(Duration::from_millis(20 + trouble.draw(200))).await;
            next.run(again()).await
        }
        // it arrives when nobody believes in it any more, after its own repetition
        43..48 => {
            let late = Duration::from_millis(200 + trouble.draw(1_500));
            tokio::spawn(async move {
                tokio::time::sleep(late).await;
                next.run(again()).await
            });
            lost()
        }
        _ => next.run(again()).await,
    }
}

/// An image is not said twice by the network, but it may break off anywhere.
async fn disturb_image(trouble: &Trouble, request: Request, next: Next) -> Response {
    match trouble.draw(10) {
        0 => lost(),
        1 => {
            next.run(request).await;
            lost()
        }
        2 => {
            let (head, body) = request.into_parts();
            let torn = std::iter::once(Err::<Bytes, _>(std::io::Error::other("the network tore it")));
            let body = body.into_data_stream().take(1).map(|piece| piece.map_err(std::io::Error::other));
            let body = Body::from_stream(body.chain(futures_util::stream::iter(torn)));
            next.run(Request::from_parts(head, body)).await;
            lost()
        }
        _ => next.run(request).await,
    }
}
