//! One download through the gate.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{StatusCode, header};
use url::Url;

use super::gate::{Gate, GateError};

/// Why a download did not begin. The one who asked for it reads this, so it names no address but theirs, not where a
/// redirect leads, and not how a connection failed: that would tell closed ports from filtered ones.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The gate refused.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// There was no connection, or no answer.
    #[error("the host of the URI could not be reached")]
    Unreachable,
    /// The server did not answer as it should.
    #[error("the host of the URI answered {0}")]
    Answer(StatusCode),
    /// A redirect is none that may be followed.
    #[error("the URI redirects to where no image may be fetched from")]
    Redirect,
    /// They never end.
    #[error("the URI is behind too many redirects")]
    Redirects,
}

/// Begins a download and answers its bytes as they come.
pub(crate) async fn fetch(
    gate: &Gate,
    uri: &str,
) -> Result<impl Stream<Item = Result<Bytes, &'static str>> + Send + use<>, FetchError> {
    let mut url = gate.check(uri)?;
    for followed in 0..=gate.config().max_redirects {
        let addresses = gate.resolve(&url).await;
        let addresses =
            addresses.map_err(|error| if followed == 0 { error.into() } else { FetchError::Redirect })?;
        let response = ask(gate, &url, &addresses).await?;
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(response.bytes_stream().map(|piece| piece.map_err(broken)));
        }
        if !status.is_redirection() {
            return Err(FetchError::Answer(status));
        }
        url = next(gate, &url, &response).ok_or(FetchError::Redirect)?;
    }
    Err(FetchError::Redirects)
}

/// Asks the addresses that passed the gate, and no others.
async fn ask(gate: &Gate, url: &Url, addresses: &[SocketAddr]) -> Result<reqwest::Response, FetchError> {
    let config = gate.config();
    let unreachable = |error: reqwest::Error| {
        tracing::info!(
            host = url.host_str(),
            error = reason(&error),
            "the host of a web-download does not answer"
        );
        FetchError::Unreachable
    };
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .resolve_to_addrs(url.host_str().unwrap_or_default(), addresses)
        .no_gzip()
        .connect_timeout(Duration::from_secs(config.connect_seconds))
        .read_timeout(Duration::from_secs(config.idle_seconds))
        .user_agent("kogge-image")
        .build()
        .map_err(unreachable)?;
    client.get(url.clone()).send().await.map_err(unreachable)
}

/// Where a redirect leads, if it passes the gate.
fn next(gate: &Gate, url: &Url, response: &reqwest::Response) -> Option<Url> {
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let target = url.join(location).ok()?;
    if url.scheme() == "https" && target.scheme() != "https" {
        return None;
    }
    gate.check(target.as_str()).ok()
}

#[expect(clippy::needless_pass_by_value, reason = "an error is mapped")]
fn broken(error: reqwest::Error) -> &'static str {
    tracing::info!(error = reason(&error), "a web-download broke off");
    "the connection was lost"
}

/// The innermost cause: the outer ones only repeat the address.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WebDownload;
    use axum::Router;
    use axum::response::Redirect;
    use axum::routing::get;

    async fn server() -> (Gate, u16) {
        let router = Router::new()
            .route("/image", get(|| async { "hello" }))
            .route("/there", get(|| async { Redirect::temporary("/image") }))
            .route("/loop", get(|| async { Redirect::temporary("/loop") }))
            .route("/inside", get(|| async { Redirect::temporary("http://10.0.0.1/") }))
            .route("/nowhere", get(|| async { Redirect::temporary("http://no-such-name.invalid/") }))
            .route("/file", get(|| async { Redirect::temporary("file:///etc/passwd") }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let allow_networks = vec!["127.0.0.1/32".parse().unwrap()];
        (Gate::new(&WebDownload { ports: vec![port, 80], allow_networks, ..WebDownload::default() }), port)
    }

    async fn got(gate: &Gate, uri: String) -> Result<Vec<u8>, String> {
        let stream = fetch(gate, &uri).await.map_err(|error| error.to_string())?;
        let pieces: Vec<_> = stream.collect().await;
        Ok(pieces.into_iter().flat_map(|piece| piece.unwrap().to_vec()).collect())
    }

    #[tokio::test]
    async fn a_redirect_is_followed_where_the_gate_lets_it() {
        let (gate, port) = server().await;
        let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
        assert_eq!(got(&gate, at("image")).await.unwrap(), b"hello");
        assert_eq!(got(&gate, at("there")).await.unwrap(), b"hello");
        assert!(got(&gate, at("loop")).await.unwrap_err().contains("too many redirects"));
        for path in ["inside", "file", "nowhere"] {
            let refused = got(&gate, at(path)).await.unwrap_err();
            assert_eq!(refused, "the URI redirects to where no image may be fetched from", "{path}");
        }
        assert!(got(&gate, at("missing")).await.unwrap_err().contains("404"));
    }

    #[tokio::test]
    async fn how_a_connection_failed_is_not_told() {
        let (gate, port) = server().await;
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut config = gate.config().clone();
        config.ports.extend([closed, silent.local_addr().unwrap().port()]);
        config.idle_seconds = 1;
        let gate = Gate::new(&config);
        let refused = async |uri: String| got(&gate, uri).await.unwrap_err();
        let closed = refused(format!("http://127.0.0.1:{closed}/")).await;
        assert_eq!(
            closed,
            refused(format!("http://127.0.0.1:{}/", silent.local_addr().unwrap().port())).await
        );
        assert_eq!(closed, refused(format!("https://127.0.0.1:{port}/")).await);
    }
}
