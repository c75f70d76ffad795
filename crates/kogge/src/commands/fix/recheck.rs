//! The test cases concerned, before and after.
//!
//! The checks refuse administrators. With `--check-as` they are run as an ordinary member; without it the same judges
//! judge what the administrator sees of what everybody sees.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kogge_client::Client;
use kogge_clock::Clock;
use kogge_conform::{Options, RunId, Runner, Silent, Verdict};
use kogge_conform_iaas::fix::{StoredPlan, Wishes, look, standings};
use kogge_conform_iaas::{Sweeper, catalogue};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::outside;
use crate::cli::Target;
use crate::cli::fix::FixApply;
use crate::commands::check::target;
use crate::commands::signal::Stop;
use crate::exit::Failure;

/// How a test case stood and stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Stand {
    pub(super) testcase: String,
    pub(super) before: Option<Verdict>,
    pub(super) after: Option<Verdict>,
    pub(super) passes: bool,
}

pub(super) type Verdicts = BTreeMap<String, Verdict>;

/// Judges the test cases that a plan is about.
pub(super) struct Judge {
    member: Option<(String, Client)>,
    wishes: Wishes,
}

impl Judge {
    pub(super) fn new(arguments: &FixApply, stored: &StoredPlan) -> Result<Self, Failure> {
        let concerned = stored.plan.changes.iter().flat_map(|change| change.testcases.iter().cloned());
        let member = match &arguments.check_as {
            None => None,
            Some(name) => {
                let at = Target { cloud: Some(name.clone()), ..arguments.target.clone() };
                Some((name.clone(), target::client(&at)?))
            }
        };
        Ok(Self { member, wishes: Wishes { testcases: concerned.collect(), ..Wishes::default() } })
    }

    /// Who judges, in words.
    pub(super) fn who(&self) -> String {
        match &self.member {
            Some((name, _)) => format!("the checks, run as {name}"),
            None => "what the administrator sees: the checks themselves refuse administrators; run `kogge check` as \
                     an ordinary member, or name one with --check-as"
                .to_owned(),
        }
    }

    /// The verdicts as they are now; none after a stop.
    pub(super) async fn look(&self, admin: &Client, clock: &Clock, stop: &Stop) -> Result<Verdicts, Failure> {
        let stopped = stop.token();
        if stopped.is_cancelled() {
            return Err(Failure::Outside("it was stopped".to_owned()));
        }
        match &self.member {
            Some((_, member)) => self.run(member, clock, stopped).await,
            None => {
                let inventory = Box::pin(look(admin, clock.now(), &self.wishes)).await.map_err(outside)?;
                let stands = standings(&inventory, &self.wishes.testcases);
                Ok(stands.into_iter().map(|s| (s.testcase, s.verdict.into())).collect())
            }
        }
    }

    async fn run(
        &self,
        member: &Client,
        clock: &Clock,
        cancel: CancellationToken,
    ) -> Result<Verdicts, Failure> {
        let mut checks = catalogue();
        checks.retain(|check| self.wishes.testcases.contains(&check.description().id));
        let run = RunId::random();
        let options = Options {
            run,
            cancel,
            clock: clock.clone(),
            journal: Arc::new(target::journal(run)?),
            cleaner: Some(Arc::new(Sweeper)),
            ..Options::default()
        };
        let runner = Runner::new(member.clone(), options);
        let report = Box::pin(runner.run(checks, &mut Silent)).await;
        Ok(report.results.into_iter().map(|result| (result.id, result.verdict)).collect())
    }
}

/// Both looks side by side.
pub(super) fn pair(before: Verdicts, after: Verdicts) -> Vec<Stand> {
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let stand = |id: &String| {
        let (before, after) = (before.get(id).copied(), after.get(id).copied());
        let passes = matches!(after, Some(Verdict::Pass | Verdict::NotApplicable));
        Stand { testcase: id.clone(), before, after, passes }
    };
    ids.into_iter().map(stand).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_case_without_a_verdict_afterwards_does_not_pass() {
        let before = [("a".to_owned(), Verdict::Fail), ("b".to_owned(), Verdict::Fail)].into();
        let stands = pair(before, [("a".to_owned(), Verdict::Pass)].into());
        assert_eq!(
            stands.iter().map(|s| (s.testcase.as_str(), s.passes)).collect::<Vec<_>>(),
            [("a", true), ("b", false)]
        );
    }
}
