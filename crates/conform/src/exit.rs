//! The exit code as a pure function of the report.

use crate::check::Section;
use crate::report::Report;
use crate::verdict::Verdict;

/// What the process returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything passed.
    Pass = 0,
    /// A bug in this program.
    Bug = 1,
    /// The user asked for something that does not exist.
    Usage = 2,
    /// At least one check failed.
    ChecksFailed = 3,
    /// None failed, but at least one could not be decided, or none ran.
    CouldNotRun = 4,
}

impl ExitCode {
    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// The exit code for a report. Advisory checks and answers to questions do not count: a report without an official
/// result, such as that of a run of one advisory check alone, is [`ExitCode::CouldNotRun`] and neither a pass nor a
/// failure, whatever the advice says.
#[must_use]
pub fn exit_code(report: &Report) -> ExitCode {
    let official = || report.results.iter().filter(|r| r.section == Section::Official);
    if report.results.iter().any(|r| r.bug) {
        ExitCode::Bug
    } else if official().any(|r| r.verdict == Verdict::Fail) {
        ExitCode::ChecksFailed
    } else if official().next().is_none() || official().any(|r| !r.verdict.is_decided()) {
        ExitCode::CouldNotRun
    } else {
        ExitCode::Pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::CheckResult;

    fn report(verdicts: &[(Verdict, Section)]) -> Report {
        let results = verdicts.iter().map(|(verdict, section)| CheckResult {
            verdict: *verdict,
            section: *section,
            ..CheckResult::default()
        });
        Report { results: results.collect(), ..Report::default() }
    }

    #[test]
    fn each_case_has_its_code() {
        use Section::{Advisory, Manual, Official};
        use Verdict::*;
        for (verdicts, expected) in [
            (&[(Pass, Official), (NotApplicable, Official)][..], ExitCode::Pass),
            (&[(Pass, Official), (CouldNotRun, Official)], ExitCode::CouldNotRun),
            (&[(NotFinished, Official)], ExitCode::CouldNotRun),
            (&[(CouldNotRun, Official), (Fail, Official)], ExitCode::ChecksFailed),
            (&[(Pass, Official), (Fail, Advisory)], ExitCode::Pass),
            (&[(Pass, Advisory)], ExitCode::CouldNotRun),
            (&[(Fail, Advisory), (Pass, Manual)], ExitCode::CouldNotRun),
            (&[], ExitCode::CouldNotRun),
        ] {
            assert_eq!(exit_code(&report(verdicts)), expected, "{verdicts:?}");
        }
    }

    #[test]
    fn a_bug_in_us_outweighs_everything() {
        let mut report = report(&[(Verdict::Fail, Section::Official)]);
        report.results[0].bug = true;
        assert_eq!(exit_code(&report).number(), 1);
    }
}
