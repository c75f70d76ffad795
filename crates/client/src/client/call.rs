//! One call being put together.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::Client;
use super::endpoint::below;
use crate::answer::Answer;
use crate::auth::token::Token;
use crate::error::{CallName, Error, Result};
use crate::service_type;
use crate::transport::{Outgoing, is_repeatable};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An id or name made safe for use as one segment of a path.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A call that has not been sent yet.
#[derive(Clone)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    client: Client,
    method: Method,
    service: String,
    path: String,
    query: Vec<(String, String)>,
    raw_query: Option<String>,
    headers: HeaderMap,
    microversion: Option<String>,
    body: Bytes,
    deadline: Option<Duration>,
    anonymous: bool,
    address: Option<Url>,
    broken: Option<String>,
}

impl Call {
    pub(super) fn new(client: Client, method: Method, service: &str, path: &str) -> Self {
        let (path, raw_query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        let leaves =
            path.split('/').any(|s| matches!(s.to_lowercase().replace("%2e", ".").as_str(), "." | ".."));
        Self {
            client,
            method,
            service: service.to_owned(),
            path: path.to_owned(),
            query: Vec::new(),
            raw_query,
            headers: HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]),
            microversion: None,
            body: Bytes::new(),
            deadline: None,
            anonymous: false,
            address: None,
            broken: leaves.then(|| format!("the path {path:?} must not hold the segments . or ..")),
        }
    }

    /// Asks for a microversion such as `2.61`.
    pub fn microversion(mut self, version: impl Into<String>) -> Self {
        self.microversion = Some(version.into());
        self
    }

    /// Adds a query parameter.
    pub fn query(mut self, key: &str, value: &str) -> Self {
        self.query.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets a header, replacing what was there.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            _ => self.broken = Some(format!("{name:?} is no header, or its value cannot be sent")),
        }
        self
    }

    /// A JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().into_bytes())
    }

    /// Any body.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// The longest time that this call may take, instead of [`crate::Limits::call`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sends no token.
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Uses this address instead of the catalogue's.
    pub(super) fn at(mut self, address: Url) -> Self {
        self.address = Some(address);
        self
    }

    /// Replaces the whole query, as for a next page.
    pub(crate) fn with_raw_query(mut self, query: &str) -> Self {
        self.query.clear();
        self.raw_query = Some(query.to_owned());
        self
    }

    /// Sends it. Every status is an answer. A token that the cloud no longer accepts is renewed once.
    ///
    /// # Errors
    /// Only if there is no answer, or no place to ask.
    pub async fn send(self) -> Result<Answer> {
        if let Some(because) = self.broken {
            return Err(Error::Setup { because });
        }
        let deadline = self.deadline.unwrap_or(self.client.0.transport.limits.call);
        let url = self.url().await?;
        let call = CallName::new(&self.method, &self.service, &url);
        let work = Box::pin(self.send_signed(Outgoing {
            call: call.clone(),
            method: self.method.clone(),
            url,
            headers: self.all_headers()?,
            body: self.body.clone(),
            deadline,
            repeatable: is_repeatable(&self.method),
        }));
        tokio::time::timeout(deadline, work).await.unwrap_or(Err(Error::Deadline { call, after: deadline }))
    }

    async fn send_signed(&self, request: Outgoing) -> Result<Answer> {
        let transport = &self.client.0.transport;
        if self.anonymous {
            return transport.send(request).await;
        }
        let token = self.client.token().await?;
        let answer = transport.send(signed(request.clone(), &token)?).await?;
        if answer.status.as_u16() != 401 || !self.client.forget(&token).await {
            return Ok(answer);
        }
        let renewed = self.client.token().await?;
        transport.send(signed(request, &renewed)?).await
    }

    async fn url(&self) -> Result<Url> {
        let mut url = match &self.address {
            Some(address) => address.clone(),
            None => below(&self.client.endpoint(&self.service).await?, &self.path),
        };
        url.set_query(self.raw_query.as_deref());
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    fn all_headers(&self) -> Result<HeaderMap> {
        let mut headers = self.headers.clone();
        let Some(version) = &self.microversion else { return Ok(headers) };
        for (name, value) in microversion_headers(&self.service, version) {
            let value = HeaderValue::from_str(&value)
                .map_err(|_| Error::Setup { because: format!("{version:?} is no microversion") })?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

fn signed(mut request: Outgoing, token: &Token) -> Result<Outgoing> {
    let mut value = HeaderValue::from_str(token.secret.expose_secret())
        .map_err(|_| Error::Setup { because: "the cloud's token cannot be sent in a header".into() })?;
    value.set_sensitive(true);
    request.headers.insert("x-auth-token", value);
    Ok(request)
}

/// The headers that ask for a microversion, old and new spelling where a service has both.
fn microversion_headers(service: &str, version: &str) -> Vec<(&'static str, String)> {
    const STANDARD: &str = "openstack-api-version";
    let official = service_type::find(service).map_or(service, |known| known.official);
    match official {
        "compute" => {
            vec![
                (STANDARD, format!("compute {version}")),
                ("x-openstack-nova-api-version", version.to_owned()),
            ]
        }
        "block-storage" => vec![(STANDARD, format!("volume {version}"))],
        "baremetal" => vec![("x-openstack-ironic-api-version", version.to_owned())],
        "shared-file-system" => vec![("x-openstack-manila-api-version", version.to_owned())],
        other => vec![(STANDARD, format!("{other} {version}"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_microversion_header() {
        assert_eq!(
            microversion_headers("volumev3", "3.60"),
            [("openstack-api-version", "volume 3.60".to_owned())]
        );
        assert_eq!(microversion_headers("compute", "2.1").len(), 2);
        assert_eq!(microversion_headers("placement", "1.6")[0].1, "placement 1.6");
    }

    #[test]
    fn an_id_from_the_cloud_stays_one_segment() {
        assert_eq!(encode_segment("a/b?c#d e"), "a%2Fb%3Fc%23d%20e");
        assert_eq!(encode_segment("SCS-1V-4_x.y"), "SCS-1V-4_x.y");
    }
}
