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
    /// Results in the order of the plan.
    queue: Queue<CheckResult>,
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
        Self { outputs, detail, style, bar, queue: Queue::default(), section: Section::Official, told: false }
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
        for result in self.queue.take(&key(result.section, &result.id), || result.clone()) {
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

/// Which check: its section and id.
type Key = (&'static str, String);

/// What came early waits for what stands before it in the plan, so that two runs can be compared line by line.
struct Queue<T> {
    places: BTreeMap<Key, usize>,
    waiting: BTreeMap<usize, T>,
    /// The place of the next one to be shown.
    next: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::of([])
    }
}

impl<T> Queue<T> {
    fn of(keys: impl IntoIterator<Item = Key>) -> Self {
        let places = keys.into_iter().enumerate().map(|(place, key)| (key, place)).collect();
        Self { places, waiting: BTreeMap::new(), next: 0 }
    }

    /// Takes one in, once; those whose turn it is.
    fn take(&mut self, key: &Key, one: impl FnOnce() -> T) -> Vec<T> {
        if let Some(place) = self.places.get(key).copied().filter(|place| *place >= self.next) {
            self.waiting.insert(place, one());
        }
        let mut turn = Vec::new();
        while let Some(one) = self.waiting.remove(&self.next) {
            self.next += 1;
            turn.push(one);
        }
        turn
    }
}

fn key(section: Section, id: &str) -> Key {
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
        self.queue = Queue::of(places.into_iter().map(|(section, id)| key(section, id)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_shown_in_the_order_of_the_plan_whatever_ends_first() {
        const NONE: [i32; 0] = [];
        let keys = [key(Section::Official, "a"), key(Section::Official, "b"), key(Section::Advisory, "a")];
        let mut queue = Queue::of(keys.clone());
        let [first, second, third] = keys;
        assert_eq!(queue.take(&third, || 3), NONE);
        assert_eq!(queue.take(&second, || 2), NONE);
        assert_eq!(queue.take(&first, || 1), [1, 2, 3]);
        assert_eq!(queue.take(&first, || 1), NONE, "each once");
        assert_eq!(
            queue.take(&key(Section::Manual, "a"), || 4),
            NONE,
            "what is not in the plan has no place"
        );
    }
}
