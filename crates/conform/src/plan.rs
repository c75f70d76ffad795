//! What is going to be checked, for which versions of which scope.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::verdict::Verdict;

/// The scope that is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeRef {
    /// Its identity, the same as upstream's.
    pub uuid: String,
    /// Its name for people.
    pub name: String,
    /// Where its newest file can be read.
    pub url: String,
    /// The SHA-256 of what was read of it, whatever its file looks like: two runs with the same one were judged by the
    /// same scope.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
}

/// One version of the scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedVersion {
    /// Its name, such as `v5.1`.
    pub version: String,
    /// `effective`, `warn`, `draft` or `deprecated` on the reference date.
    pub validity: String,
    /// Testcases by target (`main` decides).
    pub targets: BTreeMap<String, Vec<String>>,
}

/// The whole plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The scope, if checks were chosen by one.
    pub scope: Option<ScopeRef>,
    /// The versions that the run covers.
    pub versions: Vec<PlannedVersion>,
    /// `YYYY-MM-DD`: the day for which validity was looked up.
    pub reference_date: String,
    /// The version that was asked for by name.
    pub forced_version: Option<String>,
    /// The expression that selected checks.
    pub forced_tests: Option<String>,
}

/// How a set of testcases stands as a whole: the first of these that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregate {
    /// One failed.
    Fail,
    /// One has no result.
    Missing,
    /// One could not be decided.
    Undecided,
    /// All passed.
    Pass,
}

impl Aggregate {
    /// Of the verdicts of all testcases of a target; `None` stands for a testcase without result.
    #[must_use]
    pub fn of(verdicts: impl IntoIterator<Item = Option<Verdict>>) -> Self {
        let (mut missing, mut undecided) = (false, false);
        for verdict in verdicts {
            match verdict {
                Some(Verdict::Fail) => return Self::Fail,
                None | Some(Verdict::NotFinished) => missing = true,
                Some(Verdict::CouldNotRun) => undecided = true,
                Some(Verdict::Pass | Verdict::NotApplicable) => {}
            }
        }
        match (missing, undecided) {
            (true, _) => Self::Missing,
            (false, true) => Self::Undecided,
            (false, false) => Self::Pass,
        }
    }

    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Missing => "INCOMPLETE",
            Self::Undecided => "UNDECIDED",
            Self::Pass => "PASS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::*;

    #[test]
    fn the_worst_decides() {
        let of = |verdicts: &[Option<Verdict>]| Aggregate::of(verdicts.iter().copied());
        assert_eq!(of(&[Some(CouldNotRun), None, Some(Fail)]), Aggregate::Fail);
        assert_eq!(of(&[Some(CouldNotRun), None, Some(Pass)]), Aggregate::Missing);
        assert_eq!(of(&[Some(CouldNotRun), Some(NotFinished)]), Aggregate::Missing);
        assert_eq!(of(&[Some(CouldNotRun), Some(Pass)]), Aggregate::Undecided);
        assert_eq!(of(&[Some(NotApplicable), Some(Pass)]), Aggregate::Pass);
        assert_eq!(of(&[]), Aggregate::Pass);
    }
}
