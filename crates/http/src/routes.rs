//! The route table of a service: the one list that serves requests, documents itself and is walked by tests.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use http::Method;
use kogge_auth::{Caller, Rule};

use crate::{ApiError, ErrorKind, Microversion, VersionRange};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without token.
    Public,
    /// Everybody with a token; what they see is their own.
    Token,
    /// Whom the rule allows; the service asks it.
    Rule(Rule),
}

/// A line of the table.
#[derive(Debug, Clone)]
pub struct RouteInfo {
    /// HTTP method.
    pub method: Method,
    /// Path inside the service: `/v2.1/servers/{id}`.
    pub path: &'static str,
    /// Key of the body, for the many actions behind one path: `os-start`.
    pub action: Option<&'static str>,
    /// Microversions that have it.
    pub versions: VersionRange,
    /// Who may.
    pub access: Access,
}

/// A route table under construction; `S` is the service's handle.
pub struct Routes<S> {
    router: Router<S>,
    table: Vec<RouteInfo>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

macro_rules! method {
    ($name:ident, $method:ident) => {
        #[doc = concat!("Adds a `", stringify!($method), "` route.")]
        #[must_use]
        pub fn $name<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
        where
            H: Handler<T, S>,
            T: 'static,
        {
            self.route(Method::$method, path, VersionRange::default(), access, handler)
        }
    };
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self { router: Router::new(), table: Vec::new() }
    }

    method!(get, GET);
    method!(head, HEAD);
    method!(post, POST);
    method!(put, PUT);
    method!(patch, PATCH);
    method!(delete, DELETE);

    /// Adds a route that only some microversions have; others get 404.
    #[must_use]
    pub fn route<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        versions: VersionRange,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let mut route = on(filter, handler);
        if versions != VersionRange::default() {
            route = route.layer(middleware::from_fn(move |request, next| in_range(versions, request, next)));
        }
        if access != Access::Public {
            route = route.layer(middleware::from_fn(require_caller));
        }
        self.router = self.router.route(path, route);
        self.table.push(RouteInfo { method, path, action: None, versions, access });
        self
    }

    /// Notes an action behind the path of a `POST` route that is in the table already: `{"os-start": null}`.
    #[must_use]
    pub fn action(mut self, path: &'static str, action: &'static str, access: Access) -> Self {
        let versions = VersionRange::default();
        self.table.push(RouteInfo { method: Method::POST, path, action: Some(action), versions, access });
        self
    }

    /// As [`Routes::action`], for an action that only some microversions have.
    #[must_use]
    pub fn action_in(
        mut self,
        path: &'static str,
        action: &'static str,
        versions: VersionRange,
        access: Access,
    ) -> Self {
        self.table.push(RouteInfo { method: Method::POST, path, action: Some(action), versions, access });
        self
    }

    /// Adds all routes of another table.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &[RouteInfo] {
        &self.table
    }

    /// The router: strangers get 401 for every path, others 404 and 405 in the service's words.
    pub fn into_router(self, state: S) -> Router {
        self.router.fallback(no_route).method_not_allowed_fallback(no_method).with_state(state)
    }
}

async fn require_caller(request: Request, next: Next) -> Response {
    if request.extensions().get::<Caller>().is_none() {
        return ApiError::unauthorized().into_response();
    }
    next.run(request).await
}

async fn in_range(versions: VersionRange, request: Request, next: Next) -> Response {
    match request.extensions().get::<Microversion>() {
        Some(version) if !versions.contains(*version) => no_such().into_response(),
        _ => next.run(request).await,
    }
}

fn no_such() -> ApiError {
    ApiError::not_found("The resource could not be found.")
}

async fn no_route(request: Request) -> ApiError {
    if request.extensions().get::<Caller>().is_none() { ApiError::unauthorized() } else { no_such() }
}

async fn no_method(request: Request) -> ApiError {
    if request.extensions().get::<Caller>().is_none() {
        return ApiError::unauthorized();
    }
    let message = "The method is not allowed for the requested resource.";
    ApiError::new(ErrorKind::MethodNotAllowed, message)
}
