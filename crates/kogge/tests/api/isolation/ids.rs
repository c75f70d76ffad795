//! The matrix of ids: every id that a request names, in its path, its query or its body, × whose thing it is.
//!
//! A member of `demo` asks, and in the identity service a manager of the domain `default` too. Each id is replaced by that
//! of another project's private thing, of a shared one, of an external one, of nothing, and of another kind of thing.
//! The places are found by walking the good bodies, the paths of the route table and the fields that lists show, so that
//! a new route is in here by itself. Rules that hold for all: nothing foreign is done or shown, what is foreign answers as
//! what is not there, and nothing is a 5xx. The rest is noted (`UPDATE_GOLDEN=1`).

mod places;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write;

use http::Method;
use kogge::cloud::{Door, doors};
use kogge::test_cloud::{Answer, TestCloud};
use kogge_http::{Access, RouteInfo};
use serde_json::{Value, json};

use super::bodies;
use super::fixture::Fixture;
use places::{Place, Where};
use world::World;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/isolation/ids.txt");

/// Where something foreign may be named and answered with success, and why: all of upstream.
const FOREIGN_IS_RIGHT: [(&str, &str); 11] = [
    ("rbac_policy.target_tenant", "sharing is with other projects"),
    ("POST /image/v2/images/{id}/members member", "sharing is with other projects"),
    ("/image/v2/images/{id}/members/{member} {member}", "a membership that the owner of the image made"),
    ("user.default_project_id", "a wish: Keystone does not look it up, and a login needs a role there"),
    ("credential.project_id", "a note: Keystone does not look it up"),
    ("OS-EC2 tenant_id", "Keystone wants the project to be there; to use the pair needs a role in it"),
    ("port.device_id", "text of the port's owner, which proves nothing"),
    ("instance_uuid", "text of the volume's owner, which proves nothing"),
    ("same_host", "a server of another project is none to the scheduler: hosts_of"),
    ("different_host", "as same_host"),
    ("GET /compute/v2.1/os-quota-sets/{project}/defaults {project}", "the defaults are the same for all"),
];

/// Where a foreign thing may answer other than a missing one, and why.
const KNOWN_ORACLES: [(&str, &str); 10] = [
    (" {role_id}", "roles are the cloud's: a manager lists them"),
    ("/identity/v3/roles ?", "roles are the cloud's: a manager lists them"),
    ("project.parent_id", "Keystone tells a manager that a parent is in another domain"),
    ("{application_credential_id}", "403 says that a random id exists; Keystone's order of checks"),
    ("OS-EC2/{credential_id} {credential_id}", "403 says that a random access key exists"),
    (
        "PATCH /identity/v3/domains/{domain_id} {domain_id}",
        "403 says that a random id exists; Keystone's order of checks",
    ),
    (
        "DELETE /identity/v3/domains/{domain_id} {domain_id}",
        "403 says that a random id exists; Keystone's order of checks",
    ),
    ("DELETE /identity/v3/groups/{group_id}", "403 says that a random id exists; Keystone's order of checks"),
    ("/accept {id}", "who knows the id of an offer may try a key; Cinder's order of checks"),
    ("import {id}", "a public image answers 409 before 403"),
];

/// Where the user in the path is not looked at, as the thing itself is the asker's own. Keystone says 403.
const OWN_THING: &str = "application_credentials/{application_credential_id} {user_id}";

struct Matrix {
    cloud: TestCloud,
    worlds: Vec<World>,
    complaints: Vec<String>,
}

impl Matrix {
    async fn new() -> Self {
        let cloud = TestCloud::start().await;
        let worlds = vec![World::of_member(&cloud).await, World::of_manager(&cloud).await];
        Self { cloud, worlds, complaints: Vec::new() }
    }

    /// The lines of one route, for all who ask.
    async fn lines(&mut self, door: &Door, route: &RouteInfo, text: &mut String) {
        for index in 0..self.worlds.len() {
            if !self.worlds[index].asks(door.service) {
                continue;
            }
            for place in self.places(door, route, index).await {
                let line = self.line(door, route, index, &place).await;
                let _ = writeln!(text, "{line}");
            }
        }
    }

    async fn places(&mut self, door: &Door, route: &RouteInfo, index: usize) -> Vec<Place> {
        let world = &self.worlds[index];
        let mut found = places::of_path(route.path, &world.own);
        found.extend(places::of_bodies(&bodies::all(route, &world.own), world, &mut |what| {
            // a manager has nothing of projects: the member's bodies are the measure
            if world.who == "member" {
                self.complaints.push(format!("{} {}{}: {what}", route.method, door.mount, route.path));
            }
        }));
        if route.method == Method::GET && !route.path.ends_with('}') {
            let path = world.own.fill(door, route.path);
            let list = bodies::speaking(&world.asker, door, route).get(&path).await;
            found.extend(places::of_list(door.service, route.path, &list.body, &self.worlds[index]));
        }
        found
    }

    async fn line(&mut self, door: &Door, route: &RouteInfo, index: usize, place: &Place) -> String {
        let action = route.action.map(|action| format!(" {action}")).unwrap_or_default();
        let name = format!("{} {}{}{action} {}", route.method, door.mount, route.path, place.label);
        let mut cells = Vec::new();
        let mut answers = BTreeMap::new();
        for (whose, id) in self.worlds[index].values(place) {
            let answer = self.ask(door, route, index, place, &id).await;
            self.judge(&name, index, whose, &answer);
            // what comes after a random id is as random
            let shown = if place.label == "?marker" { answer.status.to_string() } else { cell(&answer) };
            cells.push(format!("{whose} {shown}"));
            answers.insert(whose, plain(&answer, &id));
        }
        if let (Some(foreign), Some(unknown)) = (answers.get("foreign"), answers.get("unknown"))
            && foreign != unknown
            && !known(&KNOWN_ORACLES, &name)
            && !known(&FOREIGN_IS_RIGHT, &name)
        {
            self.complaints.push(format!("{name}: tells foreign from unknown: {foreign} / {unknown}"));
        }
        format!("{} {name}: {}", self.worlds[index].who, cells.join(", "))
    }

    async fn ask(&mut self, door: &Door, route: &RouteInfo, index: usize, place: &Place, id: &str) -> Answer {
        let world = &self.worlds[index];
        let mut path = world.own.fill(door, route.path);
        let number = if let Where::Body(number, _) = &place.at { *number } else { 0 };
        let mut body = bodies::all(route, &world.own).into_iter().nth(number);
        match &place.at {
            Where::Path(part) => {
                let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
                // the mount is one part before those of the table
                id.clone_into(&mut parts[part + 1]);
                path = parts.join("/");
            }
            Where::Query(name) if name.ends_with("%3D") => path.push_str(&format!("?{name}{id}")),
            Where::Query(name) => path.push_str(&format!("?{name}={id}")),
            Where::Body(_, pointer) => {
                if let Some(spot) = body.as_mut().and_then(|body| body.pointer_mut(pointer)) {
                    *spot = json!(id);
                }
            }
        }
        let session = bodies::speaking(&world.asker, door, route);
        let answer = bodies::send(&session, route, &path, body.as_ref()).await;
        let reads = route.method == Method::GET || route.method == Method::HEAD;
        if answer.status < 300 && !reads {
            world.undo(&self.cloud, route, &path, body.as_ref(), &answer).await;
            self.worlds[index].mend(&self.cloud).await;
        }
        answer
    }

    fn judge(&mut self, name: &str, index: usize, whose: &str, answer: &Answer) {
        let world = &self.worlds[index];
        let mut complain =
            |what: String| self.complaints.push(format!("{name}: {whose} {}: {what}", answer.status));
        if answer.status >= 500 && answer.status != 501 {
            complain("no answer may be a 5xx".to_owned());
        }
        let done = answer.status < 300 && !name.starts_with("GET");
        let right = known(&FOREIGN_IS_RIGHT, name) || name.contains(OWN_THING);
        if whose == "foreign" && done && !right {
            complain(format!("something foreign was taken: {}", answer.body));
        }
        if answer.status < 300
            && !right
            && let Some(id) = world.leak(&answer.body)
        {
            complain(format!("{id} of somebody else is shown: {}", answer.body));
        }
    }
}

fn known(list: &[(&str, &str)], name: &str) -> bool {
    list.iter().any(|(part, _)| name.contains(part))
}

/// The status, and for a list how much is in it.
fn cell(answer: &Answer) -> String {
    let items = answer.body.as_object().into_iter().flatten().find_map(|(_, value)| value.as_array());
    match items {
        Some(items) if answer.status == 200 => format!("{}({})", answer.status, items.len()),
        _ => answer.status.to_string(),
    }
}

/// An answer without the id that was asked for, and without what differs each time.
fn plain(answer: &Answer, id: &str) -> String {
    let mut body = answer.body.clone();
    if let Some(errors) = body["errors"].as_array_mut() {
        for error in errors {
            error["request_id"] = Value::Null;
        }
    }
    let text =
        if body.is_null() { String::from_utf8_lossy(&answer.bytes).into_owned() } else { body.to_string() };
    let shown = if answer.status < 300 { String::new() } else { text.replace(id, "ID") };
    format!("{} {shown}", cell(answer))
}

/// What is not asked: what needs no token, but for the login, and what would end the session that asks.
fn skipped(route: &RouteInfo) -> bool {
    let login = route.path == "/v3/auth/tokens" && route.method == Method::POST;
    (route.access == Access::Public && !login)
        || (route.path == "/v3/auth/tokens" && route.method == Method::DELETE)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_id_opens_what_is_not_the_askers() {
    let mut matrix = Matrix::new().await;
    let before = matrix.worlds[0].foreign_things().await;
    let mut text = String::from("# who, method, path, place of the id: status by whose thing it is\n");
    for door in doors(None) {
        for route in &door.table {
            if !skipped(route) {
                matrix.lines(&door, route, &mut text).await;
            }
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    assert!(matrix.complaints.is_empty(), "{}", matrix.complaints.join("\n"));
    assert_eq!(matrix.worlds[0].foreign_things().await, before, "nothing foreign was changed");
    let noted = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let differing = super::diff(&noted, &text);
    assert!(differing.is_empty(), "UPDATE_GOLDEN=1 accepts:\n{}", differing.join("\n"));
}

#[test]
fn every_route_that_takes_a_body_has_one() {
    let nothing = Fixture::nothing();
    let without: Vec<String> = doors(None)
        .iter()
        .flat_map(|door| door.table.iter().map(|route| (door.mount, route)))
        .filter(|(_, route)| bodies::takes_one(route) && bodies::all(route, &nothing).is_empty())
        .map(|(mount, route)| format!("{} {mount}{} {:?}", route.method, route.path, route.action))
        .collect();
    assert!(without.is_empty(), "tests/api/isolation/bodies has none for:\n{}", without.join("\n"));
}
