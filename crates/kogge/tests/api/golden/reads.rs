//! Reading: every `GET` in every version in which something changes, by everybody; lists also with queries.

use futures_util::StreamExt;
use futures_util::stream;
use http::Method;
use kogge::cloud::Door;
use kogge::test_cloud::Answer;
use kogge_http::RouteInfo;
use serde_json::Value;

use super::book::{Book, Case};
use super::exchanges::Asked;
use super::queries;
use super::scene::Scene;
use super::versions;

/// Requests under way at the same time.
const AT_ONCE: usize = 4;

/// A `GET` that makes something.
pub(super) const MAKES: &str = "/v2.0/auto-allocated-topology/{project}";

/// A request that changes nothing.
pub(super) struct Read {
    pub(super) case: Case,
    pub(super) asked: Asked,
    /// The field by which it orders.
    pub(super) order: Option<String>,
}

/// True for a route that only reads.
pub(super) fn reads(route: &RouteInfo) -> bool {
    (route.method == Method::GET || route.method == Method::HEAD) && route.path != MAKES
}

/// Asks a route in all ways.
pub(super) async fn route(scene: &Scene, door: &Door, route: &RouteInfo, book: &mut Book) {
    let plain = plain(scene, door, route);
    let list = ask_all(scene, plain, book).await;
    headers(scene, door, route, book).await;
    if let Some(list) = list {
        ask_all(scene, queries::of(scene, door, route, &list), book).await;
    }
}

/// Asks, and gives the longest plain answer of the newest version.
async fn ask_all(scene: &Scene, asked: Vec<Read>, book: &mut Book) -> Option<Answer> {
    let answers = stream::iter(asked).map(async |read| {
        let session = scene.speaking(read.case.who, &read.case.version);
        let answer = session.send(read.asked.method.clone(), &read.asked.path, None).await;
        (read, answer)
    });
    let answers: Vec<(Read, Answer)> = answers.buffered(AT_ONCE).collect().await;
    let mut newest: Option<Answer> = None;
    for (read, answer) in answers {
        book.note(read.case.clone(), &read.asked, &answer, &scene.names, read.order.as_deref());
        let longer = newest.as_ref().is_none_or(|known| known.bytes.len() <= answer.bytes.len());
        if matches!(read.case.who, "admin" | "member") && read.case.what.is_empty() && longer {
            newest = Some(answer);
        }
    }
    newest
}

fn plain(scene: &Scene, door: &Door, route: &RouteInfo) -> Vec<Read> {
    let mut asked = Vec::new();
    let mut add = |what: &str, who, version: &str, method: Method, path: String| {
        let case = Case { what: what.to_owned(), who, version: version.to_owned() };
        asked.push(Read { case, asked: Asked { method, path, body: Value::Null }, order: None });
    };
    let (all, ends) = (versions::all(door), versions::ends(door, route));
    for who in scene.people() {
        let versions = if matches!(who, "admin" | "member") { &all } else { &ends };
        for version in versions {
            add("", who, version, Method::GET, scene.path(door, route.path, version));
        }
    }
    if route.path.contains('{') {
        for who in ["admin", "member"] {
            for version in &ends {
                let path = Scene::path_to_nothing(door, route.path);
                add("of nothing", who, version, Method::GET, path);
            }
        }
    }
    let newest = versions::newest(door);
    for method in [Method::HEAD, Method::PATCH] {
        let other = door.table.iter().any(|other| other.path == route.path && other.method == method);
        if !other {
            let path = scene.path(door, route.path, &newest);
            add(method.clone().as_str(), "admin", &newest, method, path);
        }
    }
    asked
}

/// What headers decide: whose token is looked at, and the older name of the microversion.
async fn headers(scene: &Scene, door: &Door, route: &RouteInfo, book: &mut Book) {
    let path = scene.path(door, route.path, "");
    let mut asked = Vec::new();
    if route.path == "/v3/auth/tokens" {
        for who in ["admin", "owner", "member"] {
            for whose in ["admin", "owner", "manager"] {
                let subject = scene.session(whose).token().to_owned();
                asked.push((format!("the token of {whose}"), who, "x-subject-token", subject));
            }
        }
        asked.push(("a token that is none".to_owned(), "admin", "x-subject-token", "gAAAAABx".to_owned()));
    }
    if route.path.ends_with("/servers") || route.path == "/v2.1/os-keypairs" {
        let legacy = "x-openstack-nova-api-version";
        asked.push(("older header".to_owned(), "member", legacy, "2.10".to_owned()));
        for version in ["latest", "2.999", "3.1", "x", "2.01"] {
            let modern = format!("{} {version}", door.spoken());
            asked.push((format!("version {version}"), "member", "openstack-api-version", modern));
        }
    }
    for (what, who, header, value) in asked {
        let answer = scene.session(who).with_header(header, &value).get(&path).await;
        let case = Case { what, who, version: String::new() };
        book.put(case, &answer, &scene.names, None);
    }
}
