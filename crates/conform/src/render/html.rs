//! One HTML page without scripts and without anything outside itself.

use std::fmt::Write;

use super::xml::escape;
use crate::check::Section;
use crate::finding::Severity;
use crate::report::{CheckResult, Report};
use crate::verdict::Verdict;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ccc;vertical-align:top}\
.v{font-weight:600;white-space:nowrap}.fail{color:#a00}.could-not-run,.not-finished{color:#850}.pass,.not-applicable{color:#060}\
ul{margin:.25rem 0;padding-left:1.25rem}code{background:#eee;padding:0 .2rem;overflow-wrap:anywhere}";

/// Renders it.
#[must_use]
pub fn report(report: &Report) -> String {
    let subject = escape(&report.run.subject);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>Check of {subject}</title><style>{STYLE}</style></head><body>\n<h1>Check of {subject}</h1>\n"
    );
    let (begun, program, run) =
        (&report.run.started_at, escape(&report.run.program), escape(&report.run.uuid));
    let _ = writeln!(text, "<p>{}, {program}, run <code>{run}</code></p>\n<ul>", escape(begun));
    for version in &report.summary {
        for (target, aggregate) in &version.targets {
            let (name, validity) = (escape(&version.version), escape(&version.validity));
            let _ = writeln!(
                text,
                "<li>{name} ({validity}), {}: <b>{}</b></li>",
                escape(target),
                aggregate.word()
            );
        }
    }
    text.push_str("</ul>\n");
    text.push_str(&table(report, Section::Official));
    for (section, head) in [(Section::Advisory, "Advice"), (Section::Manual, "Answers of people")] {
        if report.section(section).next().is_some() {
            let _ = writeln!(text, "<h2>{head}</h2>\n<p>It decides nothing.</p>");
            text.push_str(&table(report, section));
        }
    }
    for left in &report.leftovers {
        let _ = writeln!(text, "<p>Left behind: {}</p>", escape(left));
    }
    text.push_str("</body></html>\n");
    text
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
    let (word, id, title) = (result.word(), escape(&result.id), escape(&result.title));
    let mut cell = format!("{}<br>{title}", link(&result.url, &id));
    if let Some(reason) = &result.reason {
        let _ = write!(cell, "<br>{}", escape(reason));
    }
    let violations: Vec<_> = result.findings.iter().filter(|f| f.severity >= Severity::Violation).collect();
    if !violations.is_empty() {
        cell.push_str("<ul>");
        for f in violations {
            let (object, expected, found) = (escape(&f.object.name), escape(&f.expected), escape(&f.found));
            let _ =
                write!(cell, "<li>{object}: expected <code>{expected}</code>, found <code>{found}</code>");
            if !f.fix.is_empty() {
                let _ = write!(cell, "<br>fix: <code>{}</code>", escape(&f.fix));
            }
            cell.push_str("</li>");
        }
        cell.push_str("</ul>");
    }
    format!("<tr><td class=\"v {}\">{word}</td><td>{cell}</td></tr>\n", class(result.verdict))
}

/// A link, but only to where a page can be; the address comes from a scope file, which may be anybody's.
fn link(url: &str, text: &str) -> String {
    if url.starts_with("https://") || url.starts_with("http://") {
        return format!("<a href=\"{}\" rel=\"noreferrer\">{text}</a>", escape(url));
    }
    text.to_owned()
}
