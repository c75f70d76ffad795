//! The socket of consoles: bytes of a guest's console over a WebSocket, both ways.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{CONNECTION, COOKIE, HeaderMap};
use http::{StatusCode, Uri};
use kogge_http::server::Seat;
use kogge_node_api::ConsoleStream;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::origin::is_welcome;
use crate::Compute;

/// The subprotocol of noVNC and of clients of serial lines.
const BINARY: [&str; 1] = ["binary"];
/// Longest message of a client, in bytes.
const LONGEST: usize = 1 << 20;
/// So much of a console is sent at once, in bytes.
const PIECE: usize = 32 * 1024;
/// How often a silent client is asked whether it is there.
const ASK: Duration = Duration::from_secs(30);
/// How long a client may say nothing, and either side may take nothing.
const SILENCE: Duration = Duration::from_secs(90);

/// `GET /console/websockify`: a WebSocket, where the token is good.
pub(super) async fn open(State(compute): State<Compute>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Some(token) = token(&parts.uri, &parts.headers) else { return refused(StatusCode::FORBIDDEN) };
    let granted = match compute.granted(&token).await {
        Ok(Some(granted)) => granted,
        Ok(None) => return refused(StatusCode::FORBIDDEN),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a console's token cannot be looked up"
            );
            return refused(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    if !is_welcome(&parts, &granted, &compute.config().console_allowed_origins) {
        tracing::warn!(server.id = %granted.server, "a page of somebody else's wanted to open a console");
        return refused(StatusCode::FORBIDDEN);
    }
    let seat = parts.extensions.get::<Seat>().cloned();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let console = match compute.open_console(&granted).await {
        Ok(console) => console,
        Err(error) => {
            tracing::info!(server.id = %granted.server, %error, "a console does not open");
            return refused(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    tracing::info!(server.id = %granted.server, kind = %granted.kind, "a console is opened");
    upgrade
        .protocols(BINARY)
        .max_message_size(LONGEST)
        .max_frame_size(LONGEST)
        .on_upgrade(move |socket| carry(socket, console, seat))
}

/// An answer without body, after which the connection ends: clients that speak no HTTP take any body for the console's.
fn refused(status: StatusCode) -> Response {
    (status, [(CONNECTION, "close")]).into_response()
}

/// The token: in the query, or as older pages had it, in a cookie.
fn token(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let asked = pairs.find(|(name, _)| name == "token").map(|(_, value)| value.into_owned());
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let kept = || {
        let mut all = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        all.find(|(name, _)| *name == "token").map(|(_, value)| value.trim_matches('"').to_owned())
    };
    asked.filter(|token| !token.is_empty()).or_else(kept)
}

/// Carries bytes until either side ends, falls silent, or the cloud stops.
async fn carry(socket: WebSocket, console: ConsoleStream, seat: Option<Seat>) {
    let (mut to_client, mut from_client) = socket.split();
    let (mut from_guest, mut to_guest) = tokio::io::split(console);
    let typing = async {
        while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENCE, from_client.next()).await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Text(text) => text.into(),
                Message::Ping(_) | Message::Pong(_) => continue,
                Message::Close(_) => return,
            };
            if !matches!(tokio::time::timeout(SILENCE, to_guest.write_all(&bytes)).await, Ok(Ok(()))) {
                return;
            }
        }
    };
    let showing = async {
        let mut piece = vec![0; PIECE];
        loop {
            let message = match tokio::time::timeout(ASK, from_guest.read(&mut piece)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(count)) => Message::Binary(piece[..count].to_vec().into()),
                Err(_) => Message::Ping(Vec::new().into()),
            };
            if !matches!(tokio::time::timeout(SILENCE, to_client.send(message)).await, Ok(Ok(()))) {
                return;
            }
        }
        // whoever hung up needs no word of it
        let _ = tokio::time::timeout(SILENCE, to_client.send(Message::Close(None))).await;
    };
    let stops = async {
        match &seat {
            Some(seat) => seat.closing().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = typing => {}
        () = showing => {}
        () = stops => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_in_the_query_or_in_a_cookie() {
        let of = |query: &str, cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookie.parse().unwrap());
            token(&format!("/console/websockify{query}").parse().unwrap(), &headers)
        };
        assert_eq!(of("?token=a&token=b", "").as_deref(), Some("a"));
        assert_eq!(of("?token=", "x=1; token=b").as_deref(), Some("b"));
        assert_eq!(of("", "atoken=b"), None);
        assert_eq!(of("?path=token%3Da", ""), None);
    }
}
