//! Bodies with which a request would succeed, so that only the caller and the ids decide.
//!
//! Every route that takes a body has at least one here, or stands in [`WITHOUT`]; a test sees to it. Each field of the API
//! that takes an id occurs in one of them, with an id of the fixture: the matrix of ids finds it by that.

mod compute;
mod identity;
mod image;
mod network;
mod placement;
mod volume;

pub(crate) use compute::{FIXED, FLOATING};

use std::time::{Duration, Instant};

use http::Method;
use kogge::cloud::Door;
use kogge::test_cloud::{Answer, Session, qcow2};
use kogge_http::RouteInfo;
use serde_json::Value;

use super::fixture::Fixture;

/// Routes that change something by their path alone, or take what is no JSON.
const WITHOUT: [&str; 13] = [
    "/v3/groups/{group_id}/users/{user_id}",
    "/v3/projects/{project_id}/tags/{value}",
    "/v3/roles/{role_id}/implies/{implied_role_id}",
    "/users/{user_id}/roles/{role_id}",
    "/groups/{group_id}/roles/{role_id}",
    "/inherited_to_projects",
    "/v2/images/{id}/actions/deactivate",
    "/v2/images/{id}/actions/reactivate",
    "/tags/{tag}",
    "/v2/images/{id}/file",
    "/v2/images/{id}/stage",
    "/traits/{name}",
    "/resource_classes/{name}",
];

/// True where a request by this route has a JSON body.
pub(crate) fn takes_one(route: &RouteInfo) -> bool {
    let reads = [Method::GET, Method::HEAD, Method::DELETE].contains(&route.method);
    !reads && !WITHOUT.iter().any(|end| route.path.ends_with(end))
}

/// The first of [`all`].
pub(crate) fn of(route: &RouteInfo, fixture: &Fixture) -> Option<Value> {
    all(route, fixture).into_iter().next()
}

/// The good bodies of a service for a method and a path.
type Bodies = fn(&str, &str, &Fixture) -> Vec<Value>;

/// Good bodies for the route: the plain one first, then others for fields that exclude each other.
pub(crate) fn all(route: &RouteInfo, fixture: &Fixture) -> Vec<Value> {
    if !takes_one(route) {
        return Vec::new();
    }
    let (method, path) = (route.method.as_str(), route.path);
    if let Some(action) = route.action {
        let inner =
            volume::actions(path, action, fixture).unwrap_or_else(|| compute::actions(path, action, fixture));
        return inner.into_iter().map(|inner| Value::from_iter([(action.to_owned(), inner)])).collect();
    }
    // groups of identity have the path of groups of volumes, and no microversion
    if route.versions.since.is_some() && path.starts_with("/v3/") {
        return volume::all(method, path, fixture);
    }
    let services: [Bodies; 6] =
        [identity::all, image::all, network::all, compute::all, placement::all, volume::all];
    let mut bodies = services.iter().map(|all| all(method, path, fixture));
    bodies.find(|found| !found.is_empty()).unwrap_or_default()
}

/// The session, speaking a version that has the route and all fields of its body.
pub(crate) fn speaking(session: &Session, door: &Door, route: &RouteInfo) -> Session {
    let version = match route.versions.since {
        Some(since) => since.to_string(),
        None if route.path.starts_with("/v2.1/os-keypairs") => "2.10".to_owned(),
        None => return session.clone(),
    };
    session.speaking(&format!("{} {version}", door.spoken()))
}

/// Sends a request of the route with the content type that it wants; data of images where it wants these.
pub(crate) async fn send(session: &Session, route: &RouteInfo, path: &str, body: Option<&Value>) -> Answer {
    let data = route.path.ends_with("/file") || route.path.ends_with("/stage");
    let (kind, bytes) = match body {
        _ if data && route.method == Method::PUT => (Some("application/octet-stream"), qcow2()),
        Some(body) if route.path == "/v2/images/{id}" => {
            (Some("application/openstack-images-v2.1-json-patch"), body.to_string().into_bytes())
        }
        Some(body) if !body.is_null() => (Some("application/json"), body.to_string().into_bytes()),
        _ => (None, Vec::new()),
    };
    session.send_bytes(route.method.clone(), path, kind, bytes).await
}

/// Waits until an interface that is to be unplugged is: nothing shows that it is on its way out, and who asks next would be
/// answered by chance. Everything else that goes in its own time shows that.
pub(crate) async fn until_gone(admin: &Session, route: &RouteInfo, path: &str, answer: &Answer) {
    let unplugs = route.method == Method::DELETE && route.path.contains("/os-interface/");
    if !unplugs || answer.status != 202 {
        return;
    }
    let started = Instant::now();
    while admin.get(path).await.status == 200 {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not go: {path}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
