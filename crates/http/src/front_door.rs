//! The front door: what happens to a request before a handler sees it, and to the answer after.

mod observe;
mod token;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use kogge_auth::Authenticate;

use crate::fault::Accepts;
use crate::old_path::PathProject;
use crate::server::Ticket;
use crate::{ApiError, BaseUrl, ErrorKind, FaultStyle, Microversion, RequestId, Versions};

/// Longest path with query in bytes; Neutron's server takes as much (`url_length_limit` of eventlet's default).
const LONGEST_URI: usize = 16 * 1024;
/// Most pairs of a query; no client sends more.
const MOST_PAIRS: usize = 1000;

/// How requests enter a service.
#[derive(Clone)]
pub struct FrontDoor {
    /// The service's type in the catalog: `compute`.
    pub service: &'static str,
    /// Where it is mounted: `/compute`. Empty for the root.
    pub mount: &'static str,
    /// How it words faults.
    pub style: FaultStyle,
    /// Its microversions, if it has any.
    pub versions: Option<Versions>,
    /// Who turns tokens into callers.
    pub tokens: Arc<dyn Authenticate>,
}

impl FrontDoor {
    /// Puts the door in front of a service's router.
    pub fn guard(self, service: Router) -> Router {
        service.layer(middleware::from_fn_with_state(Arc::new(self), walk))
    }
}

/// The walk of every request, stage by stage.
async fn walk(State(door): State<Arc<FrontDoor>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let started = std::time::Instant::now();
    // 1. a name, so that the client's report and our log lines meet
    let id = RequestId(format!("req-{}", uuid::Uuid::new_v4()));
    let record = observe::Record::of(&door, &parts, &id);
    let accepts = Accepts::of(&parts.headers);
    let takes_answer = !door.style.is_strict() || parts.method != Method::GET || accepts.take_json();
    // 2. the address that the client sees, so that links work for it
    let base = BaseUrl::of(&parts, door.mount);
    // 3. which version it speaks
    let version = door.versions.as_ref().map(|versions| versions.negotiate(&parts.headers)).transpose();
    // 4. who it is; having no token is an answer too, routes decide
    let caller = match within_bounds(&parts) {
        Ok(()) => token::caller(&door, &parts, &id).await,
        Err(error) => Err(error),
    };
    let named = parts.extensions.get::<PathProject>();
    let caller = caller.and_then(|caller| match (named, &caller) {
        (Some(named), Some(found)) => named.check(found).map(|()| caller),
        _ => Ok(caller),
    });
    let response = match (version.clone(), caller) {
        (Err(error), _) | (_, Err(error)) => error.into_response(),
        (Ok(version), Ok(caller)) => {
            parts.extensions.insert(id.clone());
            parts.extensions.insert(base.clone());
            parts.extensions.insert(door.style);
            if let Some(version) = version {
                parts.extensions.insert::<Microversion>(version);
            }
            if let Some(caller) = caller {
                parts.extensions.insert(caller);
            }
            // 5. the service, whatever its client does: one that hangs up cannot tear a transaction
            detached(next, Request::from_parts(parts, body)).await
        }
    };
    let response = if response.status() == StatusCode::OK && !takes_answer {
        ApiError::new(ErrorKind::NotAcceptable, "Only application/json is provided").into_response()
    } else {
        response
    };
    let mut response = door.style.render(response, &id.0, accepts);
    door.stamp(&mut response, &id, &base, version.ok().flatten());
    record.finish(&response, started.elapsed());
    response
}

/// What no service wants to take apart.
fn within_bounds(parts: &http::request::Parts) -> Result<(), ApiError> {
    let length = parts.uri.path_and_query().map_or(0, |whole| whole.as_str().len());
    if length > LONGEST_URI {
        let message = format!("The address of the request is too long: {LONGEST_URI} bytes at most.");
        return Err(ApiError::new(ErrorKind::UriTooLong, message));
    }
    let pairs = parts.uri.query().map_or(0, |query| query.split('&').count());
    if pairs > MOST_PAIRS {
        return Err(ApiError::bad_request(format!("A query has at most {MOST_PAIRS} parameters.")));
    }
    Ok(())
}

/// Runs the rest of the walk to its end, whatever the client does. A panic is a 500 and nobody else's trouble. The
/// server's end waits for it, and its client keeps the place of the connection until then.
///
/// What is answered at once, as most of it is, cannot be torn and needs no task of its own; what waits for anything
/// gets one. So does whatever has a body: an answer that is faster than the body closes the connection.
async fn detached(next: Next, request: Request) -> Response {
    let ticket = request.extensions().get::<Ticket>().cloned();
    let has_body = !request.body().is_end_stream();
    let mut walk = Box::pin(AssertUnwindSafe(next.run(request)).catch_unwind());
    let first = if has_body {
        Poll::Pending
    } else {
        std::future::poll_fn(|cx| Poll::Ready(walk.as_mut().poll(cx))).await
    };
    let done = match (first, ticket) {
        (Poll::Ready(done), _) => Ok(done),
        (Poll::Pending, Some(ticket)) => ticket.spawn(walk).await,
        (Poll::Pending, None) => tokio::spawn(walk).await,
    };
    match done {
        Ok(Ok(response)) => response,
        // the panic was logged where it happened
        Ok(Err(_)) => ApiError::internal(&Panicked).into_response(),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

/// A handler panicked.
#[derive(Debug, thiserror::Error)]
#[error("the handler of the request panicked")]
struct Panicked;

impl FrontDoor {
    fn stamp(&self, response: &mut Response, id: &RequestId, base: &BaseUrl, version: Option<Microversion>) {
        let unauthorized = response.status() == StatusCode::UNAUTHORIZED;
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            if self.service == "compute" {
                headers.insert(HeaderName::from_static("x-compute-request-id"), value.clone());
            }
            headers.insert(HeaderName::from_static("x-openstack-request-id"), value);
        }
        if unauthorized
            && let Ok(value) =
                HeaderValue::from_str(&format!("Keystone uri=\"{}\"", base.elsewhere("/identity")))
        {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        if let Some(versions) = &self.versions {
            versions.stamp(headers, version.unwrap_or(versions.min));
        }
    }
}
