//! The published schema of reports says what is written, and nothing else passes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "schema/validator.rs"]
mod validator;

use kogge_conform::plan::Aggregate;
use kogge_conform::render::{Format, render};
use kogge_conform::report::VersionSummary;
use kogge_conform::{
    Answered, CheckResult, Description, Finding, ObjectRef, Outcome, Plan, PlannedVersion, Report, RunHead,
    ScopeRef, Section, Severity, Verdict,
};
use serde_json::{Value, json};

/// A report in which nothing is absent.
fn full() -> Report {
    let text = |text: &str| text.to_owned();
    let finding = |severity| Finding {
        severity,
        rule: text("t"),
        url: text("https://d"),
        object: ObjectRef { name: text("flavor \"a\""), id: Some(text("1")) },
        expected: text("1"),
        found: text("2"),
        fix: text("mend it"),
    };
    let severities = [Severity::Info, Severity::Warning, Severity::Violation, Severity::Undecidable];
    let result = |(number, verdict): (usize, Verdict)| {
        let mut description = Description::reading(format!("t-{number}"), "Title", "https://d");
        description.section = [Section::Official, Section::Advisory, Section::Manual][number % 3];
        let mut outcome = Outcome { verdict, ..Outcome::not_applicable("because") };
        outcome.by_document = Some(Verdict::Fail);
        outcome.findings = severities.map(finding).into();
        let at = text("2026-09-01T08:00:00Z");
        outcome.answered = Some(Answered { at, good_until: text("2027-01-01T00:00:00"), outlasts: true });
        CheckResult::new(&description, outcome, 12)
    };
    let aggregates = [Aggregate::Fail, Aggregate::Missing, Aggregate::Undecided, Aggregate::Pass];
    let targets = aggregates.into_iter().map(|aggregate| (format!("{aggregate:?}"), aggregate));
    let summary =
        VersionSummary { version: text("v1"), validity: text("effective"), targets: targets.collect() };
    let version = PlannedVersion {
        version: text("v1"),
        validity: text("effective"),
        targets: [(text("main"), vec![text("t-1")])].into(),
    };
    Report {
        format: 1,
        redacted: true,
        run: RunHead {
            uuid: text("8d6cf2cd-0a2c-4d5e-9a3b-0123456789ab"),
            subject: text("c"),
            region: Some(text("r")),
            api_versions: [(text("compute"), text("2.96"))].into(),
            clock_offset_ms: Some(-20),
            users: vec![text("u")],
            started_at: text("2026-11-24T08:00:00Z"),
            ended_at: Some(text("2026-11-24T08:00:09Z")),
            stopped: Some(text("the run was stopped")),
            program: text("kogge"),
            argv: vec![text("check")],
            ..RunHead::default()
        },
        plan: Plan {
            scope: Some(ScopeRef { sha256: "0f".repeat(32), ..ScopeRef::default() }),
            versions: vec![version],
            reference_date: text("2026-11-24"),
            forced_version: Some(text("v1")),
            forced_tests: Some(text("t")),
        },
        results: Verdict::ALL.into_iter().enumerate().map(result).collect(),
        summary: vec![summary],
        leftovers: vec![text("volume v")],
        unsettled: vec![text("volume w")],
    }
}

fn written(report: &Report) -> Value {
    serde_json::from_str(&render(report, Format::Json)).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(validator::REPORT).unwrap()
}

#[test]
fn reports_with_everything_and_with_nothing_are_valid() {
    let empty = Report {
        format: 1,
        run: RunHead { started_at: "2026-11-24T08:00:00Z".to_owned(), ..RunHead::default() },
        results: vec![CheckResult::default()],
        ..Report::default()
    };
    for report in [full(), empty] {
        assert_eq!(validator::wrong(&schema(), &written(&report)), Vec::<String>::new());
    }
}

#[test]
fn every_key_that_is_described_is_written_by_a_report_that_has_everything() {
    let (whole, schema) = (written(&full()), schema());
    let places = [
        ("", &whole),
        ("/$defs/run", &whole["run"]),
        ("/$defs/plan", &whole["plan"]),
        ("/$defs/scope", &whole["plan"]["scope"]),
        ("/$defs/version", &whole["plan"]["versions"][0]),
        ("/$defs/summary", &whole["summary"][0]),
        ("/$defs/result", &whole["results"][0]),
        ("/$defs/finding", &whole["results"][0]["findings"][0]),
    ];
    for (pointer, value) in places {
        let described = schema.pointer(&format!("{pointer}/properties")).unwrap().as_object().unwrap();
        for name in described.keys() {
            assert!(value.get(name).is_some(), "{pointer}: {name} is described and not written");
        }
    }
}

#[test]
fn what_is_no_report_is_not_valid() {
    let good = written(&full());
    for (pointer, bad) in [
        ("/format", json!(2)),
        ("/run/started_at", json!("yesterday")),
        ("/run/uuid", Value::Null),
        ("/results/0/verdict", json!("PASS")),
        ("/results/0/section", json!("other")),
        ("/results/0/findings", json!({})),
        ("/plan/scope", json!("x")),
        ("/plan/scope/sha256", json!("x")),
        ("/summary/0/targets/Fail", json!("bad")),
    ] {
        let mut report = good.clone();
        *report.pointer_mut(pointer).unwrap() = bad;
        assert_eq!(validator::wrong(&schema(), &report).len(), 1, "{pointer}");
    }
    let mut more = good.clone();
    more["run"]["password"] = json!("x");
    assert_eq!(validator::wrong(&schema(), &more), ["$.run.password is not described"]);
    let mut less = good;
    less["results"][0].as_object_mut().unwrap().remove("id");
    assert_eq!(validator::wrong(&schema(), &less), ["$.results[0]: \"id\" is missing"]);
}
