//! Volume backup of SCS-0117: the verdict over what a run of its steps observed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::verdict::{Finding, Judgement};

/// Testcase: a volume can be backed up and restored.
pub const TEST_BACKUP: &str = "scs-0117-test-backup";

/// The pauses between attempts while upstream waits for a state; after the last one it gives up (110 s in all).
pub const PAUSES: [Duration; 7] = [
    Duration::from_secs(2),
    Duration::from_secs(3),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(15),
    Duration::from_secs(25),
    Duration::from_secs(50),
];

/// How the steps ended: clean up, make a volume, back it up, restore it, clean up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All steps succeeded. What the last clean-up could not delete does not matter.
    Worked,
    /// There is no block storage; the text says what there is.
    NoService(String),
    /// The first clean-up left something behind.
    NotClean(String),
    /// A step failed, in whatever way; the text says which and how.
    Broken(String),
}

/// Judges [`TEST_BACKUP`]. It is never undecided: a missing service, a quota and a broken network
/// fail as well.
pub fn judge_backup(outcome: &Outcome) -> Judgement {
    let findings = match outcome {
        Outcome::Worked => vec![],
        Outcome::NoService(what) => vec![
            Finding::violation("volume backup", "block storage with a backup service", what.as_str())
                .fix("offer block storage with a backup service, and enter it into the catalogue"),
        ],
        Outcome::NotClean(what) => vec![
            Finding::violation(
                "volume backup",
                "no left-overs named scs-test-… after a clean-up",
                what.as_str(),
            )
            .fix("delete these volumes and backups; check that the backup service runs"),
        ],
        Outcome::Broken(how) => vec![
            Finding::violation(
                "volume backup",
                "volume, backup and restored volume become available",
                how.as_str(),
            )
            .fix("check the backup service, its storage, and the project's quotas"),
        ],
    };
    Judgement::from_findings(TEST_BACKUP, findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

    #[test]
    fn whatever_does_not_work_fails() {
        assert_eq!(judge_backup(&Outcome::Worked).verdict, Verdict::Pass);
        for (outcome, fix) in [
            (Outcome::NotClean("volume x".to_owned()), "delete these volumes"),
            (Outcome::Broken("no quota".to_owned()), "the project's quotas"),
            (Outcome::NoService("compute".to_owned()), "offer block storage"),
        ] {
            let judgement = judge_backup(&outcome);
            assert_eq!((judgement.verdict, judgement.findings.len()), (Verdict::Fail, 1));
            assert!(judgement.findings[0].fix.contains(fix), "{}", judgement.findings[0].fix);
        }
    }

    #[test]
    fn waits_add_up_to_a_hundred_and_ten_seconds() {
        assert_eq!(PAUSES.iter().sum::<Duration>(), Duration::from_secs(110));
    }
}
