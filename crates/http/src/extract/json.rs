//! JSON in and out.

use std::time::Duration;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::long_body;
use crate::server::{BodyStalled, ReadWithin};
use crate::{ApiError, ErrorKind, FaultStyle};

/// A JSON body. Malformed JSON is 400 "Malformed request body"; JSON of another shape is 400 and names the field.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// A JSON body that may be missing.
#[derive(Debug, Clone)]
pub struct OptionalJson<T>(pub Option<T>);

/// How long the whole of a body may take where no server says so.
const WITHIN: Duration = Duration::from_secs(30);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read(request).await?;
        parse(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if request.body().is_end_stream() {
            return Ok(Self(None));
        }
        let bytes = read(request).await?;
        if bytes.is_empty() { Ok(Self(None)) } else { parse(&bytes).map(|found| Self(Some(found))) }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match long_body::json(&self.0) {
            Ok(body) => {
                let mut response = Response::new(body);
                let json = http::HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                response
            }
            Err(error) => ApiError::internal(&error).into_response(),
        }
    }
}

async fn read(request: Request) -> Result<Bytes, ApiError> {
    let style = request.extensions().get::<FaultStyle>().copied().unwrap_or(FaultStyle::Network);
    if style.is_strict() {
        says_json(&request)?
    } else {
        is_json(request.headers())?
    }
    let within = request.extensions().get::<ReadWithin>().map_or(WITHIN, |within| within.0);
    let longest = style.longest_json();
    match tokio::time::timeout(within, axum::body::to_bytes(request.into_body(), longest)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(broken(&error, longest)),
        Err(_) => Err(late()),
    }
}

fn broken(error: &axum::Error, longest: usize) -> ApiError {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.is::<LengthLimitError>() {
            let message = format!("Request is too large: {longest} bytes at most.");
            return ApiError::new(ErrorKind::TooLarge, message);
        }
        if inner.is::<BodyStalled>() {
            return late();
        }
        cause = inner.source();
    }
    ApiError::bad_request("The body of the request broke off.")
}

fn late() -> ApiError {
    ApiError::new(ErrorKind::RequestTimeout, "The body of the request did not come in time.")
}

/// A missing content type is taken for JSON, as upstream does.
fn is_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = kind.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
    let json = kind.eq_ignore_ascii_case("application/json")
        || kind.to_ascii_lowercase().ends_with("+json")
        || kind.to_ascii_lowercase().ends_with("-json-patch")
        || kind.is_empty();
    if json {
        return Ok(());
    }
    let message = format!("Unsupported Content-Type '{kind}': application/json is expected.");
    Err(ApiError::new(ErrorKind::UnsupportedMediaType, message))
}

/// Placement takes nothing else, and not silence either. Source: `placement/util.py`, `require_content`;
/// `placement/handler.py`, `PlacementHandler`.
fn says_json(request: &Request) -> Result<(), ApiError> {
    let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or(""));
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or("").trim());
    match kind.filter(|kind| !kind.is_empty()) {
        Some(kind) if kind.eq_ignore_ascii_case("application/json") => Ok(()),
        None if !request.body().is_end_stream() => {
            Err(ApiError::bad_request("content-type header required when content-length > 0"))
        }
        other => {
            let kind = other.unwrap_or("None");
            let message = format!("The media type {kind} is not supported, use application/json");
            Err(ApiError::new(ErrorKind::UnsupportedMediaType, message))
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let found = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let place = if path == "." { String::new() } else { format!(" {path}") };
            ApiError::bad_request(format!("Invalid input for field/attribute{place}: {}", reason(&inner)))
        } else {
            ApiError::bad_request("Malformed request body")
        }
    })?;
    reader.end().map_err(|_| ApiError::bad_request("Malformed request body"))?;
    Ok(found)
}

/// The error without serde's " at line 1 column 2", which helps nobody who sent one line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body1 {
        #[allow(dead_code)]
        server: Server,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Server {
        #[allow(dead_code)]
        name: String,
    }

    fn refused(text: &str) -> String {
        parse::<Body1>(text.as_bytes()).unwrap_err().message().to_owned()
    }

    #[test]
    fn the_field_is_named() {
        assert!(refused(r#"{"server": {"name": 1}}"#).contains("server.name"));
        assert!(refused(r#"{"server": {"name": "a", "size": 1}}"#).contains("size"));
    }

    #[test]
    fn malformed_json_is_told_apart() {
        assert_eq!(refused("{"), "Malformed request body");
        assert_eq!(refused(r#"{"server": {"name": "a"}} x"#), "Malformed request body");
        assert_eq!(refused("{\"server\": {\"name\": \"a\""), "Malformed request body");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<Body1>(&bytes);
        }
    }
}
