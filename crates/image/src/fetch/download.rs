//! One download through the gate.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{StatusCode, header};
use url::Url;

use super::gate::{Gate, GateError};

/// Why a download did not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The gate refused.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The server did not answer as it should.
    #[error("{url} {because}")]
    Answer {
        /// Whom we asked.
        url: String,
        /// What it answered.
        because: String,
    },
}

impl FetchError {
    fn answer(url: &Url, because: impl Into<String>) -> Self {
        Self::Answer { url: url.to_string(), because: because.into() }
    }
}

/// Begins a download and answers its bytes as they come.
pub(crate) async fn fetch(
    gate: &Gate,
    uri: &str,
) -> Result<impl Stream<Item = Result<Bytes, String>> + Send + use<>, FetchError> {
    let mut url = gate.check(uri)?;
    for _ in 0..=gate.config().max_redirects {
        let response = ask(gate, &url).await?;
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(response.bytes_stream().map(|piece| piece.map_err(|error| reason(&error))));
        }
        if !status.is_redirection() {
            return Err(FetchError::answer(&url, format!("answered {status}")));
        }
        url = next(gate, &url, &response)?;
    }
    Err(FetchError::answer(&url, "is behind too many redirects"))
}

/// Asks the addresses that passed the gate, and no others.
async fn ask(gate: &Gate, url: &Url) -> Result<reqwest::Response, FetchError> {
    let addresses = gate.resolve(url).await?;
    let config = gate.config();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .resolve_to_addrs(url.host_str().unwrap_or_default(), &addresses)
        .no_gzip()
        .connect_timeout(Duration::from_secs(config.connect_seconds))
        .read_timeout(Duration::from_secs(config.idle_seconds))
        .user_agent("kogge-image")
        .build()
        .map_err(|error| FetchError::answer(url, reason(&error)))?;
    client.get(url.clone()).send().await.map_err(|error| FetchError::answer(url, reason(&error)))
}

fn next(gate: &Gate, url: &Url, response: &reqwest::Response) -> Result<Url, FetchError> {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| FetchError::answer(url, "redirects to nowhere"))?;
    let target = url.join(location).map_err(|_| FetchError::answer(url, "redirects to nonsense"))?;
    if url.scheme() == "https" && target.scheme() != "https" {
        return Err(FetchError::answer(url, "redirects from https to plain http"));
    }
    Ok(gate.check(target.as_str())?)
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
        assert!(got(&gate, at("inside")).await.unwrap_err().contains("not public"));
        assert!(got(&gate, at("file")).await.unwrap_err().contains("filtering"));
        assert!(got(&gate, at("missing")).await.unwrap_err().contains("404"));
    }
}
