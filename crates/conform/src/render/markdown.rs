//! Markdown for issues and wikis.

use std::fmt::Write;

use crate::check::Section;
use crate::report::{CheckResult, Report};

/// Renders it.
#[must_use]
pub fn report(report: &Report) -> String {
    let mut text = format!("# Check of {}\n\n", escape(&report.run.subject));
    let _ = writeln!(
        text,
        "Run `{}` of {}, {}.\n",
        report.run.uuid,
        report.run.started_at,
        escape(&report.run.program)
    );
    let scope =
        report.plan.scope.as_ref().map(|scope| format!("{} ", escape(&scope.name))).unwrap_or_default();
    for version in &report.summary {
        for (target, aggregate) in &version.targets {
            let _ = writeln!(
                text,
                "* {scope}{} ({}), {}: **{}**",
                escape(&version.version),
                escape(&version.validity),
                escape(target),
                aggregate.word()
            );
        }
    }
    section(&mut text, report, Section::Official);
    for (kind, head) in [(Section::Advisory, "Advice"), (Section::Manual, "Answers of people")] {
        if report.section(kind).next().is_some() {
            let _ = writeln!(text, "\n# {head}\n\nIt decides nothing.");
            section(&mut text, report, kind);
        }
    }
    for left in &report.leftovers {
        let _ = writeln!(text, "\nLeft behind: {}", escape(left));
    }
    for open in &report.unsettled {
        let _ = writeln!(text, "\nNot settled: {}", escape(open));
    }
    text
}

/// A table of the results of a section, and what there is to say about some of them.
fn section(text: &mut String, report: &Report, section: Section) {
    text.push_str("\n| verdict | testcase | what |\n|---|---|---|\n");
    for result in report.section(section) {
        let (word, title) = (result.word(), escape(&result.title));
        let _ = writeln!(text, "| {word} | {} | {title} |", link(&result.url, &escape(&result.id)));
    }
    for result in report.section(section).filter(|r| has_details(r)) {
        text.push_str(&details(result));
    }
}

/// A link, but only to where a page can be; the address comes from a scope file, which may be anybody's.
fn link(url: &str, text: &str) -> String {
    let web = url.starts_with("https://") || url.starts_with("http://");
    if web && !url.contains(|c: char| c.is_whitespace() || c.is_control() || "()<>|".contains(c)) {
        return format!("[{text}]({url})");
    }
    text.to_owned()
}

fn has_details(result: &CheckResult) -> bool {
    result.reason.is_some() || result.telling().next().is_some()
}

fn details(result: &CheckResult) -> String {
    let mut text = format!("\n## {}: {}\n\n", escape(&result.id), result.word());
    if let Some(reason) = &result.reason {
        let _ = writeln!(text, "{}\n", escape(reason));
    }
    for f in result.telling() {
        let (object, expected, found) = (escape(&f.object.name), escape(&f.expected), escape(&f.found));
        let _ = writeln!(text, "* {object}: expected {expected}, found {found}. {}", escape(&f.fix));
    }
    text
}

/// Text that stays text: Markdown's and HTML's special characters are escaped, lines stay one line.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
