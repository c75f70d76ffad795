//! A report without ids and addresses, to show to others.
//!
//! Ids become `id-1`, `id-2` …, the same id the same number, so that a reader can still see what belongs together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use crate::report::Report;

/// UUIDs with and without dashes, IPv4 and IPv6 addresses, and the places of URLs.
#[expect(clippy::expect_used, reason = "the expression is a constant, and a test compiles it")]
static SENSITIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?P<id>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{64}\b)",
        r"|(?P<place>\bhttps?://[^\s/?#\)\x22']+)",
        r"|(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}\b|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})",
    ))
    .expect("a constant expression")
});

/// Places that are the same for everybody and say nothing about the cloud.
const KNOWN_PLACES: &[&str] = &[
    "https://docs.scs.community",
    "https://raw.githubusercontent.com",
    "https://github.com",
    "https://cloud-images.ubuntu.com",
    "https://cloud.debian.org",
];

/// The same report without tenant ids and addresses. Verdicts, names of flavors and images, and the run's id stay.
#[must_use]
pub fn redacted(report: &Report) -> Report {
    let mut seen = HashMap::new();
    let Ok(mut value) = serde_json::to_value(report) else { return Report::default() };
    if let Some(run) = value.get("run").and_then(|run| run.get("uuid")).and_then(Value::as_str) {
        seen.insert(run.to_owned(), run.to_owned());
    }
    for key in ["run", "results", "leftovers"] {
        if let Some(part) = value.get_mut(key) {
            walk(part, &mut seen);
        }
    }
    serde_json::from_value(value).unwrap_or_default()
}

fn walk(value: &mut Value, seen: &mut HashMap<String, String>) {
    match value {
        Value::String(text) => *text = scrub(text, seen),
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, seen)),
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                // identifiers of standards, verdict words and times hold nothing of the cloud
                if !matches!(
                    key.as_str(),
                    "url" | "rule" | "verdict" | "upstream" | "started_at" | "ended_at"
                ) {
                    walk(inner, seen);
                }
            }
        }
        _ => {}
    }
}

fn scrub(text: &str, seen: &mut HashMap<String, String>) -> String {
    let replace = |found: &Captures<'_>| {
        let whole = found[0].to_owned();
        let is_time = found.name("ip").is_some() && whole.parse::<IpAddr>().is_err();
        if is_time || KNOWN_PLACES.contains(&whole.as_str()) {
            return whole;
        }
        let kind = ["id", "place", "ip"].into_iter().find(|kind| found.name(kind).is_some()).unwrap_or("id");
        let next = seen.len() + 1;
        seen.entry(whole).or_insert_with(|| format!("{kind}-{next}")).clone()
    };
    SENSITIVE.replace_all(text, replace).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Finding, ObjectRef, Severity};
    use crate::report::CheckResult;

    fn scrubbed(text: &str) -> String {
        scrub(text, &mut HashMap::new())
    }

    #[test]
    fn ids_and_addresses_go() {
        for (text, expected) in [
            ("volume 01234567-89ab-cdef-0123-456789abcdef gone", "volume id-1 gone"),
            ("project 0123456789abcdef0123456789abcdef", "project id-1"),
            ("at 192.0.2.17:5000", "at ip-1:5000"),
            ("at 2001:db8::1", "at ip-1"),
            ("GET https://cloud.example:8776/v3/types (volume)", "GET place-1/v3/types (volume)"),
        ] {
            assert_eq!(scrubbed(text), expected);
        }
    }

    #[test]
    fn what_is_public_stays() {
        for text in
            ["flavor \"SCS-2V-4-20s\"", "08:15:30", "Ubuntu 24.04", "https://cloud-images.ubuntu.com/noble/x"]
        {
            assert_eq!(scrubbed(text), text);
        }
    }

    #[test]
    fn the_same_id_gets_the_same_number() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(scrubbed(&format!("{id} and {id}")), "id-1 and id-1");
    }

    #[test]
    fn a_whole_report_is_scrubbed_and_still_a_report() {
        let finding = Finding {
            severity: Severity::Violation,
            rule: "r".into(),
            url: "https://docs.scs.community/x".into(),
            object: ObjectRef {
                name: "image \"x\"".into(),
                id: Some("01234567-89ab-cdef-0123-456789abcdef".into()),
            },
            expected: "e".into(),
            found: "http://10.0.0.1/".into(),
            fix: String::new(),
        };
        let result = CheckResult { findings: vec![finding], ..CheckResult::default() };
        let report = Report { results: vec![result], ..Report::default() };
        let text = serde_json::to_string(&redacted(&report)).unwrap();
        assert!(!text.contains("01234567") && !text.contains("10.0.0.1"), "{text}");
        assert!(text.contains("docs.scs.community"), "{text}");
    }
}
