//! The exit code as a pure function of the report.

use crate::check::Section;
use crate::report::{CheckResult, Report};
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

/// What counts as a failed check beside the plain case, or less than it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FailOn {
    /// Of the official checks, only those of a target `main` count.
    pub main_only: bool,
    /// A pass with a warning fails.
    pub warnings: bool,
    /// Advice that fails, and an answer that is a no, fail.
    pub advice: bool,
    /// What could not be decided fails.
    pub undecided: bool,
}

impl FailOn {
    fn counts(self, result: &CheckResult, report: &Report) -> bool {
        let versions = || report.plan.versions.iter();
        let is_main = || {
            versions().filter_map(|version| version.targets.get("main")).flatten().any(|id| *id == result.id)
        };
        result.section == Section::Official && (!self.main_only || is_main())
    }

    fn fails(self, result: &CheckResult, report: &Report) -> bool {
        let failed = result.verdict == Verdict::Fail;
        if result.section != Section::Official {
            return self.advice && failed;
        }
        let tolerated =
            self.warnings && result.verdict == Verdict::Pass && result.warnings().next().is_some();
        let undecided = self.undecided && !result.verdict.is_decided();
        self.counts(result, report) && (failed || tolerated || undecided)
    }
}

/// The exit code for a report. Unless told otherwise, advisory checks and answers to questions do not count: a report without
/// an official result, such as that of a run of one advisory check alone, is [`ExitCode::CouldNotRun`] and neither a pass nor
/// a failure, whatever the advice says.
#[must_use]
pub fn exit_code(report: &Report) -> ExitCode {
    exit_code_on(report, FailOn::default())
}

/// The exit code for a report where somebody says what counts.
#[must_use]
pub fn exit_code_on(report: &Report, fail_on: FailOn) -> ExitCode {
    let counting = || report.results.iter().filter(|r| fail_on.counts(r, report));
    if report.results.iter().any(|r| r.bug) {
        ExitCode::Bug
    } else if report.results.iter().any(|r| fail_on.fails(r, report)) {
        ExitCode::ChecksFailed
    } else if counting().next().is_none() || counting().any(|r| !r.verdict.is_decided()) {
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
    fn who_asks_for_it_gets_a_failure_for_more_or_for_less() {
        use crate::finding::{Finding, ObjectRef, Severity};
        use crate::plan::PlannedVersion;
        use Section::{Advisory, Manual, Official};
        use Verdict::*;
        let of = |report: &Report, change: fn(&mut FailOn)| {
            let mut fail_on = FailOn::default();
            change(&mut fail_on);
            exit_code_on(report, fail_on)
        };
        let advice = report(&[(Pass, Official), (Fail, Advisory)]);
        assert_eq!(of(&advice, |on| on.advice = true), ExitCode::ChecksFailed);
        assert_eq!(of(&advice, |on| on.undecided = true), ExitCode::Pass);
        assert_eq!(
            of(&report(&[(Pass, Official), (Fail, Manual)]), |on| on.advice = true),
            ExitCode::ChecksFailed
        );
        let undecided = report(&[(Pass, Official), (CouldNotRun, Official), (CouldNotRun, Advisory)]);
        assert_eq!(of(&undecided, |on| on.undecided = true), ExitCode::ChecksFailed);
        assert_eq!(of(&undecided, |on| on.advice = true), ExitCode::CouldNotRun);
        let advice = report(&[(Pass, Official), (NotFinished, Advisory)]);
        assert_eq!(of(&advice, |on| (on.undecided, on.advice) = (true, true)), ExitCode::Pass);

        let mut warned = report(&[(Pass, Official)]);
        warned.results[0].findings.push(Finding {
            severity: Severity::Warning,
            rule: String::new(),
            url: String::new(),
            object: ObjectRef::default(),
            expected: String::new(),
            found: String::new(),
            fix: String::new(),
        });
        assert_eq!(of(&warned, |on| on.warnings = true), ExitCode::ChecksFailed);
        assert_eq!(of(&warned, |_| ()), ExitCode::Pass);

        let mut two = report(&[(Pass, Official), (Fail, Official)]);
        two.results[0].id = "needed".to_owned();
        two.results[1].id = "recommended".to_owned();
        let targets = [("main", "needed"), ("recommended", "recommended")]
            .map(|(target, id)| (target.to_owned(), vec![id.to_owned()]));
        two.plan.versions.push(PlannedVersion { targets: targets.into(), ..PlannedVersion::default() });
        assert_eq!(of(&two, |_| ()), ExitCode::ChecksFailed);
        assert_eq!(of(&two, |on| on.main_only = true), ExitCode::Pass);
        two.results[0].verdict = Fail;
        assert_eq!(of(&two, |on| on.main_only = true), ExitCode::ChecksFailed);
    }

    #[test]
    fn a_bug_in_us_outweighs_everything() {
        let mut report = report(&[(Verdict::Fail, Section::Official)]);
        report.results[0].bug = true;
        assert_eq!(exit_code(&report).number(), 1);
    }
}
