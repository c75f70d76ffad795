//! Letting somebody watch the exchanges, with every secret taken out first.

use std::time::Duration;

use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;

/// How much of a body a record keeps, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// What stands in the place of a secret.
pub const REDACTED: &str = "<redacted>";

/// Headers that hold secrets.
const SECRET_HEADERS: &[&str] =
    &["x-auth-token", "x-subject-token", "x-service-token", "authorization", "cookie", "set-cookie"];

/// Keys of JSON bodies that hold secrets, whatever their value is.
const SECRET_KEYS: &[&str] = &[
    "password",
    "original_password",
    "adminpass",
    "secret",
    "payload",
    "private_key",
    "user_data",
    "blob",
    "passcode",
    "auth_token",
];

/// Sees each exchange after it ended. Called between requests: be quick.
pub trait Recorder: Send + Sync {
    /// Takes one exchange.
    fn record(&self, exchange: Exchange);
}

/// One request and its answer, without secrets.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// The service type.
    pub service: String,
    /// `GET`, `POST` …
    pub method: String,
    /// The address with its query.
    pub url: String,
    /// The headers that were sent.
    pub request_headers: Vec<(String, String)>,
    /// The body that was sent.
    pub request_body: Option<String>,
    /// The status, or `None` if there was no answer.
    pub status: Option<u16>,
    /// The headers that came.
    pub response_headers: Vec<(String, String)>,
    /// The body that came, at most 64 KiB of it.
    pub response_body: Option<String>,
    /// Why there was no answer.
    pub failure: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Headers as text, secret ones replaced.
#[must_use]
pub fn safe_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let secret = SECRET_HEADERS.contains(&name.as_str());
            let text =
                if secret { REDACTED.into() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
            (name.to_string(), text)
        })
        .collect()
}

/// A body as text, secrets replaced. What is no JSON is described by its length only, for nobody knows what it holds.
#[must_use]
pub fn safe_body(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() {
        return None;
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else {
        return Some(format!("<{} bytes that are no JSON>", bytes.len()));
    };
    redact(&mut value);
    let mut text = value.to_string();
    if text.len() > BODY_LIMIT {
        let end = (0..=BODY_LIMIT).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    Some(text)
}

/// Replaces secrets inside a JSON value.
pub fn redact(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if SECRET_KEYS.contains(&key.to_lowercase().as_str())
                    && !inner.is_object()
                    && !inner.is_array()
                {
                    *inner = Value::String(REDACTED.into());
                } else if key == "token" && inner.get("id").is_some() {
                    inner["id"] = Value::String(REDACTED.into());
                } else {
                    redact(inner);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_leave_bodies() {
        let body = json!({"auth": {"identity": {
            "password": {"user": {"name": "joe", "password": "geheim"}},
            "token": {"id": "geheim"},
            "application_credential": {"id": "a", "secret": "geheim"}},
            "server": {"adminPass": "geheim", "list": [{"private_key": "geheim"}]}}});
        let text = safe_body(body.to_string().as_bytes()).unwrap();
        assert!(!text.contains("geheim") && text.contains("joe"), "{text}");
    }

    #[test]
    fn secrets_leave_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("x-auth-token", "geheim".parse().unwrap());
        headers.insert("accept", "application/json".parse().unwrap());
        let text = format!("{:?}", safe_headers(&headers));
        assert!(!text.contains("geheim") && text.contains("application/json"), "{text}");
    }

    #[test]
    fn a_body_that_is_no_json_is_only_counted() {
        assert_eq!(safe_body(b"geheim").unwrap(), "<6 bytes that are no JSON>");
        assert_eq!(safe_body(b""), None);
    }

    #[test]
    fn a_long_body_is_cut_at_a_character() {
        let text = safe_body(json!({"a": "ä".repeat(BODY_LIMIT)}).to_string().as_bytes()).unwrap();
        assert!(text.len() <= BODY_LIMIT + 4);
    }
}
