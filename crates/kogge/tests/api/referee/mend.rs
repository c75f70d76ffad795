//! A broken cloud is mended as the planner says, and comes to what the plan promises.

use std::collections::BTreeSet;

use kogge_client::Client;
use kogge_clock::Clock;
use kogge_conform::{Report, Verdict};
use kogge_conform_iaas::fix::{Outcome, Plan, Unwatched, Wishes, apply, look, plan};
use kogge_conform_iaas::proof::Mutation;
use tokio_util::sync::CancellationToken;

/// What the planner can mend.
const MENDABLE: [&str; 6] = ["scs-0100-", "scs-0102-", "scs-0103-", "scs-0104-", "scs-0114-", "scs-0115-"];

/// Everything mendable that passed on the sound cloud; flavors that nobody has may be replaced.
fn wishes(before: &Report) -> Wishes {
    let passed = before.results.iter().filter(|result| result.verdict == Verdict::Pass);
    let mendable = passed.filter(|result| MENDABLE.iter().any(|start| result.id.starts_with(start)));
    Wishes {
        testcases: mendable.map(|result| result.id.clone()).collect(),
        replace_flavors: true,
        ..Wishes::default()
    }
}

/// Mends the broken cloud and checks it again; returns what is not as the plan promised, one line each.
pub(crate) async fn mend(
    admin: &Client,
    clock: &Clock,
    (before, broken): (&Report, &Report),
    check: impl AsyncFn() -> Report,
) -> Vec<String> {
    let wishes = wishes(before);
    let inventory = look(admin, clock.now(), &wishes).await.unwrap();
    let plan = plan(&inventory, &wishes);
    let applied = apply(admin, &plan, &CancellationToken::new(), &mut Unwatched).await;
    let undone = applied.iter().filter(|applied| applied.outcome != Outcome::Done);
    let undone = undone.map(|applied| format!("{}: {:?}", applied.change.command, applied.outcome));
    undone.chain(broken_promises(&wishes, &plan, broken, &check().await)).collect()
}

fn broken_promises(wishes: &Wishes, plan: &Plan, broken: &Report, after: &Report) -> Vec<String> {
    let wanted = failing(after, wishes);
    let advised: BTreeSet<&str> = plan.advice.iter().map(|advice| advice.testcase.as_str()).collect();
    let mut wrong = Vec::new();
    if wanted != advised {
        wrong.push(format!("after mending {wanted:?} fail, and the plan advised about {advised:?}"));
    }
    if failing(broken, wishes).is_empty() && !plan.changes.is_empty() {
        wrong.push(format!("nothing failed, and yet the plan changes {:?}", plan.changes));
    }
    wrong
}

/// Whether mending has to do with a mutation: it concerns what the planner can mend.
pub(crate) fn concerns(mutation: &Mutation) -> bool {
    let begins = |id: &str| MENDABLE.iter().any(|start| id.starts_with(start));
    mutation.expected.first().is_some_and(|(id, _)| begins(id))
}

/// What the planner is to mend and does not pass.
fn failing<'a>(report: &'a Report, wishes: &Wishes) -> BTreeSet<&'a str> {
    let open = report.results.iter().filter(|result| result.verdict != Verdict::Pass);
    open.map(|result| result.id.as_str()).filter(|id| wishes.testcases.contains(*id)).collect()
}
