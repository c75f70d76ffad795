//! Everything in every body has a bound: each text is made long, each list and map large, each number huge and negative,
//! one place at a time in the good bodies of the isolation matrix. What is too much is refused in the service's words, in
//! a short answer; it is never kept, and it breaks nothing.

use http::Method;
use kogge::cloud::{Door, doors};
use kogge::test_cloud::{Answer, Session, TestCloud};
use kogge_http::RouteInfo;
use serde_json::{Map, Value, json};

use crate::isolation::bodies;
use crate::isolation::fixture::Fixture;

/// Longest text that is tried, in bytes; less where the whole body may not be as long.
const LONG: usize = 1_000_000;
/// What Nova and Keystone take in one body, with room for the rest of it.
const SHORT: usize = 100_000;
/// Most items of a list or a map.
const MANY: usize = 10_000;
/// Longest answer to a refusal in bytes: it repeats nothing of that.
const ANSWER: usize = 8192;

/// Places where what looks too much is taken today, one a line: fields that are passed over, and bounds that are still
/// missing. Nothing new comes in here by itself; what no longer happens may be taken out (`UPDATE_GOLDEN=1` does).
const TAKEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/bounds.txt");

/// A way to spoil a place.
struct Spoilt {
    what: &'static str,
    value: Value,
    /// It is too much wherever it stands.
    always: bool,
}

/// What to put in the place of `value`, so that the body has at most `most` bytes.
fn spoilt(value: &Value, most: usize) -> Vec<Spoilt> {
    let too_much = |what, value| Spoilt { what, value, always: true };
    match value {
        Value::String(_) => vec![too_much("a long text", json!("x".repeat(most)))],
        Value::Array(items) => {
            let item = items.first().cloned().unwrap_or_else(|| json!("x"));
            let count = (most / (item.to_string().len() + 8)).min(MANY);
            // all different, where they are texts: equal tags are one
            let numbered = |number: usize| match &item {
                Value::String(text) => json!(format!("{text}{number}")),
                other => other.clone(),
            };
            vec![too_much("many items", (0..count).map(numbered).collect())]
        }
        Value::Object(map) => {
            let count = (most / 16).min(MANY);
            let mut large: Map<String, Value> = map.clone();
            large.extend((0..count).map(|number| (format!("k{number}"), json!("v"))));
            vec![too_much("many keys", Value::Object(large))]
        }
        Value::Number(_) => [json!(u64::MAX), json!(1_u64 << 63), json!(i64::MIN), json!(-1), json!(1e300)]
            .into_iter()
            // a quota of -1 is none, and a version or generation may be any number that fits
            .map(|value| Spoilt { what: "a number out of range", always: value != json!(-1), value })
            .collect(),
        Value::Bool(_) | Value::Null => Vec::new(),
    }
}

/// Pointers to everything inside of `value`, and to itself where it is no object.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    if !pointer.is_empty() {
        found.push(pointer.to_owned());
    }
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                places(item, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        _ => {}
    }
}

struct Walk {
    cloud: TestCloud,
    admin: Session,
    demo: Session,
    fixture: Fixture,
    complaints: Vec<String>,
    taken: Vec<String>,
    sent: usize,
}

impl Walk {
    async fn route(&mut self, door: &Door, route: &RouteInfo) {
        let most =
            if matches!(door.service, "identity" | "compute" | "block-storage") { SHORT } else { LONG };
        let count = bodies::all(route, &self.fixture).len();
        for number in 0..count {
            let good = bodies::all(route, &self.fixture).into_iter().nth(number).unwrap_or_default();
            let mut pointers = Vec::new();
            places(&good, "", &mut pointers);
            for pointer in pointers {
                let Some(value) = good.pointer(&pointer) else { continue };
                for spoilt in spoilt(value, most) {
                    self.place(door, route, number, &pointer, spoilt).await;
                }
            }
        }
    }

    async fn place(&mut self, door: &Door, route: &RouteInfo, number: usize, pointer: &str, spoilt: Spoilt) {
        // ids of the fixture may have changed since
        let mut body = bodies::all(route, &self.fixture).into_iter().nth(number).unwrap_or_default();
        let Some(spot) = body.pointer_mut(pointer) else { return };
        *spot = spoilt.value.clone();
        let path = self.fixture.fill(door, route.path);
        let session = bodies::speaking(&self.admin, door, route);
        let answer = bodies::send(&session, route, &path, Some(&body)).await;
        self.sent += 1;
        let shown = match &spoilt.value {
            Value::Number(number) => number.to_string(),
            _ => spoilt.what.to_owned(),
        };
        let action = route.action.map(|action| format!(" {action}")).unwrap_or_default();
        let name = format!("{} {}{}{action} {pointer}: {shown}", route.method, door.mount, route.path);
        self.judge(&name, &spoilt, &answer);
        if answer.status < 300 {
            self.undo(route, &path, &answer).await;
            self.fixture.mend(&self.cloud, &self.demo).await;
        }
    }

    fn judge(&mut self, name: &str, spoilt: &Spoilt, answer: &Answer) {
        let text = String::from_utf8_lossy(&answer.bytes[..answer.bytes.len().min(200)]).into_owned();
        let mut complain =
            |what: &str| self.complaints.push(format!("{name}: {}, {what}: {text}", answer.status));
        if answer.status >= 500 && answer.status != 501 {
            complain("no answer may be a 5xx");
        }
        if answer.status >= 400 && answer.bytes.len() > ANSWER {
            complain("the refusal is longer than it need be");
        }
        if answer.status < 300 && spoilt.always {
            self.taken.push(name.to_owned());
        }
    }

    async fn undo(&self, route: &RouteInfo, path: &str, answer: &Answer) {
        if route.method != Method::POST || route.path.ends_with("/action") {
            return;
        }
        let made = answer.body.as_object().into_iter().flatten().find_map(|(_, made)| made["id"].as_str());
        if let Some(id) = made.or(answer.body["id"].as_str()) {
            self.admin.delete(&format!("{path}/{id}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_every_body_has_a_bound() {
    let cloud = TestCloud::start().await;
    let (admin, demo) = (cloud.session("kogge-admin").await, cloud.session("kogge").await);
    let fixture = Fixture::make(&cloud, &demo).await;
    let mut walk = Walk { cloud, admin, demo, fixture, complaints: Vec::new(), taken: Vec::new(), sent: 0 };
    for door in doors(None) {
        for route in &door.table {
            if bodies::takes_one(route) {
                walk.route(&door, route).await;
            }
        }
    }
    assert!(walk.sent > 500, "only {} requests were sent", walk.sent);
    assert!(walk.complaints.is_empty(), "{}:\n{}", walk.complaints.len(), walk.complaints.join("\n"));
    walk.taken.sort();
    walk.taken.dedup();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(TAKEN, format!("{}\n", walk.taken.join("\n"))).unwrap();
    }
    let known = std::fs::read_to_string(TAKEN).unwrap_or_default();
    let new: Vec<&String> =
        walk.taken.iter().filter(|name| !known.lines().any(|line| line == *name)).collect();
    assert!(new.is_empty(), "taken, though it is too much:\n{new:#?}");
}
