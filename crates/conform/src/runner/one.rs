//! Running one check: its deadline, a stop from outside, and a panic are told apart.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use kogge_clock::Clock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::check::Check;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::printable::safe;
use crate::report::CheckResult;
use crate::runner::Options;

/// What ends a run early.
pub(super) struct End {
    stopped: CancellationToken,
    out_of_time: Option<(Instant, Duration)>,
}

impl End {
    pub(super) fn of(options: &Options) -> Self {
        let end = options.time.map(|time| (Instant::now() + time, time));
        Self { stopped: options.cancel.clone(), out_of_time: end }
    }

    /// Why it has ended, if it has.
    pub(super) fn reason(&self) -> Option<String> {
        if self.stopped.is_cancelled() {
            return Some("the run was stopped".to_owned());
        }
        let (_, time) = self.out_of_time.filter(|(at, _)| *at <= Instant::now())?;
        Some(format!("the run's time of {} s had passed", time.as_secs()))
    }

    /// Waits for it, and says why.
    async fn comes(&self) -> String {
        let passed = async {
            match self.out_of_time {
                Some((at, _)) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stopped.cancelled() => {}
            () = passed => {}
        }
        self.reason().unwrap_or_default()
    }
}

pub(super) async fn run(check: &dyn Check, context: &Context, end: &End, clock: &Clock) -> CheckResult {
    let description = check.description();
    let begun = Instant::now();
    let work = AssertUnwindSafe(check.run(context)).catch_unwind();
    tokio::pin!(work);
    let ended = tokio::select! {
        biased;
        reason = end.comes() => Ok(Ok(Outcome::not_finished(reason))),
        ended = tokio::time::timeout(description.deadline, &mut work) => ended.map_err(|_| waiting_for(context)),
    };
    let (outcome, bug) = match ended {
        Ok(Ok(outcome)) => (outcome, false),
        Ok(Err(panic)) => {
            (Outcome::could_not_run(format!("bug in kogge: the check broke: {}", words(&*panic))), true)
        }
        Err(calls) => {
            let seconds = description.deadline.as_secs();
            (Outcome::could_not_run(format!("not finished within its {seconds} s; {calls}")), false)
        }
    };
    let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let result =
        CheckResult { bug, ..CheckResult::new(description, safe(outcome, &context.client), elapsed) };
    result.ended_at(clock.now())
}

/// The calls that have no answer yet. Those of other checks may be among them.
fn waiting_for(context: &Context) -> String {
    let calls: Vec<String> = context.client.in_flight().iter().map(ToString::to_string).collect();
    if calls.is_empty() { "no call is open".to_owned() } else { format!("waiting for {}", calls.join(", ")) }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}
