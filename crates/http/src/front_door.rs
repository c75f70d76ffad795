//! The front door: what happens to a request before a handler sees it, and to the answer after.

mod observe;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use kogge_auth::Authenticate;

use crate::{ApiError, BaseUrl, FaultStyle, Microversion, RequestId, Versions};

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
    let wants_json = accepts_json(&parts.headers);
    // 2. the address that the client sees, so that links work for it
    let base = BaseUrl::of(&parts, door.mount);
    // 3. which version it speaks
    let version = door.versions.as_ref().map(|versions| versions.negotiate(&parts.headers)).transpose();
    // 4. who it is; having no token is an answer too, routes decide
    let caller = token::caller(&door, &parts, &id).await;
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
            // 5. the service, in a task of its own: a client that hangs up cannot tear a transaction
            detached(next, Request::from_parts(parts, body)).await
        }
    };
    let mut response = door.style.render(response, &id.0, wants_json);
    door.stamp(&mut response, &id, &base, version.ok().flatten());
    record.finish(&response, started.elapsed());
    response
}

/// Runs the rest of the walk to its end, whatever the client does. A panic is a 500 and nobody else's trouble.
async fn detached(next: Next, request: Request) -> Response {
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

fn accepts_json(headers: &http::HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    accept.contains("application/json") && !accept.contains("text/html")
}

impl FrontDoor {
    fn stamp(&self, response: &mut Response, id: &RequestId, base: &BaseUrl, version: Option<Microversion>) {
        let unauthorized = response.status() == http::StatusCode::UNAUTHORIZED;
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
