//! What to do next with a server: a pure function, so that every process and every restart decides alike.

use std::time::Duration;

use kogge_clock::Timestamp;

use crate::model::server::{Fault, Server};

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
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 3,
            pause: Duration::from_secs(1),
            slow: Duration::from_secs(60),
            deadline: Duration::from_secs(600),
            tell_again: Duration::from_secs(10),
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
        return if server.found_no_host() { Step::Rest } else { Step::Place };
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
    if observed.disk < intent.disk {
        return Step::Wipe;
    }
    if observed.reached < intent.generation {
        let told = observed.told >= intent.generation && observed.failures == 0;
        let again = Timestamp::from_micros(observed.told_at).plus(patience.tell_again);
        return if told && again > now { Step::Watch } else { Step::Tell };
    }
    if server.snapshot_pending() { Step::Snapshot } else { Step::Rest }
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
