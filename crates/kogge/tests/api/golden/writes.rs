//! Changing: every other route with good and bad bodies, by everybody; and what came of it, as its owner sees it then.

mod chain;

use kogge::cloud::Door;
use kogge::test_cloud::Answer;
use kogge_http::RouteInfo;
use serde_json::Value;

use super::book::{Book, Case};
use super::exchanges::Asked;
use super::scene::Scene;
use super::{bad, goods, versions};
use crate::isolation::bodies;

/// Who may do hardly anything, in the order in which they try.
const STRANGERS: [&str; 3] = ["nobody", "other", "reader"];

/// The walk over what changes.
pub(super) struct Writes<'a> {
    /// Where.
    pub(super) scene: &'a mut Scene,
    /// Which service.
    pub(super) door: &'a Door,
    /// What came.
    pub(super) book: &'a mut Book,
}

/// A request.
struct Write<'r> {
    route: &'r RouteInfo,
    case: Case,
    body: Value,
}

impl Writes<'_> {
    /// Asks a route in all ways.
    pub(super) async fn route(&mut self, route: &RouteInfo) {
        let newest = versions::newest(self.door);
        let first = goods::of(self.scene, route).into_iter().next().unwrap_or_default();
        for who in STRANGERS {
            self.one(route, "", who, &newest, first.clone()).await;
        }
        let owner = self.owner(route).await;
        if route.path.contains('{') {
            self.nothing(route, owner).await;
        }
        if owner == "nobody" {
            return;
        }
        self.good(route, owner).await;
        if first.is_null() {
            return;
        }
        self.unreadable(route, owner).await;
        let ends = versions::ends(self.door, route);
        for (what, body) in bad::of(&first) {
            for version in &ends {
                let body = self.anew(route, &what, &body);
                self.one(route, &what, owner, version, body).await;
            }
        }
    }

    /// Who may: the first of those who are not refused.
    async fn owner(&mut self, route: &RouteInfo) -> &'static str {
        let newest = versions::newest(self.door);
        let people = if self.scene.service == "identity" {
            ["owner", "manager", "admin"].as_slice()
        } else {
            ["member", "admin"].as_slice()
        };
        for who in people {
            let body = goods::of(self.scene, route).into_iter().next().unwrap_or_default();
            let status = self.one(route, "", who, &newest, body).await;
            if status != 403 {
                return who;
            }
        }
        "admin"
    }

    async fn nothing(&mut self, route: &RouteInfo, owner: &'static str) {
        let newest = versions::newest(self.door);
        let body = goods::of(self.scene, route).into_iter().next().unwrap_or_default();
        let path = Scene::path_to_nothing(self.door, route.path);
        let session = self.scene.speaking(owner, &newest);
        let answer = bodies::send(&session, route, &path, Some(&body)).await;
        let case = Case { what: "of nothing".to_owned(), who: owner, version: newest };
        let asked = Asked { method: route.method.clone(), path: path.clone(), body: body.clone() };
        self.book.note(case, &asked, &answer, &self.scene.names, None);
        if answer.status < 300 {
            chain::undo(self.scene, route, &path, &body, &answer).await;
            self.scene.mend().await;
        }
    }

    async fn good(&mut self, route: &RouteInfo, owner: &'static str) {
        let count = goods::of(self.scene, route).len();
        let newest = versions::newest(self.door);
        for version in versions::of_bodies(self.door, route) {
            for number in 0..count {
                let what = if number == 0 { String::new() } else { format!("good body {}", number + 1) };
                if number == 0 && version == newest {
                    continue;
                }
                // the first body is asked about in all versions, the others at the ends
                let end = versions::ends(self.door, route).contains(&version);
                if number > 0 && !end && !shapes_change(route) {
                    continue;
                }
                let body = goods::of(self.scene, route).into_iter().nth(number).unwrap_or_default();
                self.one(route, &what, owner, &version, body).await;
            }
        }
    }

    /// What is no JSON, and JSON that says that it is something else.
    async fn unreadable(&mut self, route: &RouteInfo, owner: &'static str) {
        let version = versions::newest(self.door);
        let path = self.scene.path(self.door, route.path, &version);
        let session = self.scene.speaking(owner, &version);
        for (what, kind, bytes) in [
            ("no JSON", "application/json", b"{\"a\":".as_slice()),
            ("text/plain", "text/plain", b"{}".as_slice()),
        ] {
            let answer = session.send_bytes(route.method.clone(), &path, Some(kind), bytes.to_vec()).await;
            let case = Case { what: what.to_owned(), who: owner, version: version.clone() };
            let asked = Asked { method: route.method.clone(), path: path.clone(), body: Value::Null };
            self.book.note(case, &asked, &answer, &self.scene.names, None);
            assert!(answer.status >= 300 || bytes.is_empty(), "{} {path}: {what} was taken", route.method);
        }
    }

    /// A bad body with the ids that are there now.
    fn anew(&self, route: &RouteInfo, what: &str, old: &Value) -> Value {
        let first = goods::of(self.scene, route).into_iter().next().unwrap_or_default();
        bad::of(&first)
            .into_iter()
            .find(|(name, _)| name == what)
            .map_or_else(|| old.clone(), |(_, body)| body)
    }

    /// Sends a request, notes the answer and what came of it, and puts everything back. The status.
    async fn one(
        &mut self,
        route: &RouteInfo,
        what: &str,
        who: &'static str,
        version: &str,
        body: Value,
    ) -> u16 {
        chain::before(self.scene, route).await;
        let write =
            Write { route, case: Case { what: what.to_owned(), who, version: version.to_owned() }, body };
        let path = self.scene.path(self.door, route.path, version);
        let session = self.scene.speaking(who, version);
        let answer = bodies::send(&session, route, &path, Some(&write.body)).await;
        let asked = Asked { method: route.method.clone(), path: path.clone(), body: write.body.clone() };
        self.book.note(write.case.clone(), &asked, &answer, &self.scene.names, None);
        if answer.status < 300 {
            self.then(&write, &path, &answer).await;
            chain::undo(self.scene, route, &path, &write.body, &answer).await;
            self.scene.mend().await;
        }
        answer.status
    }

    /// What its owner sees after a change.
    async fn then(&mut self, write: &Write<'_>, path: &str, answer: &Answer) {
        bodies::until_gone(self.scene.session("admin"), write.route, path, answer).await;
        self.scene.settle().await;
        let Some(shown) = chain::shown(self.door, write.route, path, answer) else { return };
        let session = self.scene.speaking(write.case.who, &write.case.version);
        let seen = session.get(&shown).await;
        let what =
            if write.case.what.is_empty() { "then".to_owned() } else { format!("{}, then", write.case.what) };
        self.book.note(
            Case { what, ..write.case.clone() },
            &Asked::get(&shown),
            &seen,
            &self.scene.names,
            None,
        );
    }
}

/// True where another version wants another form of the same body.
fn shapes_change(route: &RouteInfo) -> bool {
    route.path.starts_with("/allocations") || route.path == "/v2.1/os-server-groups"
}
