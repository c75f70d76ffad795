//! Results over time: merging, expiry, and what they come to per target, version and scope.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::lifetime::{LifetimeError, expiry};
use super::{Covered, MAIN, Scope, SelectError, Validity, Version};
use crate::verdict::Verdict;

/// What a set of testcases comes to. The order is that of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Overall {
    /// Some testcase failed.
    Fail,
    /// None failed, some have no recent result.
    Miss,
    /// All have results, some could not be decided.
    Dnf,
    /// All passed.
    Pass,
}

/// What results come to; `None` is a missing one. Nothing at all passes.
pub fn aggregate(results: impl IntoIterator<Item = Option<Verdict>>) -> Overall {
    let one = |result| match result {
        Some(Verdict::Fail) => Overall::Fail,
        None => Overall::Miss,
        Some(Verdict::Abort) => Overall::Dnf,
        Some(Verdict::Pass) => Overall::Pass,
    };
    results.into_iter().map(one).min().unwrap_or(Overall::Pass)
}

/// The testcases of a target by their results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetScore {
    /// Name of the target.
    pub target: String,
    /// What it comes to.
    pub overall: Overall,
    /// Ids of passed testcases.
    pub passed: Vec<String>,
    /// Ids of failed testcases.
    pub failed: Vec<String>,
    /// Ids of testcases that could not be decided.
    pub aborted: Vec<String>,
    /// Ids of testcases without a result.
    pub missing: Vec<String>,
}

impl Version {
    /// What results come to, target by target.
    pub fn score(&self, results: &BTreeMap<&str, Verdict>) -> Vec<TargetScore> {
        let score = |target: &super::Target| {
            let with = |wanted: Option<Verdict>| {
                let ids = target.testcases.iter().filter(|id| results.get(id.as_str()).copied() == wanted);
                ids.cloned().collect::<Vec<_>>()
            };
            TargetScore {
                target: target.name.clone(),
                overall: aggregate(target.testcases.iter().map(|id| results.get(id.as_str()).copied())),
                passed: with(Some(Verdict::Pass)),
                failed: with(Some(Verdict::Fail)),
                aborted: with(Some(Verdict::Abort)),
                missing: with(None),
            }
        };
        self.targets.iter().map(score).collect()
    }

    /// What the deciding target comes to. A version without one has nothing to fail, and passes.
    pub fn overall(&self, results: &BTreeMap<&str, Verdict>) -> Overall {
        aggregate(self.target(MAIN).unwrap_or_default().iter().map(|id| results.get(id.as_str()).copied()))
    }
}

/// A result and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Scored {
    /// The verdict.
    pub verdict: Verdict,
    /// Time of the check: local, without a zone.
    pub checked_at: DateTime,
}

/// The most recent result of each testcase over several reports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ScoreCard {
    results: BTreeMap<String, Scored>,
}

impl ScoreCard {
    /// Notes a result unless a younger one is known. Of equal times the one noted last counts.
    pub fn record(&mut self, testcase: &str, scored: Scored) {
        let known = self.results.get(testcase);
        if known.is_none_or(|known| known.checked_at <= scored.checked_at) {
            self.results.insert(testcase.to_owned(), scored);
        }
    }

    /// The results that still count: testcases that the scope knows, before their expiry.
    ///
    /// # Errors
    /// [`LifetimeError`] when the scope gives a testcase a lifetime that does not exist.
    pub fn current<'a>(
        &'a self,
        scope: &Scope,
        now: DateTime,
    ) -> Result<BTreeMap<&'a str, Verdict>, LifetimeError> {
        let lifetimes: BTreeMap<&str, Option<&str>> = scope
            .testcases()
            .map(|(testcase, _)| (testcase.id.as_str(), testcase.lifetime.as_deref()))
            .collect();
        let mut current = BTreeMap::new();
        for (id, scored) in &self.results {
            if let Some(lifetime) = lifetimes.get(id.as_str())
                && now < expiry(scored.checked_at, *lifetime)?
            {
                current.insert(id.as_str(), scored.verdict);
            }
        }
        Ok(current)
    }
}

/// How the compliance monitor sums a scope up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary<'a> {
    /// Versions that are counted as passed, the most recent first. Missing and undecided results do not prevent it.
    pub passed: Vec<&'a str>,
    /// The result of the version looked at last.
    pub overall: Overall,
    /// The validity of the version that decided; deprecated without one.
    pub validity: Validity,
}

impl Scope {
    /// What results come to by the rules of the compliance monitor: the versions that the timeline names are walked
    /// in the order of the file; one whose deciding target does not fail counts as passed, and the first such that
    /// is no draft ends the walk. Drafts are passed over unless asked for.
    ///
    /// # Errors
    /// [`SelectError`] when the timeline names no version for this date.
    pub fn summarise(
        &self,
        date: Date,
        results: &BTreeMap<&str, Verdict>,
        with_drafts: bool,
    ) -> Result<Summary<'_>, SelectError> {
        let mut summary =
            Summary { passed: Vec::new(), overall: Overall::Miss, validity: Validity::Deprecated };
        for Covered { version, standing } in self.covered(date, None)? {
            let is_draft = standing.validity == Validity::Draft;
            if is_draft && !with_drafts {
                continue;
            }
            summary.overall = version.overall(results);
            if summary.overall != Overall::Fail {
                summary.passed.push(&version.version);
                if !is_draft {
                    summary.validity = standing.validity;
                    break;
                }
            }
        }
        Ok(summary)
    }

    /// Whether a certificate of this version may be given on this date: it counts, it is fixed, and everything in its
    /// deciding target passed.
    pub fn certifies(&self, version: &Version, date: Date, results: &BTreeMap<&str, Verdict>) -> bool {
        let standing = self.standing(&version.version, date);
        standing.validity.certifies() && version.is_stable() && version.overall(results) == Overall::Pass
    }
}

#[cfg(test)]
mod tests;
