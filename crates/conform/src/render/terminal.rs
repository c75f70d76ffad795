//! Lines for people: one per check, and what they need to know about each failure.

use std::fmt::Write;

use crate::check::Section;
use crate::finding::{Finding, Severity};
use crate::plan::{Aggregate, Plan, PlannedVersion};
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

/// How lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Where they are broken; nowhere in files and pipes, whose readers search by lines.
    pub width: Option<usize>,
    /// Whether verdicts have colours.
    pub coloured: bool,
    /// Whether every observation is shown, and how long a check took.
    pub verbose: bool,
}

/// A text within so many columns behind its label, under which the next lines go on.
#[must_use]
pub fn hanging(width: usize, label: &str, text: &str) -> String {
    let blanks = " ".repeat(label.chars().count());
    let options = textwrap::Options::new(width)
        .initial_indent(label)
        .subsequent_indent(&blanks)
        // an address, an id or an option that is cut cannot be copied
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options)
}

impl Style {
    /// A line that begins so deep, and goes on as deep in the next ones.
    fn line(&self, indent: usize, text: &str) -> String {
        let (text, blanks) = (plain(text), " ".repeat(indent));
        let Some(width) = self.width else { return format!("{blanks}{text}\n") };
        hanging(width, &blanks, &text) + "\n"
    }

    /// A verdict's word in its colour; the width is that of the word.
    fn word(&self, verdict: Verdict, word: &str) -> String {
        let word = format!("{word:<13}");
        if !self.coloured {
            return word;
        }
        let colour = match verdict {
            Verdict::Pass => 32,
            Verdict::Fail => 31,
            Verdict::CouldNotRun | Verdict::NotFinished => 33,
            Verdict::NotApplicable => 2,
        };
        format!("\u{1b}[{colour}m{word}\u{1b}[0m")
    }
}

/// The lines for one check.
#[must_use]
pub fn result(result: &CheckResult, style: &Style) -> String {
    let mut text = format!("{} {}", style.word(result.verdict, &result.word()), plain(&result.id));
    if result.resumed {
        text.push_str("  (from the earlier run)");
    }
    if style.verbose {
        let _ = write!(text, "  ({}.{:03} s)", result.elapsed_ms / 1000, result.elapsed_ms % 1000);
    }
    text.push('\n');
    if let Some(reason) = &result.reason {
        text.push_str(&style.line(6, reason));
    }
    let findings: Vec<&Finding> =
        if style.verbose { result.findings.iter().collect() } else { result.telling().collect() };
    let shown = if style.verbose { findings.len() } else { SHOWN };
    for finding in findings.iter().take(shown) {
        text.push_str(&lines(finding, style));
    }
    if findings.len() > shown {
        let _ = writeln!(text, "      … and {} more", findings.len() - shown);
    }
    if let Some(other) = result.by_document {
        let _ = writeln!(text, "      by the document itself: {}", other.word());
    }
    if result.verdict == Verdict::Fail {
        text.push_str(&style.line(6, &format!("see {}", result.url)));
    }
    text
}

fn lines(finding: &Finding, style: &Style) -> String {
    let id = finding.object.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let (name, expected, found) = (&finding.object.name, &finding.expected, &finding.found);
    let kind = match finding.severity {
        Severity::Warning => "warning: ",
        Severity::Info => "note: ",
        Severity::Violation | Severity::Undecidable => "",
    };
    let mut text = style.line(6, &format!("{kind}{name}{id}: expected {expected}, found {found}"));
    if !finding.fix.is_empty() {
        text.push_str(&style.line(8, &format!("fix: {}", finding.fix)));
    }
    text
}

/// The line above the results of a section, if it needs one.
#[must_use]
pub fn head(section: Section) -> &'static str {
    match section {
        Section::Official => "",
        Section::Advisory => ADVICE,
        Section::Manual => ANSWERS,
    }
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
pub fn summary(report: &Report, style: &Style) -> String {
    let mut text = String::new();
    for version in &report.summary {
        for (target, aggregate) in &version.targets {
            let scope = report.plan.scope.as_ref().map_or("", |s| s.name.as_str());
            let line = format!("{scope} {} ({}), {target}: ", version.version, version.validity);
            let verdict = match aggregate {
                Aggregate::Fail => Verdict::Fail,
                Aggregate::Missing | Aggregate::Undecided => Verdict::CouldNotRun,
                Aggregate::Pass => Verdict::Pass,
            };
            let _ = writeln!(text, "{}{}", plain(&line), style.word(verdict, aggregate.word()).trim_end());
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
            let ran = total
                - report.count_in(section, Verdict::NotApplicable)
                - report.count_in(section, Verdict::NotFinished);
            if section == Section::Official && ran < total {
                let _ = writeln!(text, "{ran} of {total} had something to look at and ran");
            }
        }
    }
    for left in &report.leftovers {
        text.push_str(&style.line(0, &format!("left behind: {left}")));
    }
    for open in &report.unsettled {
        text.push_str(&style.line(0, &format!("not settled: {open}")));
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
    let style = Style::default();
    let mut text = String::new();
    for section in [Section::Official, Section::Advisory, Section::Manual] {
        let results: String = report.section(section).map(|one| result(one, &style)).collect();
        if !results.is_empty() {
            text.push_str(head(section));
            text.push_str(&results);
        }
    }
    text + &summary(report, &style)
}
