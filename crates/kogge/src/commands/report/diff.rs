//! `kogge report diff`: which verdicts differ between two reports.

use std::collections::BTreeMap;
use std::fmt::Write;

use kogge_conform::render::terminal::plain;
use kogge_conform::{Report, Verdict};
use serde::Serialize;

use crate::cli::report::ReportDiff;
use crate::exit::{Exit, Failure};
use crate::output::show;

/// One check whose verdict differs.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Change {
    id: String,
    /// In the older report; absent if it has no such check.
    old: Option<Verdict>,
    /// In the newer one.
    new: Option<Verdict>,
    /// Whether it passed, and no longer does.
    worse: bool,
}

pub(super) fn run(what: &ReportDiff) -> Result<Exit, Failure> {
    let changes = changes(&super::report(&what.old)?, &super::report(&what.new)?);
    show(what.output, &changes, |changes| rendered(changes))?;
    let worse = changes.iter().any(|change| change.worse);
    Ok(if worse { Exit::ChecksFailed } else { Exit::Pass })
}

fn changes(old: &Report, new: &Report) -> Vec<Change> {
    let verdicts = |report: &Report| -> BTreeMap<String, Verdict> {
        report.results.iter().map(|result| (result.id.clone(), result.verdict)).collect()
    };
    let (old, new) = (verdicts(old), verdicts(new));
    let ids = old.keys().chain(new.keys().filter(|id| !old.contains_key(*id)));
    let passes = |verdict: Option<Verdict>| matches!(verdict, Some(Verdict::Pass | Verdict::NotApplicable));
    let mut all: Vec<Change> = ids
        .map(|id| (id, old.get(id).copied(), new.get(id).copied()))
        .filter(|(_, old, new)| old != new)
        .map(|(id, old, new)| Change { id: id.clone(), old, new, worse: passes(old) && !passes(new) })
        .collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn rendered(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "All verdicts are the same.".to_owned();
    }
    let word = |verdict: Option<Verdict>| verdict.map_or("(none)", Verdict::word);
    let mut text = String::new();
    for change in changes {
        let _ = writeln!(text, "{:<13} -> {:<13} {}", word(change.old), word(change.new), plain(&change.id));
    }
    text
}

#[cfg(test)]
mod tests {
    use kogge_conform::CheckResult;

    use super::*;

    fn report(verdicts: &[(&str, Verdict)]) -> Report {
        let result = |(id, verdict): &(&str, Verdict)| CheckResult {
            id: (*id).to_owned(),
            verdict: *verdict,
            ..CheckResult::default()
        };
        Report { results: verdicts.iter().map(result).collect(), ..Report::default() }
    }

    #[test]
    fn only_what_differs_is_shown_and_only_a_lost_pass_is_worse() {
        use Verdict::{CouldNotRun, Fail, NotApplicable, Pass};
        let old = report(&[("a", Pass), ("b", Pass), ("c", Fail), ("d", Pass), ("e", CouldNotRun)]);
        let new = report(&[("a", Pass), ("b", Fail), ("c", Pass), ("d", NotApplicable), ("f", Pass)]);
        let seen: Vec<_> = changes(&old, &new).into_iter().map(|change| (change.id, change.worse)).collect();
        let expected = [("b", true), ("c", false), ("d", false), ("e", false), ("f", false)];
        assert_eq!(seen, expected.map(|(id, worse)| (id.to_owned(), worse)));
        assert!(changes(&old, &old).is_empty());
    }
}
