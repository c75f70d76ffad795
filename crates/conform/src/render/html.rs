//! One HTML page without scripts and without anything outside itself: how it stands, what did not pass, then everything.

use std::fmt::Write;

use super::xml::escape;
use crate::check::Section;
use crate::report::{CheckResult, Report};
use crate::verdict::Verdict;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ccc;vertical-align:top}\
.v{font-weight:600;white-space:nowrap}.fail{color:#a00}.could-not-run,.not-finished{color:#850}.pass{color:#060}.not-applicable{color:#555}\
ul{margin:.25rem 0;padding-left:1.25rem}code{background:#eee;padding:0 .2rem;overflow-wrap:anywhere}";

/// Renders it.
#[must_use]
pub fn report(report: &Report) -> String {
    let mut text = head(report);
    stands(&mut text, report);
    counts(&mut text, report);
    bad(&mut text, report);
    for (section, head) in [
        (Section::Official, "All checks"),
        (Section::Advisory, "Advice"),
        (Section::Manual, "Answers of people"),
    ] {
        if section != Section::Official && report.section(section).next().is_none() {
            continue;
        }
        let _ = writeln!(text, "<h2>{head}</h2>");
        if section != Section::Official {
            text.push_str("<p>It decides nothing.</p>\n");
        }
        text.push_str(&table(report, section));
    }
    text.push_str("</body></html>\n");
    text
}

fn head(report: &Report) -> String {
    let subject = escape(&report.run.subject);
    let (begun, program, run) =
        (escape(&report.run.started_at), escape(&report.run.program), escape(&report.run.uuid));
    let at = match report.run.auth_url.as_str() {
        "" => String::new(),
        address => format!("at {}, ", prose(address)),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>Check of {subject}</title><style>{STYLE}</style></head><body>\n<h1>Check of {subject}</h1>\n\
         <p>{at}{begun}, {program}, run <code>{run}</code></p>\n"
    )
}

fn stands(text: &mut String, report: &Report) {
    let scope =
        report.plan.scope.as_ref().map(|scope| format!("{} ", escape(&scope.name))).unwrap_or_default();
    text.push_str("<ul>\n");
    for version in &report.summary {
        for (target, aggregate) in &version.targets {
            let (name, validity) = (escape(&version.version), escape(&version.validity));
            let (target, word) = (escape(target), aggregate.word());
            let _ = writeln!(text, "<li>{scope}{name} ({validity}), {target}: <b>{word}</b></li>");
        }
    }
    text.push_str("</ul>\n");
}

/// How many of each verdict, in each section.
fn counts(text: &mut String, report: &Report) {
    for (section, what) in [
        (Section::Official, "checks"),
        (Section::Advisory, "advisory checks"),
        (Section::Manual, "questions"),
    ] {
        let all = Verdict::ALL.map(|verdict| (report.count_in(section, verdict), verdict));
        let total: usize = all.iter().map(|(number, _)| number).sum();
        let shown = all.iter().filter(|(number, _)| *number > 0).map(|(number, verdict)| {
            format!("<span class=\"v {}\">{number} {}</span>", class(*verdict), verdict.word())
        });
        if total > 0 {
            let _ = writeln!(text, "<p>{total} {what}: {}</p>", shown.collect::<Vec<_>>().join(", "));
        }
    }
}

/// What somebody has to look at, first: failures, what is open, what was left.
fn bad(text: &mut String, report: &Report) {
    let mut rows: Vec<&CheckResult> =
        report.section(Section::Official).filter(|result| !passes(result.verdict)).collect();
    rows.sort_by_key(|result| result.verdict != Verdict::Fail);
    if !rows.is_empty() {
        text.push_str("<h2>Did not pass</h2>\n<ul>\n");
        for result in rows {
            let id = escape(&result.id);
            let (class, word) = (class(result.verdict), result.verdict.word());
            let _ =
                writeln!(text, "<li><span class=\"v {class}\">{word}</span> <a href=\"#{id}\">{id}</a></li>");
        }
        text.push_str("</ul>\n");
    }
    for left in &report.leftovers {
        let _ = writeln!(text, "<p>Left behind: {}</p>", prose(left));
    }
    for open in &report.unsettled {
        let _ = writeln!(text, "<p>Not settled: {}</p>", prose(open));
    }
}

fn passes(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::NotApplicable)
}

fn table(report: &Report, section: Section) -> String {
    let mut text = String::from("<table><thead><tr><th>Verdict</th><th>Testcase</th></tr></thead><tbody>\n");
    text.extend(report.section(section).map(row));
    text + "</tbody></table>\n"
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::NotApplicable => "not-applicable",
        Verdict::CouldNotRun => "could-not-run",
        Verdict::NotFinished => "not-finished",
    }
}

fn row(result: &CheckResult) -> String {
    let (word, id, title) = (result.word(), escape(&result.id), prose(&result.title));
    let mut cell = format!("{}<br>{title}", link(&result.url, &id));
    if let Some(reason) = &result.reason {
        let _ = write!(cell, "<br>{}", prose(reason));
    }
    let findings: String = result.telling().map(finding).collect();
    if !findings.is_empty() {
        let _ = write!(cell, "<ul>{findings}</ul>");
    }
    format!("<tr id=\"{id}\"><td class=\"v {}\">{word}</td><td>{cell}</td></tr>\n", class(result.verdict))
}

fn finding(found: &crate::finding::Finding) -> String {
    let (object, expected) = (prose(&found.object.name), prose(&found.expected));
    let mut text = format!("<li>{object}: expected {expected}, found {}", prose(&found.found));
    if !found.fix.is_empty() {
        let _ = write!(text, "<br>fix: {}", prose(&found.fix));
    }
    text + "</li>"
}

/// Prose, in which what stands between backticks is code.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // one of them has no partner: none means anything
        return escape(text);
    }
    let code = |(number, part): (usize, &&str)| {
        if number % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }
    };
    parts.iter().enumerate().map(code).collect()
}

/// A link, but only to where a page can be; the address comes from a scope file, which may be anybody's.
fn link(url: &str, text: &str) -> String {
    if url.starts_with("https://") || url.starts_with("http://") {
        return format!("<a href=\"{}\" rel=\"noreferrer\">{text}</a>", escape(url));
    }
    text.to_owned()
}
