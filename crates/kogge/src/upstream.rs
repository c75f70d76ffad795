//! What upstream serves, compared with the route tables.
//!
//! The list of operations is data: `scripts/upstream-operations` writes it from the OpenAPI descriptions. Those were made
//! by machine; what they have and no service does stands in a list beside, with reasons, and so does what we serve beyond
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use http::Method;

use crate::cloud::Door;

const OPERATIONS: &str = include_str!("../data/upstream-operations.txt");
const SLIPS: &str = include_str!("../data/upstream-slips.txt");
const BEYOND: &str = include_str!("../data/beyond-upstream.txt");

/// An operation of an API. What the parameters of its path are called does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The service, by its type in the catalog.
    pub service: String,
    /// Its path inside the service: `/v2.1/servers/{}`.
    pub path: String,
    /// HTTP method.
    pub method: String,
    /// The key of the body, for one of many actions behind a path.
    pub action: Option<String>,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.service, self.method, self.path)?;
        self.action.iter().try_for_each(|action| write!(f, " {action}"))
    }
}

/// A path without the names of its parameters.
fn nameless(path: &str) -> String {
    let parts = path.trim_end_matches('/').split('/');
    let parts: Vec<&str> = parts.map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
    match parts.join("/") {
        root if root.is_empty() => "/".to_owned(),
        path => path,
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// All operations of upstream's APIs.
#[must_use]
pub fn operations() -> BTreeSet<Operation> {
    let read = |line: &str| {
        let mut words = line.split(' ');
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (service, method, path, _versions) = (next(), next(), nameless(&next()), next());
        let action = words.next().map(str::to_owned);
        Operation { service, path, method, action }
    };
    lines(OPERATIONS).map(read).collect()
}

/// All operations that are served. `HEAD` is answered where `GET` is.
#[must_use]
pub fn served(doors: &[Door]) -> BTreeSet<Operation> {
    let mut served = BTreeSet::new();
    for door in doors {
        let several: BTreeSet<&str> =
            door.table.iter().filter(|route| route.action.is_some()).map(|route| route.path).collect();
        for route in &door.table {
            if route.action.is_none() && route.method == Method::POST && several.contains(route.path) {
                continue;
            }
            served.insert(Operation {
                service: door.service.to_owned(),
                path: nameless(route.path),
                method: route.method.to_string(),
                action: route.action.map(str::to_owned),
            });
        }
    }
    served
}

/// A list of operations with reasons, in which `*` stands for anything.
#[derive(Debug)]
pub struct Reasons(Vec<(String, String)>);

impl Reasons {
    fn read(text: &str) -> Self {
        let entry = |line: &str| {
            let (pattern, reason) = line.split_once(" # ").unwrap_or((line, ""));
            let mut words: Vec<String> = pattern.split(' ').map(str::to_owned).collect();
            if let Some(path) = words.get_mut(2) {
                *path = nameless(path);
            }
            (words.join(" "), reason.to_owned())
        };
        Self(lines(text).map(entry).collect())
    }

    /// What the descriptions have and upstream does not.
    #[must_use]
    pub fn of_slips() -> Self {
        Self::read(SLIPS)
    }

    /// What is served and in no description.
    #[must_use]
    pub fn of_additions() -> Self {
        Self::read(BEYOND)
    }

    /// The reason for an operation.
    #[must_use]
    pub fn of(&self, operation: &Operation) -> Option<&str> {
        let text = operation.to_string();
        self.0.iter().find(|(pattern, _)| covers(pattern, &text)).map(|(_, reason)| reason.as_str())
    }

    /// Lines that are about none of these operations, or give no reason.
    #[must_use]
    pub fn idle(&self, operations: &BTreeSet<Operation>) -> Vec<&str> {
        let texts: Vec<String> = operations.iter().map(ToString::to_string).collect();
        let idle = |(pattern, reason): &&(String, String)| {
            reason.is_empty() || !texts.iter().any(|text| covers(pattern, text))
        };
        self.0.iter().filter(idle).map(|(pattern, _)| pattern.as_str()).collect()
    }
}

fn covers(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| covers(rest, text)))
}

/// Whether a path is one of those that upstream calls gone.
fn is_gone(door: &Door, operation: &Operation) -> bool {
    door.gone.iter().any(|line| {
        let (method, path) = line.split_once(' ').unwrap_or((operation.method.as_str(), line));
        let path = nameless(path);
        let (gone, asked): (Vec<&str>, Vec<&str>) =
            (path.split('/').collect(), operation.path.split('/').collect());
        let fits = |(gone, asked): (&&str, &&str)| *gone == "{}" || gone == asked;
        method == operation.method && gone.len() == asked.len() && gone.iter().zip(&asked).all(fits)
    })
}

/// What upstream has and we do not, of the services that we have.
#[must_use]
pub fn missing(doors: &[Door]) -> BTreeSet<Operation> {
    let (served, slips) = (served(doors), Reasons::of_slips());
    let is_missing = |operation: &Operation| {
        let Some(door) = doors.iter().find(|door| door.service == operation.service) else { return false };
        let read = Operation { method: "GET".to_owned(), ..operation.clone() };
        let answered = served.contains(operation) || (operation.method == "HEAD" && served.contains(&read));
        !answered && !is_gone(door, operation) && slips.of(operation).is_none()
    };
    operations().into_iter().filter(is_missing).collect()
}

/// What we have and the descriptions do not.
#[must_use]
pub fn beyond(doors: &[Door]) -> BTreeSet<Operation> {
    served(doors).difference(&operations()).cloned().collect()
}

/// The services that are not served at all, with the number of their operations.
#[must_use]
pub fn absent_services(doors: &[Door]) -> BTreeMap<String, usize> {
    let mut absent = BTreeMap::new();
    for operation in operations() {
        if !doors.iter().any(|door| door.service == operation.service) {
            *absent.entry(operation.service).or_default() += 1;
        }
    }
    absent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::doors;

    #[test]
    fn patterns_cover_what_they_say() {
        for (pattern, text, fits) in [
            ("a b", "a b", true),
            ("a b", "a bc", false),
            ("a *", "a bc", true),
            ("* c *", "a b c d", true),
            ("a * z", "a b c", false),
            ("*", "", true),
        ] {
            assert_eq!(covers(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn each_line_of_the_lists_is_needed_and_has_a_reason() {
        assert_eq!(Reasons::of_slips().idle(&operations()), Vec::<&str>::new());
        assert_eq!(Reasons::of_additions().idle(&beyond(&doors(None))), Vec::<&str>::new());
    }

    #[test]
    fn what_is_served_beyond_the_descriptions_has_a_reason() {
        let reasons = Reasons::of_additions();
        let without: Vec<String> = beyond(&doors(None))
            .iter()
            .filter(|operation| reasons.of(operation).is_none())
            .map(ToString::to_string)
            .collect();
        assert_eq!(without, Vec::<String>::new());
    }

    #[test]
    fn a_slip_is_not_served() {
        let (served, slips) = (served(&doors(None)), Reasons::of_slips());
        let both: Vec<String> = operations()
            .iter()
            .filter(|operation| slips.of(operation).is_some() && served.contains(*operation))
            .map(ToString::to_string)
            .collect();
        assert_eq!(both, Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_is_found_and_what_is_gone_is_not_missing() {
        let doors = doors(None);
        let missing: Vec<String> = missing(&doors).iter().map(ToString::to_string).collect();
        let has = |text: &str| missing.iter().any(|one| one == text);
        assert!(has("compute POST /v2.1/os-aggregates/{}/images"));
        for served in [
            "compute POST /v2.1/servers/{}/action os-start",
            "compute GET /v2.1/os-cells/{}",
            "compute POST /v2.1/os-networks",
            "identity HEAD /v3/users",
        ] {
            assert!(!has(served), "{served}");
        }
        assert!(absent_services(&doors).contains_key("load-balancer"));
    }
}
