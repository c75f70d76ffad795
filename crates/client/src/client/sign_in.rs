//! Getting, keeping and renewing the token.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use kogge_clock::Timestamp;
use url::Url;

use super::Client;
use crate::auth::{request, token::Token};
use crate::config::Credentials;
use crate::error::{CallName, Error, Result};
use crate::transport::Outgoing;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Client {
    /// The token: the kept one while it is fresh, else a new one. Callers at the same time share one sign-in.
    ///
    /// # Errors
    /// [`Error::Status`] with the cloud's reason if it refuses; [`Error::TokenExpired`] if the credentials are
    /// themselves a token that has ended; else why there was no answer.
    pub async fn token(&self) -> Result<Arc<Token>> {
        let mut kept = self.0.token.lock().await;
        if let Some(token) = kept.as_ref() {
            if !token.is_stale(self.0.clock.now()) {
                return Ok(Arc::clone(token));
            }
            if matches!(self.0.config.credentials, Credentials::Token(_)) {
                return Err(Error::TokenExpired);
            }
        }
        let token = Arc::new(self.sign_in().await?);
        *kept = Some(Arc::clone(&token));
        Ok(token)
    }

    /// Forgets a token that the cloud no longer accepts. `false` if the credentials cannot get another.
    pub(super) async fn forget(&self, refused: &Arc<Token>) -> bool {
        if matches!(self.0.config.credentials, Credentials::Token(_)) {
            return false;
        }
        let mut kept = self.0.token.lock().await;
        if kept.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused)) {
            *kept = None;
        }
        true
    }

    async fn sign_in(&self) -> Result<Token> {
        let url = tokens_url(&self.0.config.auth_url);
        self.0.transport.guard.learn(&url).await;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, JSON);
        let asked = self.0.clock.now();
        let answer = self.0.transport.send(Outgoing {
            call: CallName::new(&Method::POST, "identity", &url),
            method: Method::POST,
            url,
            headers,
            body: Bytes::from(request::body(&self.0.config).to_string()),
            deadline: self.0.transport.limits.call,
            // a token more does no harm
            repeatable: true,
        });
        let answer = answer.await?;
        let told = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
        let clock_offset_ms = told.and_then(|date| ahead_by(date, asked, self.0.clock.now()));
        let token = Token { clock_offset_ms, ..Token::read(&answer.success()?)? };
        self.0.transport.secrets.add(&token.secret);
        Ok(token)
    }
}

/// By how many milliseconds the other side's clock is ahead, if it showed `date` between two of our moments. A `Date` has
/// whole seconds, the one that has begun: it is half a second later on the average.
fn ahead_by(date: SystemTime, asked: Timestamp, answered: Timestamp) -> Option<i64> {
    let date = i64::try_from(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok()?;
    let ours = (asked.as_micros() / 2 + answered.as_micros() / 2) / 1000;
    date.checked_add(500)?.checked_sub(ours)
}

/// `…/v3/auth/tokens` below the configured address, which may or may not end in a version.
fn tokens_url(auth_url: &Url) -> Url {
    let path = auth_url.path().trim_end_matches('/');
    let root = ["/v3", "/v2.0"].iter().find_map(|version| path.strip_suffix(version)).unwrap_or(path);
    let mut url = auth_url.clone();
    url.set_path(&format!("{root}/v3/auth/tokens"));
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_ahead_is_seen_so() {
        let date = httpdate::parse_http_date("Tue, 24 Nov 2026 08:00:10 GMT").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (asked, answered) = (at("2026-11-24T08:00:00.000000Z"), at("2026-11-24T08:00:01.000000Z"));
        assert_eq!(ahead_by(date, asked, answered), Some(10_000));
        assert_eq!(
            ahead_by(SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1), asked, answered),
            None
        );
    }

    #[test]
    fn the_address_for_tokens_does_not_depend_on_spelling() {
        for (given, expected) in [
            ("http://k:5000", "http://k:5000/v3/auth/tokens"),
            ("http://k:5000/v3/", "http://k:5000/v3/auth/tokens"),
            ("http://k/identity", "http://k/identity/v3/auth/tokens"),
            ("http://k/identity/v2.0", "http://k/identity/v3/auth/tokens"),
            ("http://[::1]:8770/identity/v3", "http://[::1]:8770/identity/v3/auth/tokens"),
        ] {
            assert_eq!(tokens_url(&given.parse().unwrap()).as_str(), expected);
        }
    }
}
