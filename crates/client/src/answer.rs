//! What the cloud answered, untouched.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::{CallName, Error, Result};
use crate::secrets::Secrets;

/// How much of a body an error message quotes.
const EXCERPT_CHARS: usize = 200;

/// How many values a JSON body may hold. Each costs some dozen bytes of memory, however short it is in the text.
const MOST_VALUES: usize = 1_000_000;

/// One answer: status, headers, bytes. Every status is an answer, also 4xx and 5xx.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The call that was answered.
    pub call: CallName,
    /// The status.
    pub status: StatusCode,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The body, decompressed, never longer than [`crate::Limits::body_bytes`].
    pub bytes: Bytes,
    /// What the cloud knows and must not tell others through us.
    pub(crate) secrets: Secrets,
}

impl Answer {
    /// The body as JSON of a type. Any status is fine.
    ///
    /// # Errors
    /// [`Error::Shape`] with the body's beginning, if it is no such JSON, or holds more than a million values.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        // each value but the first follows one of these; inside texts they only make the estimate larger
        if self.bytes.iter().filter(|byte| b",[{".contains(byte)).count() > MOST_VALUES {
            return Err(self.shape(format!("it holds more than {MOST_VALUES} values")));
        }
        serde_json::from_slice(&self.bytes).map_err(|cause| {
            let excerpt = self.excerpt();
            self.shape(format!("{cause}; it begins {excerpt:?}"))
        })
    }

    /// The answer itself if its status is 2xx.
    ///
    /// # Errors
    /// [`Error::Status`] with the message of the fault body.
    pub fn success(self) -> Result<Self> {
        if self.status.is_success() {
            return Ok(self);
        }
        Err(Error::Status { status: self.status.as_u16(), message: self.fault_message(), call: self.call })
    }

    /// The message inside the fault body, in whichever of OpenStack's fault styles it comes; else the body's beginning.
    #[must_use]
    pub fn fault_message(&self) -> String {
        let found =
            serde_json::from_slice::<serde_json::Value>(&self.bytes).ok().and_then(|v| message_in(&v));
        let text = self.secrets.take_out(&found.unwrap_or_else(|| self.excerpt()));
        if text.is_empty() { "(no message)".to_owned() } else { text }
    }

    /// A header's value, if it is there once and readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// An error that says the body is not as needed.
    #[must_use]
    pub fn shape(&self, because: impl Into<String>) -> Error {
        let because = self.secrets.take_out(&because.into());
        Error::Shape { call: self.call.clone(), status: self.status.as_u16(), because }
    }

    fn excerpt(&self) -> String {
        printable(&String::from_utf8_lossy(&self.bytes))
    }
}

/// The beginning of a text without control characters: a cloud must not paint on our terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().take(EXCERPT_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `{"itemNotFound": {"message": …}}`, `{"error": {"message": …}}`, `{"NeutronError": {"message": …}}`,
/// `{"errors": [{"detail": …}]}`, `{"faultstring": …}`, `{"title": …, "description": …}`, `{"message": …}`.
fn message_in(body: &serde_json::Value) -> Option<String> {
    let object = body.as_object()?;
    if let Some(first) = object.get("errors").and_then(|e| e.get(0)) {
        return text_of(first, &["detail", "title"]);
    }
    text_of(body, &["message", "faultstring", "description", "detail"])
        .or_else(|| object.values().find_map(|inner| text_of(inner, &["message", "faultstring"])))
}

fn text_of(value: &serde_json::Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| value.get(key)?.as_str()).map(printable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let url = url::Url::parse("http://c.example/x").unwrap();
        Answer {
            call: CallName::new(&http::Method::GET, "compute", &url),
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            bytes: Bytes::copy_from_slice(body.as_bytes()),
            secrets: Secrets::default(),
        }
    }

    #[test]
    fn every_fault_style_shows_its_message() {
        for body in [
            r#"{"itemNotFound": {"message": "gone", "code": 404}}"#,
            r#"{"error": {"message": "gone", "code": 404, "title": "Not Found"}}"#,
            r#"{"NeutronError": {"type": "X", "message": "gone", "detail": ""}}"#,
            r#"{"errors": [{"status": 404, "title": "Not Found", "detail": "gone"}]}"#,
            r#"{"faultcode": "Client", "faultstring": "gone"}"#,
            r#"{"title": "Not Found", "description": "gone"}"#,
            r#"{"message": "gone"}"#,
        ] {
            assert_eq!(answer(404, body).fault_message(), "gone", "{body}");
        }
    }

    #[test]
    fn a_fault_that_is_no_json_is_quoted_without_control_characters() {
        assert_eq!(answer(502, "bad\u{1b}[2Jgateway").fault_message(), "bad [2Jgateway");
        assert_eq!(answer(502, "").fault_message(), "(no message)");
    }

    #[test]
    fn wrong_json_names_the_call_and_quotes_its_beginning() {
        let text = answer(200, "<html>").json::<serde_json::Value>().unwrap_err().to_string();
        assert!(text.contains("GET http://c.example/x (compute)") && text.contains("<html>"), "{text}");
    }

    #[test]
    fn a_body_of_too_many_values_is_not_read() {
        let many = format!("[{}0]", "0,".repeat(MOST_VALUES));
        let text = answer(200, &many).json::<serde_json::Value>().unwrap_err().to_string();
        assert!(text.contains("more than 1000000 values") && text.len() < 200, "{text}");
    }

    #[test]
    fn a_deep_body_is_an_error() {
        for deep in [format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)), "{\"a\":".repeat(100_000)] {
            assert!(answer(200, &deep).json::<serde_json::Value>().is_err());
        }
    }

    #[test]
    fn a_secret_that_comes_back_is_not_quoted() {
        let told = answer(500, r#"{"message": "token gAAAA-7 is bad"}"#);
        told.secrets.add(&"gAAAA-7".into());
        assert_eq!(told.fault_message(), "token <redacted> is bad");
        assert!(!told.json::<u32>().unwrap_err().to_string().contains("gAAAA-7"));
    }

    #[test]
    fn a_long_body_is_not_quoted_whole() {
        let text = answer(500, &"x".repeat(100_000)).success().unwrap_err().to_string();
        assert!(text.len() < 400, "{}", text.len());
    }

    #[test]
    fn only_2xx_is_a_success() {
        assert!(answer(204, "").success().is_ok());
        for status in [199, 300, 404, 500] {
            assert!(answer(status, "{}").success().is_err(), "{status}");
        }
    }
}
