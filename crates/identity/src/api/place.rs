//! Where a request is, for links and pages.

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use kogge_http::{ApiError, BaseUrl, Pairs, next_query};

use crate::service::{ListQuery, Listed};

/// The address of a request as the client sees it, and its query.
pub(super) struct Place {
    pub(super) base: BaseUrl,
    pub(super) query: Pairs,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let base = BaseUrl::from_request_parts(parts, state).await?;
        let query = Pairs::parse(parts.uri.query().unwrap_or(""));
        Ok(Self { base, query, uri: parts.uri.clone() })
    }
}

impl Place {
    /// The address of the request itself, with its query.
    pub(super) fn itself(&self) -> String {
        self.base
            .join(self.uri.path_and_query().map_or_else(|| self.uri.path(), http::uri::PathAndQuery::as_str))
    }

    /// The address of something below `/v3`.
    pub(super) fn link(&self, path: &str) -> String {
        self.base.join(&format!("/v3/{path}"))
    }

    /// The list that the query asks for, with these filters.
    pub(super) fn list(&self, supported: &[&str]) -> Result<ListQuery, ApiError> {
        Ok(ListQuery::read(self.query.iter(), supported)?)
    }

    /// True where a parameter is there and not `0`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| value != "0")
    }

    /// The address of the page after this one, where more follows: also where our own bound cut the list.
    pub(super) fn next<T>(&self, listed: &Listed<T>, last: Option<&str>) -> Option<String> {
        let marker = last.filter(|_| listed.more)?;
        Some(format!("{}?{}", self.base.join(self.uri.path()), next_query(&self.query, marker)))
    }

    /// True where the request is for the inherited kind of a grant.
    pub(super) fn is_inherited(&self) -> bool {
        self.uri.path().ends_with("/inherited_to_projects")
    }
}
