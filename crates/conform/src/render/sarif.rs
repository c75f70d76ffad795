//! SARIF 2.1.0: one rule per check, one result per violation.

use serde_json::{Value, json};

use crate::check::Section;
use crate::finding::{Finding, Severity};
use crate::report::{CheckResult, Report};
use crate::verdict::Verdict;

/// Renders it.
#[must_use]
pub fn report(report: &Report) -> String {
    let mut runs = vec![run(report, Section::Official, "checks/")];
    for (section, category) in [(Section::Advisory, "advice/"), (Section::Manual, "answers/")] {
        if report.section(section).next().is_some() {
            runs.push(run(report, section, category));
        }
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    });
    format!("{document:#}\n")
}

/// The results of a section. `category` keeps those of one section apart from the other's in a dashboard.
fn run(report: &Report, section: Section, category: &str) -> Value {
    let rules: Vec<Value> = report.section(section).map(rule).collect();
    let results: Vec<Value> = report.section(section).flat_map(|r| results(r, &report.run.subject)).collect();
    json!({
        "tool": {"driver": {"name": "kogge", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules}},
        "automationDetails": {"id": category, "correlationGuid": report.run.uuid},
        "results": results,
    })
}

fn rule(result: &CheckResult) -> Value {
    json!({"id": result.id, "shortDescription": {"text": result.title}, "helpUri": result.url})
}

/// A finding in words.
fn told(f: &Finding) -> String {
    let text = format!("{}: expected {}, found {}. {}", f.object.name, f.expected, f.found, f.fix);
    text.trim_end().to_owned()
}

fn results(result: &CheckResult, subject: &str) -> Vec<Value> {
    let one = |level: &str, kind: &str, text: String, object: &str| {
        json!({
            "ruleId": result.id, "level": level, "kind": kind, "message": {"text": text},
            "locations": [{"logicalLocations": [{"fullyQualifiedName": format!("{subject}/{object}")}]}],
        })
    };
    let level = if result.is_advice() { "note" } else { "error" };
    let reason = || result.reason.clone().unwrap_or_default();
    match result.verdict {
        Verdict::Pass => {
            let noted = result.warnings().map(|f| one("none", "informational", told(f), &f.object.name));
            std::iter::once(one("none", "pass", result.word(), "")).chain(noted).collect()
        }
        Verdict::NotApplicable => vec![one("none", "notApplicable", reason(), "")],
        Verdict::CouldNotRun | Verdict::NotFinished => vec![one("none", "open", reason(), "")],
        Verdict::Fail => {
            let violations = result.findings.iter().filter(|f| f.severity == Severity::Violation);
            let mut all: Vec<Value> =
                violations.map(|f| one(level, "fail", told(f), &f.object.name)).collect();
            if all.is_empty() {
                all.push(one(level, "fail", reason(), ""));
            }
            all
        }
    }
}
