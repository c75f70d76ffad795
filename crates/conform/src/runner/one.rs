//! Running one check: its deadline, a stop from outside, and a panic are told apart.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::check::Check;
use crate::context::Context;
use crate::outcome::Outcome;
use crate::printable::safe;
use crate::report::CheckResult;

pub(super) async fn run(check: &dyn Check, context: &Context, cancel: &CancellationToken) -> CheckResult {
    let description = check.description();
    let begun = Instant::now();
    let work = AssertUnwindSafe(check.run(context)).catch_unwind();
    tokio::pin!(work);
    let ended = tokio::select! {
        biased;
        () = cancel.cancelled() => Ok(Ok(Outcome::not_finished("the run was stopped"))),
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
    CheckResult { bug, ..CheckResult::new(description, safe(outcome, &context.client), elapsed) }
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
