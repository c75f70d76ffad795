//! A run as it happens: a line per check, and a bar while it lasts.

use indicatif::{ProgressBar, ProgressStyle};
use kogge_conform::check::Description;
use kogge_conform::render::terminal;
use kogge_conform::{CheckResult, Entry, Events, Report, Section};

use super::outputs::Outputs;
use crate::output::line;

/// Shows the run and keeps the report files whole.
pub(super) struct Live {
    outputs: Outputs,
    bar: ProgressBar,
    /// Results of advisory checks: shown at the end, in a section of their own.
    advice: String,
    /// The same for what people answered.
    answers: String,
    /// Whether it was told that files cannot be written.
    told: bool,
}

impl Live {
    pub(super) fn new(checks: usize, outputs: Outputs) -> Self {
        // drawn on standard error, and only where that is a terminal
        let bar = ProgressBar::new(checks as u64);
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self { outputs, bar, advice: String::new(), answers: String::new(), told: false }
    }

    pub(super) fn end(&self, report: &Report) {
        self.bar.finish_and_clear();
        if !self.outputs.live() {
            return;
        }
        for (head, texts) in [(terminal::ADVICE, &self.advice), (terminal::ANSWERS, &self.answers)] {
            if !texts.is_empty() {
                line(&format!("\n{head}{texts}"));
            }
        }
        line(terminal::summary(&self.outputs.shown(report)).trim_end());
    }
}

impl Events for Live {
    fn started(&mut self, check: &Description) {
        self.bar.set_message(terminal::plain(&check.id));
    }

    fn finished(&mut self, result: &CheckResult) {
        self.bar.inc(1);
        if !self.outputs.live() {
            return;
        }
        let text = terminal::result(&self.outputs.shown_result(result));
        match result.section {
            Section::Official => self.bar.suspend(|| line(text.trim_end())),
            Section::Advisory => self.advice.push_str(&text),
            Section::Manual => self.answers.push_str(&text),
        }
    }

    fn updated(&mut self, report: &Report) {
        if let (Err(failure), false) = (self.outputs.write_files(report), self.told) {
            self.told = true;
            self.bar.suspend(|| eprintln!("kogge: {failure}"));
        }
    }

    fn cleaning(&mut self, entry: &Entry) {
        let text = format!("removing {} {}", entry.object.kind, entry.object.name);
        self.bar.set_message(terminal::plain(&self.outputs.shown_text(&text)));
    }
}
