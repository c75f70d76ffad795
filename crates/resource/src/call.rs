//! All that a handler wants to know of a request but its body.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use http::{HeaderMap, Uri};
use kogge_auth::{Caller, Rule};
use kogge_http::{Access, ApiError, BaseUrl, Microversion, Pairs, mv};

const NOBODY: Rule = Rule::new("", "", "!");

/// A request to the service `S`. 401 where nobody stands behind it.
#[derive(Clone)]
pub struct Call<S> {
    /// The service.
    pub service: S,
    /// Who calls.
    pub caller: Caller,
    /// In which version; 0.0 where the service has none.
    pub version: Microversion,
    /// The address that the client sees.
    pub base: BaseUrl,
    /// The query string.
    pub query: Pairs,
    /// The path inside the service, with the query string.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The rule of the route, for the service to ask; where the table names none, one that nobody passes.
    pub rule: Rule,
    params: Vec<(String, String)>,
}

impl<S> Call<S> {
    /// The parameter of the path that is called so; empty where there is none.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// What the path names: its last parameter; empty where it has none.
    #[must_use]
    pub fn key(&self) -> &str {
        self.params.last().map_or("", |(_, value)| value)
    }

    /// The parameters of the path, in its order; empty where it has fewer.
    #[must_use]
    pub fn keys<const N: usize>(&self) -> [&str; N] {
        std::array::from_fn(|at| self.params.get(at).map_or("", |(_, value)| value))
    }
}

impl<S: Clone + Send + Sync> FromRequestParts<S> for Call<S> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(ApiError::unauthorized)?;
        let missing = |_| ApiError::not_found("The resource could not be found.");
        let params = RawPathParams::from_request_parts(parts, service).await.map_err(missing)?;
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(Self {
            service: service.clone(),
            caller,
            version: parts.extensions.get::<Microversion>().copied().unwrap_or(mv(0, 0)),
            base: BaseUrl::from_request_parts(parts, service).await?,
            query: Pairs::parse(parts.uri.query().unwrap_or("")),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            rule: match parts.extensions.get::<Access>() {
                Some(Access::Rule(rule)) => *rule,
                _ => NOBODY,
            },
            params: params.iter().map(own).collect(),
        })
    }
}
