//! The route table of a service: the one list that serves requests, documents itself and is walked by tests.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, any, on};
use http::Method;
use kogge_auth::{Caller, Rule, Scope, Scopes};

use crate::{ApiError, ErrorKind, FaultStyle, Microversion, VersionRange};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without token.
    Public,
    /// Everybody with a token, also one that is good for nothing yet: what it says is not of any project.
    AnyToken,
    /// Everybody with a token of a project; what they see is their project's.
    Token,
    /// Whom the rule allows; the service asks it. Tokens of scopes that it does not take never get that far.
    Rule(Rule),
}

impl Access {
    /// The tokens that it takes; `None` where it needs none.
    #[must_use]
    pub const fn scopes(self) -> Option<Scopes> {
        match self {
            Self::Public => None,
            Self::AnyToken => Some(Scopes::Any),
            Self::Token => Some(Scopes::Project),
            Self::Rule(rule) => Some(rule.scopes),
        }
    }
}

impl From<Rule> for Access {
    fn from(rule: Rule) -> Self {
        Self::Rule(rule)
    }
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
    versions: VersionRange,
    gone: Vec<&'static str>,
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
        pub fn $name<H, T>(self, path: &'static str, access: impl Into<Access>, handler: H) -> Self
        where
            H: Handler<T, S>,
            T: 'static,
        {
            let versions = self.versions;
            self.route(Method::$method, path, versions, access, handler)
        }
    };
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::within(VersionRange::default())
    }

    /// An empty table of what only some microversions have; others get 404.
    #[must_use]
    pub fn within(versions: VersionRange) -> Self {
        Self { router: Router::new(), table: Vec::new(), versions, gone: Vec::new() }
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
        access: impl Into<Access>,
        handler: H,
    ) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let access = access.into();
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let mut route = on(filter, handler);
        if versions != VersionRange::default() {
            route = route.layer(middleware::from_fn(move |request, next| in_range(versions, request, next)));
        }
        if let Some(scopes) = access.scopes() {
            let gate = Gate { access, scopes, one: path.contains('{') };
            route = route.layer(middleware::from_fn(move |request, next| gate.pass(request, next)));
        }
        self.router = self.router.route(path, route);
        self.table.push(RouteInfo { method, path, action: None, versions, access });
        self
    }

    /// Notes an action behind the path of a `POST` route that is in the table already: `{"os-start": null}`.
    #[must_use]
    pub fn action(self, path: &'static str, action: &'static str, access: impl Into<Access>) -> Self {
        let versions = self.versions;
        self.action_in(path, action, versions, access)
    }

    /// As [`Routes::action`], for an action that only some microversions have.
    #[must_use]
    pub fn action_in(
        mut self,
        path: &'static str,
        action: &'static str,
        versions: VersionRange,
        access: impl Into<Access>,
    ) -> Self {
        let access = access.into();
        self.table.push(RouteInfo { method: Method::POST, path, action: Some(action), versions, access });
        self
    }

    /// Adds all routes of another table.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self.gone.extend(other.gone);
        self
    }

    /// Paths of old, of which upstream says that they are gone: 410, whatever is asked there, or where a method stands
    /// before the path, for that one. They are in no table.
    #[must_use]
    pub fn gone(mut self, paths: impl IntoIterator<Item = &'static str>) -> Self {
        self.gone.extend(paths);
        self
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &[RouteInfo] {
        &self.table
    }

    /// The paths of which upstream says that they are gone, as [`Routes::gone`] took them.
    #[must_use]
    pub fn gone_paths(&self) -> &[&'static str] {
        &self.gone
    }

    /// The router: strangers get 401 for every path (of Keystone only for those that it has), others 404 and 405 in the
    /// service's words.
    pub fn into_router(self, state: S) -> Router {
        let router = self.gone.into_iter().fold(self.router, |router, line| {
            let named = line.split_once(' ').map(|(method, path)| (Method::try_from(method), path));
            match named {
                Some((Ok(method), path)) => {
                    let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
                    router.route(path, on(filter, gone))
                }
                _ => router.route(line, any(gone)),
            }
        });
        router.fallback(no_route).method_not_allowed_fallback(no_method).with_state(state)
    }
}

/// What stands before a handler: a caller, with a token of a scope that is taken here. The handler finds the access of
/// its route among the request's extensions.
#[derive(Clone, Copy)]
struct Gate {
    access: Access,
    scopes: Scopes,
    /// The path names one object.
    one: bool,
}

impl Gate {
    async fn pass(self, mut request: Request, next: Next) -> Response {
        let Some(caller) = request.extensions().get::<Caller>() else {
            return ApiError::unauthorized().into_response();
        };
        let style = request.extensions().get::<FaultStyle>().copied();
        let asked_later =
            self.one && matches!(self.access, Access::Rule(_)) && style.is_some_and(FaultStyle::looks_first);
        if self.scopes.take(&caller.scope) || asked_later {
            request.extensions_mut().insert(self.access);
            return next.run(request).await;
        }
        let hides = style.is_some_and(FaultStyle::hides);
        let refusal = if hides && self.one { no_such() } else { self.refusal(&caller.scope) };
        refusal.into_response()
    }

    fn refusal(self, scope: &Scope) -> ApiError {
        let what = match self.access {
            Access::Rule(rule) => format!("Policy doesn't allow {} to be performed", rule.name),
            _ => "This cannot be done".to_owned(),
        };
        let found = match scope {
            Scope::Unscoped => "a token without scope",
            Scope::Project(_) => "a token of a project",
            Scope::Domain(_) => "a token of a domain",
            Scope::System => "a token of the system",
        };
        let wanted = match self.scopes {
            Scopes::Any => "any scope",
            Scopes::SystemProject => "a project or the system",
            Scopes::SystemDomainProject => "a project, a domain or the system",
            Scopes::Project => "a project",
        };
        ApiError::forbidden(format!("{what} with {found}: ask for one of {wanted}."))
            .named("PolicyNotAuthorized")
    }
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

/// Whether the request may learn which paths and methods there are. A token that is none is told so everywhere.
fn may_learn(request: &Request) -> bool {
    let style = request.extensions().get::<FaultStyle>();
    let bare = !request.headers().contains_key("x-auth-token");
    request.extensions().get::<Caller>().is_some() || (bare && style.is_some_and(|style| style.shows_gaps()))
}

async fn no_route(request: Request) -> ApiError {
    if may_learn(&request) { no_such() } else { ApiError::unauthorized() }
}

async fn gone(request: Request) -> ApiError {
    if request.extensions().get::<Caller>().is_none() {
        return ApiError::unauthorized();
    }
    ApiError::new(ErrorKind::Gone, "This resource is no longer available. No forwarding address is given.")
}

async fn no_method(request: Request) -> ApiError {
    if !may_learn(&request) {
        return ApiError::unauthorized();
    }
    let message = match request.extensions().get::<FaultStyle>() {
        Some(FaultStyle::Placement) => {
            format!("The method {} is not allowed for this resource.", request.method())
        }
        _ => "The method is not allowed for the requested resource.".to_owned(),
    };
    ApiError::new(ErrorKind::MethodNotAllowed, message)
}
