//! A run as it happens: a line per check, in the order of the plan, and a bar while it lasts.

use std::collections::BTreeMap;

use indicatif::{ProgressBar, ProgressStyle};
use kogge_conform::check::Description;
use kogge_conform::render::terminal::{self, Style};
use kogge_conform::{CheckResult, Entry, Events, Report, Section, Verdict};

use crate::commands::outputs::Outputs;
use crate::output::{line, style, tell};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// What did not pass.
    Quiet,
    /// Every check, and what its reader has to know.
    Usual,
    /// Every observation.
    Verbose,
}

impl Detail {
    pub(super) fn of(quiet: bool, verbose: bool) -> Self {
        match (quiet, verbose) {
            (true, _) => Self::Quiet,
            (false, true) => Self::Verbose,
            (false, false) => Self::Usual,
        }
    }
}

/// Shows the run and keeps the report files whole.
pub(super) struct Live {
    outputs: Outputs,
    detail: Detail,
    style: Style,
    bar: ProgressBar,
    /// Places of the checks in the plan, by section and id.
    places: BTreeMap<(&'static str, String), usize>,
    /// Results that wait for those before them, so that two runs can be compared line by line.
    waiting: BTreeMap<usize, CheckResult>,
    /// The place of the next result to be shown.
    next: usize,
    /// The section that was shown last.
    section: Section,
    /// Whether it was told that files cannot be written.
    told: bool,
}

impl Live {
    pub(super) fn new(checks: usize, outputs: Outputs, detail: Detail) -> Self {
        // drawn on standard error, and only where that is a terminal
        let bar = ProgressBar::new(checks as u64);
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        let style = Style { verbose: detail == Detail::Verbose, ..style() };
        Self {
            outputs,
            detail,
            style,
            bar,
            places: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next: 0,
            section: Section::Official,
            told: false,
        }
    }

    pub(super) fn end(&mut self, report: &Report) {
        // whatever never began has its place too
        for result in &report.results {
            self.take(result);
        }
        self.bar.finish_and_clear();
        if self.outputs.live() {
            line(terminal::summary(&self.outputs.shown(report), &self.style).trim_end());
        }
    }

    /// Shows a result as soon as all before it are shown.
    fn take(&mut self, result: &CheckResult) {
        let Some(place) = self.places.get(&key(result.section, &result.id)).copied() else { return };
        if place >= self.next {
            self.waiting.insert(place, result.clone());
        }
        while let Some(result) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.show(&result);
        }
    }

    fn show(&mut self, result: &CheckResult) {
        let passed = matches!(result.verdict, Verdict::Pass | Verdict::NotApplicable);
        if !self.outputs.live() || (passed && self.detail == Detail::Quiet) {
            return;
        }
        let mut text = String::new();
        if result.section != self.section {
            self.section = result.section;
            text = format!("\n{}", terminal::head(result.section));
        }
        text += &terminal::result(&self.outputs.shown_result(result), &self.style);
        self.bar.suspend(|| line(text.trim_end()));
    }
}

fn key(section: Section, id: &str) -> (&'static str, String) {
    let word = match section {
        Section::Official => "official",
        Section::Advisory => "advisory",
        Section::Manual => "manual",
    };
    (word, id.to_owned())
}

impl Events for Live {
    fn planned(&mut self, checks: &[&Description]) {
        let mut places: Vec<_> = checks.iter().map(|check| (check.section, &check.id)).collect();
        // sections one after the other, each in the order of its standards
        places.sort_by_key(|(section, _)| match section {
            Section::Official => 0,
            Section::Advisory => 1,
            Section::Manual => 2,
        });
        let places = places.into_iter().enumerate();
        self.places = places.map(|(place, (section, id))| (key(section, id), place)).collect();
    }

    fn started(&mut self, check: &Description) {
        self.bar.set_message(terminal::plain(&check.id));
    }

    fn finished(&mut self, result: &CheckResult) {
        self.bar.inc(1);
        self.take(result);
    }

    fn updated(&mut self, report: &Report) {
        if let (Err(failure), false) = (self.outputs.write_files(report), self.told) {
            self.told = true;
            self.bar.suspend(|| tell!("kogge: {failure}"));
        }
    }

    fn cleaning(&mut self, entry: &Entry) {
        let text = format!("removing {} {}", entry.object.kind, entry.object.name);
        self.bar.set_message(terminal::plain(&self.outputs.shown_text(&text)));
    }
}
