//! The HTTP side of metadata. Who asks is known by the link that the listener is bound to and the source address, which
//! anti-spoofing ties to a port; no header is looked at.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::body::Body;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use kogge_ids::ServerId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::seats::Seats;
use super::{Addresses, Answer, lookup};
use crate::config::{MetadataSource, SetPassword};
use crate::seldom::Seldom;

/// Connections of one link at a time; more wait.
const CONNECTIONS: usize = 256;
/// Bytes and lines of a request's head; a client that sends more gets 431 and is cut off.
const HEAD_BYTES: usize = 16 * 1_024;
const HEAD_LINES: usize = 64;
/// A client that needs longer for its request's head, or for everything, is cut off.
const HEAD_TIME: Duration = Duration::from_secs(10);
const TOTAL_TIME: Duration = Duration::from_secs(60);
/// An accept that fails is retried after this long.
const PAUSE: Duration = Duration::from_millis(100);
/// Nova's limit for a password.
const PASSWORD_BYTES: usize = 1_020;

/// Who is behind a source address on one link.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    guests: RwLock<HashMap<IpAddr, Guest>>,
    seats: Seats,
}

/// A guest as the directory knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Guest {
    server: ServerId,
    addresses: Addresses,
}

impl Directory {
    /// Replaces all entries: source address, server, floating IP.
    pub(crate) fn replace(&self, entries: impl Iterator<Item = (IpAddr, ServerId, Option<IpAddr>)>) {
        let guests = entries.map(|(local, server, public)| {
            (local, Guest { server, addresses: Addresses { local: Some(local), public } })
        });
        *self.guests.write().unwrap_or_else(std::sync::PoisonError::into_inner) = guests.collect();
    }

    fn find(&self, source: IpAddr) -> Option<Guest> {
        let guests = self.guests.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = guests.get(&source.to_canonical()).copied();
        found.map(|mut guest| {
            if source.is_ipv6() {
                guest.addresses.local = None;
            }
            guest
        })
    }
}

/// Answers on `listener` until the task is aborted.
pub(crate) async fn serve(listener: TcpListener, directory: Arc<Directory>, source: Arc<dyn MetadataSource>) {
    static REFUSED: Seldom = Seldom::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                if let Some(kept_back) = REFUSED.due() {
                    tracing::warn!(%error, kept_back, "metadata: a connection was not accepted");
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let who = directory.find(peer.ip()).map(|guest| guest.server);
        let Some(seat) = directory.seats.take(who) else { continue };
        let (directory, source) = (Arc::clone(&directory), Arc::clone(&source));
        tokio::spawn(async move {
            let _ = tokio::time::timeout(TOTAL_TIME, connection(stream, peer, directory, source)).await;
            drop((seat, permit));
        });
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    directory: Arc<Directory>,
    source: Arc<dyn MetadataSource>,
) {
    let service = service_fn(move |request| {
        let (directory, source) = (Arc::clone(&directory), Arc::clone(&source));
        async move { Ok::<_, std::convert::Infallible>(respond(request, peer, &directory, &*source).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEAD_LINES);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, %peer, "metadata: a connection ended early");
    }
}

async fn respond(
    request: Request<Incoming>,
    peer: SocketAddr,
    directory: &Directory,
    source: &dyn MetadataSource,
) -> Response<Body> {
    let Some(guest) = directory.find(peer.ip()) else { return nothing() };
    let Some(metadata) = source.for_server(guest.server) else { return nothing() };
    match lookup(&metadata, request.uri().path(), guest.addresses) {
        Answer::Text(body) => response(StatusCode::OK, "text/plain; charset=UTF-8", body),
        Answer::Json(body) => response(StatusCode::OK, "application/json", body),
        Answer::Password => password(request, guest.server, source).await,
        Answer::Nothing => nothing(),
    }
}

async fn password(
    request: Request<Incoming>,
    server: ServerId,
    source: &dyn MetadataSource,
) -> Response<Body> {
    let text = |status, words: &str| response(status, "text/plain; charset=UTF-8", words.as_bytes().to_vec());
    match *request.method() {
        Method::GET | Method::HEAD => text(StatusCode::OK, &source.password(server).unwrap_or_default()),
        Method::POST => {
            let Ok(body) = Limited::new(request.into_body(), PASSWORD_BYTES).collect().await else {
                return text(StatusCode::BAD_REQUEST, "Request is too large.");
            };
            let Ok(given) = String::from_utf8(body.to_bytes().to_vec()) else {
                return text(StatusCode::BAD_REQUEST, "The password must be text.");
            };
            match source.set_password(server, &given) {
                SetPassword::Kept => text(StatusCode::OK, ""),
                SetPassword::Exists => text(StatusCode::CONFLICT, "There is a password already."),
                SetPassword::Unavailable => {
                    text(StatusCode::SERVICE_UNAVAILABLE, "Passwords cannot be kept at the moment.")
                }
            }
        }
        _ => text(StatusCode::BAD_REQUEST, "GET and POST only are supported."),
    }
}

fn nothing() -> Response<Body> {
    response(StatusCode::NOT_FOUND, "text/plain; charset=UTF-8", b"404 Not Found".to_vec())
}

fn response(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests;
