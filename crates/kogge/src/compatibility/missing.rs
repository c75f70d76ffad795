//! What upstream has and we do not, and the other way round, as tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::Door;
use crate::upstream::{self, Operation, Reasons};

/// The part about what is missing.
pub(super) fn missing(doors: &[Door]) -> String {
    let missing = upstream::missing(doors);
    let absent = upstream::absent_services(doors);
    let absent: Vec<String> = absent.iter().map(|(service, count)| format!("{service} ({count})")).collect();
    let mut text = format!(
        "### Operations that are missing\n\nEverything that upstream serves and Kogge does not, computed from the route \
         tables and `crates/kogge/data/upstream-operations.txt`:\n{} operations of {} that the served services have. Services \
         that are missing altogether, with their operations: {}.\nWhat upstream itself answers with 410 is not listed.\n\n| \
         service | resource | missing |\n|---|---|---|\n",
        missing.len(),
        total(doors),
        absent.join(", "),
    );
    let served = upstream::served(doors);
    let served = resources(&served);
    for ((service, resource), operations) in &resources(&missing) {
        let whole = !served.contains_key(&(*service, resource.clone()));
        let what =
            if whole { format!("all of it ({})", operations.len()) } else { parts(resource, operations) };
        text.push_str(&format!("| {service} | `{resource}` | {what} |\n"));
    }
    text
}

/// The part about what the descriptions do not know.
pub(super) fn beyond(doors: &[Door]) -> String {
    let reasons = Reasons::of_additions();
    let mut text = String::from(
        "\n### Served beyond the descriptions\n\nWhat Kogge serves and the OpenAPI descriptions do not have:\n\n| service | \
         operation | why |\n|---|---|---|\n",
    );
    for operation in upstream::beyond(doors) {
        let why = reasons.of(&operation).unwrap_or("?");
        let Operation { service, method, path, .. } = &operation;
        text.push_str(&format!("| {service} | {method} `{path}` | {why} |\n"));
    }
    text
}

fn total(doors: &[Door]) -> usize {
    let known = |operation: &&Operation| doors.iter().any(|door| door.service == operation.service);
    upstream::operations().iter().filter(known).count()
}

/// Operations by service and resource.
fn resources(operations: &BTreeSet<Operation>) -> BTreeMap<(&str, String), Vec<&Operation>> {
    let mut found: BTreeMap<(&str, String), Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        found.entry((&operation.service, resource_of(&operation.path))).or_default().push(operation);
    }
    found
}

/// The path of a resource: its version and its first word.
fn resource_of(path: &str) -> String {
    let mut words = path.split('/').skip(1);
    let first = words.next().unwrap_or_default();
    let versioned =
        first.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match words.next() {
        Some(second) if versioned => format!("/{first}/{second}"),
        _ => format!("/{first}"),
    }
}

/// What is missing of a resource: methods by the rest of the path, actions by name.
fn parts(resource: &str, operations: &[&Operation]) -> String {
    let mut by_path: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for operation in operations {
        let rest = operation.path.strip_prefix(resource).unwrap_or(&operation.path);
        by_path.entry(rest).or_default().push(operation.action.as_deref().unwrap_or(&operation.method));
    }
    let part = |(rest, what): (&&str, &Vec<&str>)| match *rest {
        "" => what.join(", "),
        rest => format!("`{rest}`: {}", what.join(", ")),
    };
    by_path.iter().map(part).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_a_version_and_a_word() {
        for (path, resource) in [
            ("/v2.1/servers/{}/action", "/v2.1/servers"),
            ("/resource_providers/{}", "/resource_providers"),
            ("/v3", "/v3"),
            ("/volumes/x", "/volumes"),
            ("/", "/"),
        ] {
            assert_eq!(resource_of(path), resource);
        }
    }

    #[test]
    fn methods_stand_by_path_and_actions_by_name() {
        let operation = |method: &str, path: &str, action: Option<&str>| Operation {
            service: "compute".to_owned(),
            path: path.to_owned(),
            method: method.to_owned(),
            action: action.map(str::to_owned),
        };
        let all = [
            operation("GET", "/v2.1/x", None),
            operation("PUT", "/v2.1/x/{}", None),
            operation("POST", "/v2.1/x/{}/action", Some("a")),
            operation("POST", "/v2.1/x/{}/action", Some("b")),
        ];
        let all: Vec<&Operation> = all.iter().collect();
        assert_eq!(parts("/v2.1/x", &all), "GET; `/{}`: PUT; `/{}/action`: a, b");
    }
}
