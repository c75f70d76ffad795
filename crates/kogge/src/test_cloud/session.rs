//! Requests of one caller.

use http::{HeaderMap, Method};
use serde_json::Value;

/// A caller with a token.
#[derive(Clone)]
pub struct Session {
    http: reqwest::Client,
    root: String,
    token: String,
    facts: Value,
    version: Option<String>,
    headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body as JSON; `Null` where it is none.
    pub body: Value,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The value of a header; empty where it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// `body[resource]["id"]`.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn id(&self, resource: &str) -> String {
        let id = self.body[resource]["id"].as_str();
        id.unwrap_or_else(|| panic!("no id of a {resource} in {}: {}", self.status, self.body)).to_owned()
    }
}

impl Session {
    pub(super) fn new(http: reqwest::Client, root: String, token: String, facts: Value) -> Self {
        Self { http, root, token, facts, version: None, headers: Vec::new() }
    }

    /// The same caller, speaking a microversion: `compute 2.96`.
    #[must_use]
    pub fn speaking(&self, version: &str) -> Self {
        Self { version: Some(version.to_owned()), ..self.clone() }
    }

    /// The same caller, who sends this header too.
    #[must_use]
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut more = self.clone();
        more.headers.push((name, value.to_owned()));
        more
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Id of the project of the scope.
    #[must_use]
    pub fn project_id(&self) -> &str {
        self.facts["project"]["id"].as_str().unwrap_or("")
    }

    /// Id of the user.
    #[must_use]
    pub fn user_id(&self) -> &str {
        self.facts["user"]["id"].as_str().unwrap_or("")
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any request with a JSON body; `Null` is no body.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.filter(|body| !body.is_null()).map(|body| body.to_string().into_bytes());
        let kind = body.as_ref().map(|_| "application/json");
        self.send_bytes(method, path, kind, body.unwrap_or_default()).await
    }

    /// Any request with any body.
    ///
    /// # Panics
    /// Where there is no answer.
    pub async fn send_bytes(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.root) };
        let mut request = self.http.request(method.clone(), url).body(body);
        if !self.token.is_empty() {
            request = request.header("x-auth-token", &self.token);
        }
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        if let Some(version) = &self.version {
            request = request.header("openstack-api-version", version);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes =
            response.bytes().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}")).to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, headers, body, bytes }
    }
}
