//! JUnit XML: a failed check is a failure, one that could not run an error, the other two are skipped. Advice is
//! skipped too, with its verdict as the message: it must not turn a pipeline red.

use std::fmt::Write;

use super::xml::escape;
use crate::check::Section;
use crate::finding::Severity;
use crate::report::{CheckResult, Report};
use crate::verdict::Verdict;

/// Renders it.
#[must_use]
pub fn report(report: &Report) -> String {
    let all: Vec<&CheckResult> = report.results.iter().collect();
    let name = report.plan.scope.as_ref().map_or("checks", |scope| scope.name.as_str());
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, r#"<testsuites name="{}" {}>"#, escape(&report.run.subject), counts(&all));
    suite(&mut text, report, Section::Official, name);
    for (section, name) in [(Section::Advisory, "advice"), (Section::Manual, "answers")] {
        if report.section(section).next().is_some() {
            suite(&mut text, report, section, name);
        }
    }
    text.push_str("</testsuites>\n");
    text
}

/// The results of a section.
fn suite(text: &mut String, report: &Report, section: Section, name: &str) {
    let results: Vec<&CheckResult> = report.section(section).collect();
    let begun = escape(&report.run.started_at);
    let _ =
        writeln!(text, r#"  <testsuite name="{}" timestamp="{begun}" {}>"#, escape(name), counts(&results));
    for result in results {
        text.push_str(&case(result, name));
    }
    text.push_str("  </testsuite>\n");
}

/// The attributes that count; whatever advice is not a pass counts as skipped.
fn counts(results: &[&CheckResult]) -> String {
    let of = |verdict| results.iter().filter(|r| !r.is_advice() && r.verdict == verdict).count();
    let advice = results.iter().filter(|r| r.is_advice() && r.verdict != Verdict::Pass).count();
    let (failures, errors) = (of(Verdict::Fail), of(Verdict::CouldNotRun));
    let skipped = of(Verdict::NotApplicable) + of(Verdict::NotFinished) + advice;
    let total = seconds(results.iter().map(|r| r.elapsed_ms).sum());
    let tests = results.len();
    format!(r#"tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}" time="{total}""#)
}

fn case(result: &CheckResult, suite: &str) -> String {
    let head = format!(
        r#"    <testcase classname="{}" name="{}" time="{}""#,
        escape(suite),
        escape(&result.id),
        seconds(result.elapsed_ms)
    );
    let reason = escape(result.reason.as_deref().unwrap_or(result.verdict.word()));
    let body = match result.verdict {
        Verdict::Pass if result.warnings().next().is_none() => return format!("{head}/>\n"),
        Verdict::Pass => {
            let text = format!("{}\n{}", result.word(), details(result));
            format!("<system-out>{}</system-out>", escape(&text))
        }
        _ if result.is_advice() => format!(r#"<skipped message="{}: {}"/>"#, result.word(), first(result)),
        Verdict::Fail => {
            format!(r#"<failure message="{}">{}</failure>"#, first(result), escape(&details(result)))
        }
        Verdict::CouldNotRun => format!(r#"<error message="{reason}">{}</error>"#, escape(&details(result))),
        Verdict::NotApplicable | Verdict::NotFinished => {
            format!(r#"<skipped message="{}: {reason}"/>"#, result.verdict.word())
        }
    };
    format!("{head}>{body}</testcase>\n")
}

fn first(result: &CheckResult) -> String {
    let worst = result.findings.iter().find(|f| f.severity == Severity::Violation);
    escape(&worst.map_or_else(
        || result.reason.clone().unwrap_or_default(),
        |f| format!("{}: expected {}, found {}", f.object.name, f.expected, f.found),
    ))
}

fn details(result: &CheckResult) -> String {
    let mut text = String::new();
    for f in result.telling() {
        let _ = writeln!(text, "{}: expected {}, found {}. {}", f.object.name, f.expected, f.found, f.fix);
    }
    text.push_str(&result.url);
    text
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
