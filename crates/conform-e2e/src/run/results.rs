//! The parts of the report that do not come from the stream.

use std::collections::BTreeMap;

use kogge_conform::{CheckResult, Events, Outcome, Plan, PlannedVersion, Report, ScopeRef, Verdict};

use super::{Options, Prepared, Stop};
use crate::list::{self, Test};
use crate::plan::{self, Tests};
use crate::sweep::Swept;

/// The plan in the report: the standard with its list stands for a scope with one version.
pub(super) fn plan(prepared: &Prepared, options: &Options) -> Plan {
    if let Some(interrupted) = prepared.tests.interrupted() {
        return interrupted.plan.clone();
    }
    let ids = prepared.planned.all().iter().map(|test| test.name.to_owned()).collect();
    let selected = match &prepared.tests {
        Tests::Matching(expression) => Some(expression.as_str().to_owned()),
        Tests::All | Tests::Of(_) => None,
    };
    let target = if selected.is_some() { "selected tests" } else { "main" };
    let version = PlannedVersion {
        version: list::VERSION.to_owned(),
        validity: "draft".to_owned(),
        targets: BTreeMap::from([(target.to_owned(), ids)]),
    };
    Plan {
        scope: Some(ScopeRef {
            name: list::NAME.to_owned(),
            url: list::URL.to_owned(),
            ..ScopeRef::default()
        }),
        versions: vec![version],
        reference_date: options.clock.now().seconds_z().chars().take(10).collect(),
        forced_version: None,
        forced_tests: selected,
    }
}

/// A report in which nothing is finished but what cannot run, and what an earlier part of the run decided.
pub(super) fn before(prepared: &Prepared, report: &mut Report, events: &mut dyn Events) {
    for test in prepared.planned.all() {
        if let Some(result) = prepared.planned.decided(test) {
            events.finished(result);
            report.results.push(result.clone());
            continue;
        }
        let outcome = match prepared.planned.obstacle(test) {
            Some(because) => Outcome::could_not_run(because),
            None => Outcome::not_finished("not started"),
        };
        let result = CheckResult::new(&test.description(), outcome, 0);
        if result.verdict == Verdict::CouldNotRun {
            events.finished(&result);
        }
        report.results.push(result);
    }
    report.summarize();
}

/// The result of a test that ended, with what would make a skipped one run.
pub(super) fn ended(prepared: &Prepared, test: &Test, mut outcome: Outcome, elapsed_ms: u64) -> CheckResult {
    let hint = plan::hint(test, &prepared.facts, &prepared.wishes);
    if outcome.verdict == Verdict::NotApplicable
        && let (Some(reason), Some(hint)) = (&mut outcome.reason, hint)
    {
        *reason = format!("{} ({hint})", reason.trim_end_matches('.'));
    }
    CheckResult::new(&test.description(), outcome, elapsed_ms)
}

/// Why a run ended before all tests had.
pub(super) fn stopped(stop: Stop) -> Option<String> {
    match stop {
        Stop::Itself => None,
        Stop::Cancelled => Some("the run was stopped".to_owned()),
        Stop::OutOfTime(time) => {
            Some(format!("the run's time of {} minutes had passed", time.as_secs() / 60))
        }
    }
}

/// Why a test that was planned has no end.
pub(super) fn unfinished(stop: Stop, seen: bool, started: bool, version: &str, said: &str) -> Outcome {
    if let Some(because) = stopped(stop) {
        return Outcome::not_finished(because);
    }
    match started {
        _ if seen => Outcome::not_finished(format!("Tempest ended before it: {said}")),
        true => Outcome::could_not_run(format!("{version} has no such test")),
        false => Outcome::could_not_run(format!("Tempest could not begin: {said}")),
    }
}

/// What could not be removed, and how to remove it.
pub(super) fn leftovers(report: &mut Report, prepared: &Prepared, swept: &Swept, whole: bool) {
    report.leftovers.extend(swept.left.iter().cloned());
    let prefix = prepared.prefix();
    if !swept.left.is_empty() {
        report.leftovers.push(format!(
            "to remove them later: kogge check e2e clean {}; all names begin with {prefix}",
            prepared.run.short()
        ));
    }
    if prepared.dynamic && !whole {
        report.leftovers.push(
            "perhaps projects and users named tempest-<class>-<number>, if Tempest was stopped while it made them: \
             `openstack project list` shows them, `tempest cleanup` removes them with all they hold"
                .to_owned(),
        );
    }
    if !prepared.dynamic && !whole && prepared.wishes.password_history.is_some() {
        let user = prepared.accounts.first().map(|account| account.user.as_str()).unwrap_or_default();
        report.leftovers.push(format!(
            "perhaps a changed password of the user {user:?}, if a test that changes it was stopped; set it again"
        ));
    }
}
