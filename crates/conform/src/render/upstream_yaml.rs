//! The report format of the upstream suite, which the upstream monitor takes.
//!
//! One invocation stands for the whole run; what upstream's test program would have printed is in its `stdout`
//! (`<testcase>: PASS`) and `stderr` (`ERROR: …`). A check that did not finish is left out, as the format demands.

use std::fmt::Write;

use jiff::tz::TimeZone;

use crate::finding::Finding;
use crate::report::{CheckResult, Report};

/// Renders it, with `checked_at` in this machine's time zone as upstream does.
#[must_use]
pub fn report(report: &Report) -> String {
    report_in(report, &TimeZone::system())
}

/// Renders it with `checked_at` in a time zone (written without it: the format has none).
#[must_use]
pub fn report_in(report: &Report, zone: &TimeZone) -> String {
    let mut out = Writer(String::from("---\n"));
    out.line(0, "spec:", "");
    let scope = report.plan.scope.clone().unwrap_or_default();
    for (key, value) in [("uuid:", &scope.uuid), ("name:", &scope.name), ("url:", &scope.url)] {
        out.line(1, key, &scalar(value));
    }
    out.line(0, "checked_at:", &local_time(&report.run.started_at, zone));
    out.line(0, "reference_date:", &report.plan.reference_date);
    out.line(0, "subject:", &scalar(&report.run.subject));
    out.line(0, "run:", "");
    out.line(1, "uuid:", &scalar(&report.run.uuid));
    out.list(1, "argv:", report.run.argv.iter().map(String::as_str));
    out.line(1, "assignment:", "");
    out.line(2, "os_cloud:", &scalar(&report.run.subject));
    out.line(1, "sections:", "null");
    out.line(1, "forced_version:", &optional(report.plan.forced_version.as_deref()));
    out.line(1, "forced_tests:", &optional(report.plan.forced_tests.as_deref()));
    out.line(1, "invocations:", "");
    invocation(&mut out, report);
    out.0
}

/// The one invocation. Its id is the run's: it has no other use than to be unique.
fn invocation(out: &mut Writer, report: &Report) {
    // upstream dates every result by the run: an answer of last quarter would be good for another one
    let counts = |r: &&CheckResult| r.section == crate::check::Section::Official && !r.outlasts;
    let official: Vec<&CheckResult> = report.results.iter().filter(counts).collect();
    out.line(2, &format!("{}:", scalar(&report.run.uuid)), "");
    out.line(3, "id:", &scalar(&report.run.uuid));
    out.line(3, "cmd:", &scalar(&format!("kogge {}", report.run.argv.join(" "))));
    let decided: Vec<(&CheckResult, i8)> =
        official.iter().filter_map(|r| Some((*r, r.verdict.upstream_number()?))).collect();
    out.line(3, "results:", if decided.is_empty() { "{}" } else { "" });
    for (result, number) in &decided {
        out.line(4, &format!("{}:", scalar(&result.id)), &number.to_string());
    }
    out.line(3, "rc:", "0");
    let stdout: Vec<String> = decided
        .iter()
        .filter_map(|(r, _)| Some(format!("{}: {}", r.id, r.verdict.upstream_word()?)))
        .collect();
    out.list(3, "stdout:", stdout.iter().map(String::as_str));
    let stderr: Vec<String> = official.iter().flat_map(|r| log_lines(r)).collect();
    out.list(3, "stderr:", stderr.iter().map(String::as_str));
    for (key, word) in
        [("info:", "INFO"), ("warning:", "WARNING"), ("error:", "ERROR"), ("critical:", "CRITICAL")]
    {
        out.line(3, key, &stderr.iter().filter(|l| l.starts_with(word)).count().to_string());
    }
}

fn log_lines(result: &CheckResult) -> Vec<String> {
    let one_line = |text: String| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut lines: Vec<String> = result.findings.iter().map(|f| one_line(log_line(result, f))).collect();
    if let Some(reason) = result.reason.as_ref().filter(|_| result.findings.is_empty()) {
        let word = if result.verdict.is_decided() { "INFO" } else { "ERROR" };
        lines.push(one_line(format!("{word}: {}: {reason}", result.id)));
    }
    lines
}

fn log_line(result: &CheckResult, finding: &Finding) -> String {
    let (word, object) = (finding.severity.log_word(), &finding.object.name);
    format!("{word}: {}: {object}: expected {}, found {}", result.id, finding.expected, finding.found)
}

fn local_time(utc: &str, zone: &TimeZone) -> String {
    let parsed = utc.parse::<jiff::Timestamp>();
    parsed.map_or_else(
        |_| scalar(utc),
        |time| time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S.%6f").to_string(),
    )
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), scalar)
}

/// A string that YAML 1.1 and 1.2 both read as this string: plain only if nothing could mistake it.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
        && !WORDS.contains(&text.to_lowercase().as_str());
    if plain {
        return text.to_owned();
    }
    // JSON strings are YAML's double-quoted strings; the few characters that YAML forbids are escaped besides
    let quoted = serde_json::Value::from(text).to_string();
    let mut out = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

struct Writer(String);

impl Writer {
    fn line(&mut self, depth: usize, key: &str, value: &str) {
        let space = if value.is_empty() { "" } else { " " };
        let _ = writeln!(self.0, "{}{key}{space}{value}", "  ".repeat(depth));
    }

    fn list<'a>(&mut self, depth: usize, key: &str, items: impl Iterator<Item = &'a str>) {
        let items: Vec<&str> = items.collect();
        self.line(depth, key, if items.is_empty() { "[]" } else { "" });
        for item in items {
            let _ = writeln!(self.0, "{}- {}", "  ".repeat(depth), scalar(item));
        }
    }
}
