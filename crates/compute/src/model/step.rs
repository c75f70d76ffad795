//! What to do next with a server: a pure function, so that every process and every restart decides alike.

use std::time::Duration;

use kogge_clock::Timestamp;

use crate::model::server::{Fault, Server, ShelfPlace};

/// The next thing to do with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Rest,
    /// Nothing before this moment.
    Wait(Timestamp),
    /// Choose a host.
    Place,
    /// Have the node throw the old disk away, before a new one is made.
    Wipe,
    /// Tell the node what should be.
    Tell,
    /// Only look: the node was told and works on it.
    Watch,
    /// Copy the disk into an image.
    Snapshot,
    /// Its time on the host is over: it is to leave for the shelf.
    Offload,
    /// Have the node take it away; it stays on the shelf.
    Leave,
    /// Have the node that it came from let go of it.
    Depart,
    /// Take its new shape for good.
    Confirm,
    /// It cannot be brought back any more.
    Reclaim,
    /// Have the node take everything away.
    Remove,
    /// Nothing is left on any node: give back ports, allocation and row.
    Bury,
}

/// How patient compute is. All configurable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries that fail before the server is called broken.
    pub tries: u32,
    /// Pause after the first failure; it doubles up to `slow`.
    pub pause: Duration,
    /// Pause between tries once the server is called broken.
    pub slow: Duration,
    /// How long a change may take before the server is called broken.
    pub deadline: Duration,
    /// How often a node is told again what it works on.
    pub tell_again: Duration,
    /// After how long a new shape is taken for good by itself.
    pub confirm: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 3,
            pause: Duration::from_secs(1),
            slow: Duration::from_secs(60),
            deadline: Duration::from_secs(600),
            tell_again: Duration::from_secs(10),
            confirm: None,
        }
    }
}

impl Patience {
    /// The pause after `failures` failures in a row.
    #[must_use]
    pub fn pause_after(&self, failures: u32) -> Duration {
        if failures >= self.tries {
            return self.slow;
        }
        self.pause.saturating_mul(1_u32 << failures.saturating_sub(1).min(6)).min(self.slow)
    }
}

/// What to do next with `server`.
#[must_use]
pub fn next_step(server: &Server, patience: &Patience, now: Timestamp) -> Step {
    let (intent, observed) = (&server.intent, &server.observed);
    if server.deleted_at.is_some() {
        return Step::Rest;
    }
    if intent.gone && (server.placed.host.is_none() || observed.removed) {
        return Step::Bury;
    }
    if server.placed.host.is_none() {
        let on_shelf = intent.shelf.as_ref().is_some_and(|shelf| !shelf.wants_host());
        return if on_shelf || server.found_no_host() { Step::Rest } else { Step::Place };
    }
    // whatever else may be the matter with it
    if !intent.gone && intent.reclaim_at.is_some_and(|at| Timestamp::from_micros(at) <= now) {
        return Step::Reclaim;
    }
    let retry = Timestamp::from_micros(observed.retry_at);
    // failures of an older wish do not hold up a newer one, least of all a deletion
    let stale = observed.failed_at < intent.asked_at && retry > now.plus(patience.pause);
    if retry > now && !stale {
        return Step::Wait(retry);
    }
    if intent.gone {
        return Step::Remove;
    }
    if intent.shelf.as_ref().is_some_and(|shelf| shelf.place == ShelfPlace::Leaving) {
        return Step::Leave;
    }
    if server.leaves_first() {
        return Step::Depart;
    }
    if observed.disk < intent.disk {
        return Step::Wipe;
    }
    if observed.reached < intent.generation {
        let told = observed.told >= intent.generation && observed.failures == 0;
        let again = Timestamp::from_micros(observed.told_at).plus(patience.tell_again);
        return if told && again > now { Step::Watch } else { Step::Tell };
    }
    if intent.moving.is_some() {
        return Step::Depart;
    }
    if server.snapshot_pending() { Step::Snapshot } else { in_time(server, now) }
}

/// What is to be done with a server that is as it should be, once its time has come.
fn in_time(server: &Server, now: Timestamp) -> Step {
    let intent = &server.intent;
    let kept = intent.shelf.as_ref().filter(|shelf| shelf.place == ShelfPlace::Kept);
    let leaves = kept.and_then(|shelf| shelf.leaves_at);
    let confirms = server.observed.confirms.filter(|(generation, _)| *generation <= intent.generation);
    let confirms = confirms.filter(|_| intent.resized_from.is_some()).map(|(_, at)| at);
    let due = [(intent.reclaim_at, Step::Reclaim), (leaves, Step::Offload), (confirms, Step::Confirm)];
    let first = due.into_iter().filter_map(|(at, step)| at.map(|at| (Timestamp::from_micros(at), step)));
    match first.min_by_key(|(at, _)| *at) {
        Some((at, _)) if at > now => Step::Wait(at),
        Some((_, step)) => step,
        None => Step::Rest,
    }
}

/// The fault of a change that takes too long, if it does. `waiting_for` is what the node said last, in words for the
/// owner; `details` are for admins.
#[must_use]
pub fn overdue(
    server: &Server,
    patience: &Patience,
    now: Timestamp,
    waiting_for: &str,
    details: &str,
) -> Option<Fault> {
    let asked = Timestamp::from_micros(server.intent.asked_at);
    let late = server.observed.reached < server.intent.generation && asked.plus(patience.deadline) <= now;
    let fault = || {
        let message = format!(
            "Not done within {} seconds: {waiting_for}. It is still being tried; delete the server or ask again.",
            patience.deadline.as_secs()
        );
        Fault::new(server.intent.generation, message, details, now)
    };
    (late && server.fault().is_none() && !server.intent.gone).then(fault)
}

#[cfg(test)]
pub(crate) mod tests;
