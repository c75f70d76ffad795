//! The five verdicts.

use serde::{Deserialize, Serialize};

/// How a check ended. The five are never collapsed into fewer: each asks for another reaction of its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was looked at is as it must be.
    Pass,
    /// A violation was shown.
    Fail,
    /// There is nothing to check here: an optional service is not offered. Counts as passed, as upstream has it.
    NotApplicable,
    /// It could not be decided; the reason says why. Upstream's ABORT.
    CouldNotRun,
    /// Not attempted, or interrupted. Upstream leaves such a test out of its report.
    NotFinished,
}

impl Verdict {
    /// The word for terminals.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::NotApplicable => "N/A",
            Self::CouldNotRun => "COULD NOT RUN",
            Self::NotFinished => "NOT FINISHED",
        }
    }

    /// What the upstream suite prints for it; `None` if it prints nothing.
    #[must_use]
    pub fn upstream_word(self) -> Option<&'static str> {
        match self {
            Self::Pass | Self::NotApplicable => Some("PASS"),
            Self::Fail => Some("FAIL"),
            Self::CouldNotRun => Some("ABORT"),
            Self::NotFinished => None,
        }
    }

    /// The number in upstream's report files; `None` if it must not be written there.
    #[must_use]
    pub fn upstream_number(self) -> Option<i8> {
        match self {
            Self::Pass | Self::NotApplicable => Some(1),
            Self::Fail => Some(-1),
            Self::CouldNotRun => Some(0),
            Self::NotFinished => None,
        }
    }

    /// Whether it says something about the cloud that a second run would only repeat.
    #[must_use]
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Pass | Self::Fail | Self::NotApplicable)
    }

    /// All five.
    pub const ALL: [Self; 5] =
        [Self::Pass, Self::Fail, Self::NotApplicable, Self::CouldNotRun, Self::NotFinished];
}

impl From<kogge_standards::Verdict> for Verdict {
    fn from(judged: kogge_standards::Verdict) -> Self {
        match judged {
            kogge_standards::Verdict::Pass => Self::Pass,
            kogge_standards::Verdict::Fail => Self::Fail,
            kogge_standards::Verdict::Abort => Self::CouldNotRun,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_all_different() {
        let mut words = Verdict::ALL.map(Verdict::word).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 5);
    }

    #[test]
    fn only_an_unfinished_check_is_missing_upstream() {
        for verdict in Verdict::ALL {
            assert_eq!(verdict.upstream_number().is_none(), verdict == Verdict::NotFinished);
            assert_eq!(verdict.upstream_word().is_none(), verdict == Verdict::NotFinished);
        }
    }
}
