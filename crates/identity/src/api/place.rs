//! Where a request is, for links and pages.

use kogge_http::{ApiError, next_query};
use kogge_resource::Call;

use crate::service::{Identity, ListQuery, Listed};

/// A request, for its address as the client sees it and its query.
pub(super) type Place = Call<Identity>;

/// What addresses and queries are read for.
pub(super) trait Placed {
    /// The address of the request itself, with its query.
    fn itself(&self) -> String;
    /// The address of something below `/v3`.
    fn link(&self, path: &str) -> String;
    /// The list that the query asks for, with these filters.
    fn list(&self, supported: &[&str]) -> Result<ListQuery, ApiError>;
    /// True where a parameter is there and not `0`.
    fn flag(&self, name: &str) -> bool;
    /// The address of the page after this one, where more follows: also where our own bound cut the list.
    fn next<T>(&self, listed: &Listed<T>, last: Option<&str>) -> Option<String>;
    /// True where the request is for the inherited kind of a grant.
    fn is_inherited(&self) -> bool;
}

impl Placed for Place {
    fn itself(&self) -> String {
        self.base
            .join(self.uri.path_and_query().map_or_else(|| self.uri.path(), http::uri::PathAndQuery::as_str))
    }

    fn link(&self, path: &str) -> String {
        self.base.join(&format!("/v3/{path}"))
    }

    fn list(&self, supported: &[&str]) -> Result<ListQuery, ApiError> {
        Ok(ListQuery::read(self.query.iter(), supported)?)
    }

    fn flag(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| value != "0")
    }

    fn next<T>(&self, listed: &Listed<T>, last: Option<&str>) -> Option<String> {
        let marker = last.filter(|_| listed.more)?;
        Some(format!("{}?{}", self.base.join(self.uri.path()), next_query(&self.query, marker)))
    }

    fn is_inherited(&self) -> bool {
        self.uri.path().ends_with("/inherited_to_projects")
    }
}
