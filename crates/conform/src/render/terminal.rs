//! Lines for people: one per check, and what they need to know about each failure.

use std::fmt::Write;

use crate::check::Section;
use crate::finding::{Finding, Severity};
use crate::plan::{Plan, PlannedVersion};
use crate::printable::printable;
use crate::report::{CheckResult, Report};
use crate::verdict::Verdict;

/// How many findings of one check are shown before the rest is only counted.
const SHOWN: usize = 10;

/// A text from the cloud, made safe for a terminal.
#[must_use]
pub fn plain(text: &str) -> String {
    printable(text)
}

/// The lines for one check.
#[must_use]
pub fn result(result: &CheckResult) -> String {
    let mut text = format!("{:<13} {}", result.word(), plain(&result.id));
    if result.resumed {
        text.push_str("  (from the earlier run)");
    }
    text.push('\n');
    if let Some(reason) = &result.reason {
        let _ = writeln!(text, "      {}", plain(reason));
    }
    let wanted = |f: &&Finding| match result.verdict {
        Verdict::Fail => f.severity == Severity::Violation,
        Verdict::CouldNotRun => f.severity >= Severity::Violation,
        _ => f.severity == Severity::Warning,
    };
    let findings: Vec<&Finding> = result.findings.iter().filter(wanted).collect();
    for finding in findings.iter().take(SHOWN) {
        text.push_str(&lines(finding));
    }
    if findings.len() > SHOWN {
        let _ = writeln!(text, "      … and {} more", findings.len() - SHOWN);
    }
    if let Some(other) = result.by_document {
        let _ = writeln!(text, "      by the document itself: {}", other.word());
    }
    if result.verdict == Verdict::Fail {
        let _ = writeln!(text, "      see {}", plain(&result.url));
    }
    text
}

fn lines(finding: &Finding) -> String {
    let id = finding.object.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let (name, expected, found) = (&finding.object.name, &finding.expected, &finding.found);
    let mut text = plain(&format!("      {name}{id}: expected {expected}, found {found}"));
    text.push('\n');
    if !finding.fix.is_empty() {
        let _ = writeln!(text, "        fix: {}", plain(&finding.fix));
    }
    text
}

/// The line above the results of advisory checks.
pub const ADVICE: &str = "Advice, which decides nothing:\n";

/// The line above what people answered.
pub const ANSWERS: &str = "Answers of people, which decide nothing:\n";

/// A line per version that is checked.
#[must_use]
pub fn versions(plan: &Plan) -> String {
    let scope = plan.scope.as_ref().map_or("", |scope| scope.name.as_str());
    let line = |version: &PlannedVersion| {
        plain(&format!("{scope} {} ({}) on {}", version.version, version.validity, plan.reference_date))
            + "\n"
    };
    plan.versions.iter().map(line).collect()
}

/// The lines at the end.
#[must_use]
pub fn summary(report: &Report) -> String {
    let mut text = String::new();
    for version in &report.summary {
        for (target, aggregate) in &version.targets {
            let scope = report.plan.scope.as_ref().map_or("", |s| s.name.as_str());
            let line = format!("{scope} {} ({}), {target}: ", version.version, version.validity);
            let _ = writeln!(text, "{}{}", plain(&line), aggregate.word());
        }
    }
    let sections = [
        (Section::Official, "checks"),
        (Section::Advisory, "advisory checks"),
        (Section::Manual, "questions to people"),
    ];
    for (section, what) in sections {
        let total: usize = Verdict::ALL.iter().map(|v| report.count_in(section, *v)).sum();
        if total > 0 || section == Section::Official {
            let _ = writeln!(text, "{total} {what}: {}", counts(report, section));
        }
    }
    for left in &report.leftovers {
        let _ = writeln!(text, "left behind: {}", plain(left));
    }
    text
}

/// `51 pass, 1 fail`.
fn counts(report: &Report, section: Section) -> String {
    let all = Verdict::ALL.map(|verdict| (report.count_in(section, verdict), verdict.word().to_lowercase()));
    let shown: Vec<String> =
        all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if shown.is_empty() { "none ran".to_owned() } else { shown.join(", ") }
}

/// The whole report: the official results, then advice, then how it stands.
#[must_use]
pub fn report(report: &Report) -> String {
    let mut text: String = report.section(Section::Official).map(result).collect();
    for (section, head) in [(Section::Advisory, ADVICE), (Section::Manual, ANSWERS)] {
        let results: String = report.section(section).map(result).collect();
        if !results.is_empty() {
            text.push_str(head);
            text.push_str(&results);
        }
    }
    text + &summary(report)
}
