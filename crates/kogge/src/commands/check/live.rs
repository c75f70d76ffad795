//! A run as it happens: a line per check, and a bar while it lasts.

use indicatif::{ProgressBar, ProgressStyle};
use kogge_conform::check::Description;
use kogge_conform::render::terminal;
use kogge_conform::{CheckResult, Entry, Events, Report};

use super::outputs::Outputs;
use crate::output::line;

/// Shows the run and keeps the report files whole.
pub(super) struct Live {
    outputs: Outputs,
    bar: ProgressBar,
}

impl Live {
    pub(super) fn new(checks: usize, outputs: Outputs) -> Self {
        // drawn on standard error, and only where that is a terminal
        let bar = ProgressBar::new(checks as u64);
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self { outputs, bar }
    }

    pub(super) fn end(&self, report: &Report) {
        self.bar.finish_and_clear();
        if self.outputs.live() {
            line(terminal::summary(report).trim_end());
        }
    }
}

impl Events for Live {
    fn started(&mut self, check: &Description) {
        self.bar.set_message(check.id.clone());
    }

    fn finished(&mut self, result: &CheckResult) {
        self.bar.inc(1);
        if self.outputs.live() {
            self.bar.suspend(|| line(terminal::result(result).trim_end()));
        }
    }

    fn updated(&mut self, report: &Report) {
        if let Err(failure) = self.outputs.write_files(report) {
            tracing::warn!(%failure, "the report could not be written");
        }
    }

    fn cleaning(&mut self, entry: &Entry) {
        self.bar.set_message(format!("removing {} {}", entry.object.kind, entry.object.name));
    }
}
