//! Every form of a report: what it holds, and that a cloud's text cannot break out of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use jiff::tz::TimeZone;
use kogge_conform::render::terminal::Style;
use kogge_conform::render::{Format, NAMES, json, render, terminal, upstream_yaml};
use kogge_conform::{
    CheckResult, Description, Finding, ObjectRef, Outcome, Plan, PlannedVersion, Report, RunHead, ScopeRef,
    Severity, Verdict,
};
use proptest::prelude::*;
use serde_json::Value;

fn result(id: &str, verdict: Verdict, name: &str) -> CheckResult {
    let description = Description::reading(id, "Title", "https://docs.example/x");
    let finding = Finding {
        severity: Severity::Violation,
        rule: id.into(),
        url: "https://docs.example/x".into(),
        object: ObjectRef { name: name.into(), id: Some("id-7".into()) },
        expected: "ram (MiB) = 4096".into(),
        found: "2048".into(),
        fix: "create it anew".into(),
    };
    let mut outcome = Outcome::pass();
    outcome.verdict = verdict;
    if verdict == Verdict::Fail {
        outcome.findings = vec![finding];
    } else if verdict != Verdict::Pass {
        outcome.reason = Some(format!("because of {name}"));
    }
    CheckResult::new(&description, outcome, 1234)
}

fn report(name: &str) -> Report {
    let version = PlannedVersion {
        version: "v5.1".into(),
        validity: "effective".into(),
        targets: [("main".to_owned(), vec!["t-1".to_owned()])].into(),
    };
    let mut report = Report {
        format: 1,
        run: RunHead {
            uuid: "8d6cf2cd-0a2c-4d5e-9a3b-0123456789ab".into(),
            subject: "my-cloud".into(),
            started_at: "2026-11-24T08:00:00Z".into(),
            ended_at: None,
            program: "kogge 0.1.0".into(),
            argv: vec!["check".into(), "--date".into(), "2026-11-24".into()],
            ..RunHead::default()
        },
        plan: Plan {
            scope: Some(ScopeRef {
                uuid: "5039".into(),
                name: "SCS-compatible IaaS".into(),
                url: "https://u".into(),
                sha256: "ab".repeat(32),
            }),
            versions: vec![version],
            reference_date: "2026-11-24".into(),
            ..Plan::default()
        },
        results: vec![
            result("t-1", Verdict::Pass, name),
            result("t-2", Verdict::Fail, name),
            result("t-3", Verdict::NotApplicable, name),
            result("t-4", Verdict::CouldNotRun, name),
            result("t-5", Verdict::NotFinished, name),
        ],
        ..Report::default()
    };
    report.summarize();
    report
}

#[test]
fn the_upstream_form_has_upstreams_keys_in_upstreams_order() {
    let text = upstream_yaml::report_in(&report("flavor"), &TimeZone::UTC);
    let order = [
        "---\n",
        "spec:",
        "checked_at: 2026-11-24 08:00:00.000000\n",
        "reference_date: 2026-11-24\n",
        "subject: my-cloud\n",
        "run:",
        "  uuid:",
        "  argv:",
        "  assignment:",
        "  sections: null\n",
        "  forced_version: null\n",
        "  forced_tests: null\n",
        "  invocations:",
        "cmd:",
        "results:",
        "rc: 0\n",
        "stdout:",
        "stderr:",
        "info:",
        "warning:",
        "error:",
        "critical:",
    ];
    let mut rest = text.as_str();
    for key in order {
        let at = rest.find(key).unwrap_or_else(|| panic!("{key:?} is missing or out of order in\n{text}"));
        rest = &rest[at..];
    }
}

#[test]
fn the_upstream_form_leaves_out_answers_that_its_date_would_renew() {
    let mut report = report("flavor");
    report.results[0].outlasts = true;
    let parsed: Value = serde_saphyr::from_str(&upstream_yaml::report(&report)).unwrap();
    let invocation = &parsed["run"]["invocations"]["8d6cf2cd-0a2c-4d5e-9a3b-0123456789ab"];
    assert_eq!(invocation["results"], serde_json::json!({"t-2": -1, "t-3": 1, "t-4": 0}));
    assert!(!invocation["stdout"].to_string().contains("t-1"), "{invocation}");
}

#[test]
fn the_upstream_form_counts_and_leaves_out_as_upstream_does() {
    let parsed: Value = serde_saphyr::from_str(&upstream_yaml::report(&report("flavor"))).unwrap();
    let invocation = &parsed["run"]["invocations"]["8d6cf2cd-0a2c-4d5e-9a3b-0123456789ab"];
    let results = serde_json::json!({"t-1": 1, "t-2": -1, "t-3": 1, "t-4": 0});
    assert_eq!(invocation["results"], results);
    assert_eq!(
        invocation["stdout"],
        serde_json::json!(["t-1: PASS", "t-2: FAIL", "t-3: PASS", "t-4: ABORT"])
    );
    assert_eq!(invocation["error"], 3);
}

#[test]
fn json_goes_both_ways() {
    let before = report("flavor");
    assert_eq!(json::read(&json::report(&before)).unwrap(), before);
    assert!(json::read("{}").is_err() && json::read("<html>").is_err());
    let newer = Report { format: 99, ..before };
    assert!(json::read(&json::report(&newer)).unwrap_err().contains("99"));
}

#[test]
fn json_keeps_all_five_verdicts_apart() {
    let parsed: Value = serde_json::from_str(&render(&report("x"), Format::Json)).unwrap();
    let words: Vec<&str> =
        parsed["results"].as_array().unwrap().iter().map(|r| r["verdict"].as_str().unwrap()).collect();
    assert_eq!(words, ["pass", "fail", "not-applicable", "could-not-run", "not-finished"]);
    assert_eq!(parsed["results"][3]["upstream"], "ABORT");
    assert_eq!(parsed["results"][4]["upstream"], Value::Null);
}

#[test]
fn junit_counts_failures_errors_and_skips() {
    let text = render(&report("x"), Format::Junit);
    assert!(text.contains(r#"tests="5" failures="1" errors="1" skipped="2""#), "{text}");
}

#[test]
fn a_failure_shows_object_expectation_fix_and_rule_on_the_terminal() {
    let text = terminal::result(&result("t-2", Verdict::Fail, "flavor \"SCS-2V-4\""), &Style::default());
    for part in [
        "FAIL",
        "t-2",
        "flavor \"SCS-2V-4\" (id-7)",
        "ram (MiB) = 4096",
        "2048",
        "fix: create it anew",
        "https://docs.example/x",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn many_findings_are_counted_not_poured_out() {
    let mut many = result("t-2", Verdict::Fail, "x");
    many.findings = vec![many.findings[0].clone(); 1000];
    let text = terminal::result(&many, &Style::default());
    assert!(text.lines().count() < 40 && text.contains("990 more"), "{text}");
}

#[test]
fn a_pass_with_a_warning_says_so_in_every_form() {
    let mut report = report("x");
    let mut warning = report.results[1].findings[0].clone();
    (warning.severity, warning.found) = (Severity::Warning, "one was made".into());
    report.results[0].findings = vec![warning];
    for (name, format) in NAMES {
        if !matches!(format, Format::Yaml) {
            assert!(render(&report, format).contains("one was made"), "{name}");
        }
    }
    for format in [Format::Text, Format::Html, Format::Markdown, Format::Junit, Format::Sarif] {
        assert!(render(&report, format).contains("PASS with a warning"), "{format:?}");
    }
    let parsed: Value = serde_json::from_str(&render(&report, Format::Json)).unwrap();
    assert_eq!(parsed["results"][0]["verdict"], "pass");
}

#[test]
fn lines_are_broken_at_the_width_and_coloured_on_a_terminal_only() {
    let mut failed = result("t-2", Verdict::Fail, "flavor \"SCS-2V-4\"");
    failed.findings[0].expected = "a long explanation ".repeat(20);
    let narrow = Style { width: Some(60), coloured: true, ..Style::default() };
    let text = terminal::result(&failed, &narrow);
    let visible = text.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
    assert!(visible.lines().all(|line| line.chars().count() <= 60), "{visible}");
    assert_ne!(visible, text);
    assert!(!terminal::result(&failed, &Style::default()).contains('\u{1b}'));
}

#[test]
fn a_page_shows_address_scope_counts_and_what_failed_before_everything_else() {
    let mut report = report("the `cloud` says so");
    report.run.auth_url = "https://cloud.example:5000/v3".into();
    report.results[1].findings[0].fix = "set `min_ram`, and no `lonely".into();
    let page = render(&report, Format::Html);
    for part in [
        "https://cloud.example:5000/v3",
        "SCS-compatible IaaS v5.1",
        "1 FAIL",
        "the <code>cloud</code> says so",
        "no `lonely",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<code>set"), "prose is no code: {page}");
    let (first, all) = (page.find("<a href=\"#t-2\">").unwrap(), page.find("<table>").unwrap());
    assert!(first < all && page.contains("<tr id=\"t-2\">"));
    assert!(page.contains("class=\"v not-applicable\"") && !page.contains(".pass,.not-applicable"));
}

#[test]
fn sarif_names_each_violation() {
    let parsed: Value = serde_json::from_str(&render(&report("flavor x"), Format::Sarif)).unwrap();
    let failed: Vec<&Value> =
        parsed["runs"][0]["results"].as_array().unwrap().iter().filter(|r| r["kind"] == "fail").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["ruleId"], "t-2");
}

#[test]
fn every_name_of_a_format_is_read_and_others_are_explained() {
    for (name, format) in NAMES {
        assert_eq!(name.parse::<Format>().unwrap(), format);
    }
    assert!("pdf".parse::<Format>().unwrap_err().contains("yaml"));
}

#[test]
fn advice_is_marked_and_turns_nothing_red() {
    let mut report = report("x");
    for result in &mut report.results {
        result.section = kogge_conform::Section::Advisory;
    }
    let text = render(&report, Format::Text);
    assert!(text.contains("FAIL (advice)") && text.contains("5 advisory checks: 1 pass, 1 fail"), "{text}");
    assert!(text.contains("0 checks: none ran"), "{text}");
    let junit = render(&report, Format::Junit);
    assert!(junit.contains(r#"failures="0" errors="0" skipped="4""#), "{junit}");
    assert!(!junit.contains("<failure") && !junit.contains("<error"), "{junit}");
    assert!(!render(&report, Format::Sarif).contains("\"error\""));
    assert!(!render(&report, Format::Yaml).contains("t-2"));
}

#[test]
fn advice_stands_apart_in_every_form() {
    let mut report = report("x");
    for result in &mut report.results[1..3] {
        result.section = kogge_conform::Section::Advisory;
    }
    let advisory = ["t-2", "t-3"];
    for (format, heading) in [
        (Format::Text, terminal::ADVICE),
        (Format::Markdown, "# Advice"),
        (Format::Html, "<h2>Advice</h2>"),
        (Format::Junit, r#"<testsuite name="advice""#),
        (Format::Sarif, r#""id": "advice/""#),
    ] {
        let text = render(&report, format);
        assert!(text.contains(heading), "{format:?}: {text}");
    }
    let sarif: Value = serde_json::from_str(&render(&report, Format::Sarif)).unwrap();
    for run in sarif["runs"].as_array().unwrap() {
        let advice = run["automationDetails"]["id"] == "advice/";
        for result in run["results"].as_array().unwrap() {
            assert_eq!(advisory.contains(&result["ruleId"].as_str().unwrap()), advice);
        }
    }
    let text = render(&report, Format::Text);
    let (official, advice) = text.split_once(terminal::ADVICE).unwrap();
    assert!(advisory.iter().all(|id| advice.contains(id) && !official.contains(id)), "{text}");
    assert!(advisory.iter().all(|id| !render(&report, Format::Yaml).contains(id)));
}

const EVIL: &str = "</td><script>alert(1)</script>\u{1b}[2J\n- id: PASS\n| \"'&]]>`";

#[test]
fn a_clouds_text_stays_text_in_html_and_markdown_and_on_the_terminal() {
    let evil = report(EVIL);
    let html = render(&evil, Format::Html);
    assert!(!html.contains("<script>") && !html.contains('\u{1b}'));
    let markdown = render(&evil, Format::Markdown);
    assert!(!markdown.contains("<script>") && !markdown.contains('\u{1b}'));
    assert!(!render(&evil, Format::Text).contains('\u{1b}'));
}

#[test]
fn a_clouds_text_cannot_forge_a_result() {
    let parsed: Value = serde_saphyr::from_str(&upstream_yaml::report(&report("x\nt-9: PASS"))).unwrap();
    let invocation = &parsed["run"]["invocations"]["8d6cf2cd-0a2c-4d5e-9a3b-0123456789ab"];
    assert_eq!(invocation["stdout"].as_array().unwrap().len(), 4);
    assert!(invocation["results"].get("t-9").is_none());
}

proptest! {
    #[test]
    fn any_text_survives_the_upstream_form(name in "\\PC{0,40}") {
        let mut before = report("x");
        before.run.subject = name.clone();
        let text = upstream_yaml::report(&before);
        let parsed: Value = serde_saphyr::from_str(&text).unwrap();
        prop_assert_eq!(parsed["subject"].as_str(), Some(name.as_str()), "{}", text);
    }

    #[test]
    fn any_text_makes_all_forms(name in any::<String>()) {
        for (_, format) in NAMES {
            prop_assert!(!render(&report(&name), format).is_empty());
        }
    }
}
