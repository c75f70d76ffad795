//! How a version counts over time.

use jiff::civil::Date;
use serde::Serialize;

use super::{Scope, Standing};

/// A stretch of time during which a version counts the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First day.
    pub from: Date,
    /// First day after it; `None` while nothing later is known.
    pub until: Option<Date>,
    /// How it counts, and whether the timeline says so.
    pub standing: Standing,
}

impl Scope {
    /// The days on which something changes, each once, from the first to the last.
    pub fn turning_points(&self) -> Vec<Date> {
        let mut dates: Vec<_> = self.timeline.iter().map(|entry| entry.date).collect();
        dates.sort_unstable();
        dates.dedup();
        dates
    }

    /// How a version counts from the first entry of the timeline on, without gaps. Neighbours differ. What was before
    /// the first entry is not known: entries may have been taken out of the file.
    pub fn history(&self, version: &str) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for from in self.turning_points() {
            let standing = self.standing(version, from);
            match spans.last_mut() {
                Some(last) if last.standing == standing => {}
                last => {
                    if let Some(last) = last {
                        last.until = Some(from);
                    }
                    spans.push(Span { from, until: None, standing });
                }
            }
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::scs_compatible_iaas;
    use super::*;

    fn told(version: &str) -> Vec<(Date, Option<Date>, String, bool)> {
        let spans = scs_compatible_iaas().history(version).into_iter();
        spans
            .map(|span| {
                let Standing { validity, explicit } = span.standing;
                (span.from, span.until, validity.word().to_owned(), explicit)
            })
            .collect()
    }

    fn span(from: Date, until: Option<Date>, word: &str, listed: bool) -> (Date, Option<Date>, String, bool) {
        (from, until, word.to_owned(), listed)
    }

    #[test]
    fn a_version_goes_from_effective_over_warn_and_deprecated_to_unlisted() {
        assert_eq!(
            told("v4"),
            [
                span(date(2024, 12, 19), Some(date(2025, 2, 1)), "effective", true),
                span(date(2025, 2, 1), Some(date(2025, 7, 1)), "warn", true),
                span(date(2025, 7, 1), Some(date(2026, 6, 11)), "deprecated", true),
                span(date(2026, 6, 11), None, "deprecated", false),
            ]
        );
        assert_eq!(told("v5.1"), [span(date(2024, 12, 19), None, "effective", true)]);
        assert_eq!(told("next").last(), Some(&span(date(2025, 9, 9), None, "draft", true)));
    }

    #[test]
    fn an_empty_timeline_tells_nothing() {
        let scope = Scope { timeline: Vec::new(), ..scs_compatible_iaas().clone() };
        assert_eq!(scope.history("v4"), []);
    }

    #[test]
    fn the_order_of_the_file_does_not_matter() {
        let mut scope = scs_compatible_iaas().clone();
        scope.timeline.reverse();
        assert_eq!(scope.history("v4"), scs_compatible_iaas().history("v4"));
    }
}
