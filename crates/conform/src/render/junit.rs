//! JUnit XML: a failed check is a failure, one that could not run an error, the other two are skipped. Advice is
//! skipped too, with its verdict as the message: it must not turn a pipeline red.

use std::fmt::Write;

use super::xml::escape;
use crate::finding::Severity;
use crate::report::{CheckResult, Report};
use crate::verdict::Verdict;

/// Renders it.
#[must_use]
pub fn report(report: &Report) -> String {
    let advice = report.results.iter().filter(|r| r.is_advice() && r.verdict != Verdict::Pass).count();
    let skipped = report.count(Verdict::NotApplicable) + report.count(Verdict::NotFinished) + advice;
    let total: u64 = report.results.iter().map(|r| r.elapsed_ms).sum();
    let counts = format!(
        r#"tests="{}" failures="{}" errors="{}" skipped="{skipped}" time="{}""#,
        report.results.len(),
        report.count(Verdict::Fail),
        report.count(Verdict::CouldNotRun),
        seconds(total),
    );
    let suite = report.plan.scope.as_ref().map_or("checks", |scope| scope.name.as_str());
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, r#"<testsuites name="{}" {counts}>"#, escape(&report.run.subject));
    let (name, begun) = (escape(suite), escape(&report.run.started_at));
    let _ = writeln!(text, r#"  <testsuite name="{name}" timestamp="{begun}" {counts}>"#);
    for result in &report.results {
        text.push_str(&case(result, suite));
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
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
        Verdict::Pass => return format!("{head}/>\n"),
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
    for f in result.findings.iter().filter(|f| f.severity >= Severity::Violation) {
        let _ = writeln!(text, "{}: expected {}, found {}. {}", f.object.name, f.expected, f.found, f.fix);
    }
    text.push_str(&result.url);
    text
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
