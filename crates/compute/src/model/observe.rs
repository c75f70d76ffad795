//! Taking in what a node says: pure changes of [`Observed`].

use kogge_clock::Timestamp;
use kogge_node_api::{InstanceState, NodeError, ObservedInstance};

use crate::model::server::{Doing, Fault, Power, Server};
use crate::model::step::{Patience, overdue};

/// The node was told the present generation.
pub fn told(server: &mut Server, now: Timestamp) {
    server.observed.told = server.intent.generation;
    server.observed.told_at = now.as_micros();
}

/// The node says how the instance is.
pub fn seen(server: &mut Server, seen: &ObservedInstance, patience: &Patience, now: Timestamp) {
    server.observed.reached = seen.reached;
    server.observed.state = seen.state;
    server.observed.holds.clone_from(&seen.holds);
    server.observed.deferred = seen.deferred.as_ref().map(NodeError::for_tenants);
    if seen.disks_built {
        server.observed.built = Some(server.observed.disk);
    }
    if seen.reached > server.intent.generation {
        return outrun(server, seen.reached);
    }
    if seen.reached >= server.intent.generation {
        return arrived(server, seen.state, patience, now);
    }
    match &seen.fault {
        // the same fault is seen until the node tries again: it counts once for each time that it was told
        Some(error) if !is_wait(error) && server.observed.told_at > server.observed.failed_at => {
            failed(server, error, patience, now);
        }
        Some(error) => late(server, &error.for_tenants(), &error.to_string(), patience, now),
        None => late(server, "the host is still working on it", "", patience, now),
    }
}

/// The node was told newer things than the database knows of, which is an older copy then. What the database says counts,
/// and the node listens to it again from the next generation on.
fn outrun(server: &mut Server, newest: i64) {
    tracing::warn!(server.id = %server.id, newest, "a node knows a newer generation than the database; it is told anew");
    server.intent.generation = server.intent.generation.max(newest.saturating_add(1));
    server.observed.retry_at = 0;
}

const fn is_wait(error: &NodeError) -> bool {
    matches!(error, NodeError::NotYet { .. })
}

fn arrived(server: &mut Server, state: InstanceState, patience: &Patience, now: Timestamp) {
    let power = server.power_to_tell();
    if server.disk_is_built() {
        server.spec.sealed_password = None;
    }
    let resized = (server.intent.resized_from.is_some() && server.intent.doing == Doing::Resizing)
        .then_some(server.intent.generation);
    let observed = &mut server.observed;
    if let (Some(window), Some(generation)) = (patience.confirm, resized)
        && observed.confirms.is_none_or(|(known, _)| known != generation)
    {
        observed.confirms = Some((generation, now.plus(window).as_micros()));
    }
    observed.failures = 0;
    observed.retry_at = 0;
    observed.fault = None;
    observed.stopped_itself = match state {
        InstanceState::Stopped | InstanceState::Crashed => server.intent.power == Power::Running,
        InstanceState::Building => observed.stopped_itself && power == Power::Stopped,
        InstanceState::Running | InstanceState::Paused | InstanceState::Suspended => false,
    };
    if observed.launched_at.is_none() {
        observed.launched_at = Some(now.as_micros());
    }
}

/// The node has no such instance: it lost its memory, or never was told.
pub fn missing(server: &mut Server) {
    // a disk that was there stays one that was there
    if server.observed.built.is_none() && server.disk_is_built() {
        server.observed.built = Some(server.observed.disk);
    }
    server.observed.reached = 0;
    server.observed.told = 0;
    server.observed.state = InstanceState::Building;
    server.observed.holds.clear();
}

/// The node has thrown the old disk away.
pub fn wiped(server: &mut Server) {
    missing(server);
    server.observed.disk = server.intent.disk;
    server.observed.stopped_itself = false;
    server.observed.failures = 0;
    server.observed.retry_at = 0;
}

/// The node has nothing of it any more, and it is on no host: its next disk is made anew, from its picture.
pub fn left(server: &mut Server) {
    missing(server);
    server.intent.disk += 1;
    let observed = &mut server.observed;
    observed.disk = server.intent.disk;
    observed.built = Some(server.intent.disk - 1);
    observed.stopped_itself = false;
    observed.failures = 0;
    observed.retry_at = 0;
    observed.fault = None;
}

/// It is on another host from now on.
pub fn moved(server: &mut Server) {
    missing(server);
    let observed = &mut server.observed;
    observed.disk = server.intent.disk;
    observed.built = Some(server.intent.disk - 1);
    observed.failures = 0;
    observed.retry_at = 0;
    observed.fault = None;
}

/// A call failed.
pub fn failed(server: &mut Server, error: &NodeError, patience: &Patience, now: Timestamp) {
    if let NodeError::Older { newest, .. } = error {
        return outrun(server, *newest);
    }
    if is_wait(error) {
        server.observed.retry_at = now.plus(patience.pause).as_micros();
        return late(server, &error.for_tenants(), &error.to_string(), patience, now);
    }
    let asked_at = server.intent.asked_at;
    let observed = &mut server.observed;
    // what failed before the newest wish is not counted against it
    let before = if observed.failed_at < asked_at { 0 } else { observed.failures };
    observed.failures = before.saturating_add(1);
    observed.failed_at = now.as_micros();
    if error.is_final() {
        observed.failures = observed.failures.max(patience.tries);
    }
    observed.retry_at = now.plus(patience.pause_after(observed.failures)).as_micros();
    let known =
        server.observed.fault.as_ref().is_some_and(|fault| fault.generation >= server.intent.generation);
    if server.observed.failures >= patience.tries && !known && !server.intent.gone {
        let host = server.placed.host.as_deref().unwrap_or("no host");
        let details = format!("on {host}, after {} tries: {error}", server.observed.failures);
        let (generation, message) = (server.intent.generation, sentence(&error.for_tenants()));
        server.observed.fault = Some(Fault::new(generation, message, &details, now));
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// `waiting_for` is for the owner, `details` for admins.
fn late(server: &mut Server, waiting_for: &str, details: &str, patience: &Patience, now: Timestamp) {
    if let Some(fault) = overdue(server, patience, now, waiting_for, details) {
        server.observed.fault = Some(fault);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::state::view;
    use crate::model::step::tests::{NOW, built, fresh};

    fn said(
        server: &Server,
        reached: i64,
        state: InstanceState,
        fault: Option<NodeError>,
    ) -> ObservedInstance {
        let disks_built = state != InstanceState::Building;
        ObservedInstance {
            id: server.id,
            reached,
            state,
            disks_built,
            reboots_done: 0,
            holds: Vec::new(),
            fault,
            deferred: None,
            lacks: Vec::new(),
            quarantined: false,
        }
    }

    fn broken() -> Option<NodeError> {
        Some(NodeError::failed("making the root disk", "no space"))
    }

    #[test]
    fn the_first_arrival_is_the_launch() {
        let mut server = fresh();
        server.placed.host = Some("h".into());
        told(&mut server, NOW);
        let patience = Patience::default();
        let now = said(&server, 1, InstanceState::Running, None);
        seen(&mut server, &now, &patience, NOW);
        assert_eq!(view(&server).status, "ACTIVE");
        assert_eq!(server.observed.launched_at, Some(NOW.as_micros()));
        seen(&mut server, &now, &patience, NOW.plus(Duration::from_secs(9)));
        assert_eq!(server.observed.launched_at, Some(NOW.as_micros()), "and is kept");
    }

    #[test]
    fn a_guest_that_powers_itself_down_is_shut_off_without_task() {
        let mut server = built();
        let down = said(&server, 1, InstanceState::Stopped, None);
        seen(&mut server, &down, &Patience::default(), NOW);
        assert!(server.observed.stopped_itself);
        assert_eq!((view(&server).status, view(&server).task_state), ("SHUTOFF", None));
    }

    #[test]
    fn a_fault_counts_once_for_each_time_that_the_node_was_told() {
        let mut server = fresh();
        server.placed.host = Some("h".into());
        let patience = Patience::default();
        for round in 1..=3_u64 {
            let now = NOW.plus(Duration::from_secs(100 * round));
            told(&mut server, now);
            let now = now.plus(Duration::from_secs(1));
            let said = said(&server, 0, InstanceState::Building, broken());
            seen(&mut server, &said, &patience, now);
            seen(&mut server, &said, &patience, now);
            assert_eq!(u64::from(server.observed.failures), round);
            assert_eq!(server.fault().is_some(), round == 3, "broken after three tries");
        }
        assert_eq!(server.fault().unwrap().message, "Making the root disk failed.");
        assert!(server.fault().unwrap().details.ends_with("making the root disk failed: no space"));
        let up = said(&server, 1, InstanceState::Running, None);
        seen(&mut server, &up, &patience, NOW);
        assert_eq!(view(&server).status, "ACTIVE", "success takes the fault away");
    }

    #[test]
    fn a_refusal_is_a_fault_at_once_and_waiting_is_none_until_the_deadline() {
        let patience = Patience::default();
        let mut server = fresh();
        server.placed.host = Some("h".into());
        failed(&mut server, &NodeError::Refused { because: "no".into() }, &patience, NOW);
        assert_eq!(view(&server).status, "ERROR");
        let mut server = fresh();
        server.placed.host = Some("h".into());
        let wait = NodeError::NotYet { what: "port x".into() };
        failed(&mut server, &wait, &patience, NOW);
        assert_eq!(view(&server).status, "BUILD");
        failed(&mut server, &wait, &patience, NOW.plus(patience.deadline));
        assert!(server.fault().unwrap().message.contains("waiting for port x"));
    }

    #[test]
    fn a_database_that_is_an_older_copy_than_its_nodes_is_listened_to_again() {
        let (mut server, patience) = (built(), Patience::default());
        let ahead = said(&server, 7, InstanceState::Stopped, None);
        seen(&mut server, &ahead, &patience, NOW);
        assert_eq!((server.intent.generation, server.is_settled()), (8, false));
        assert_eq!(crate::model::step::next_step(&server, &patience, NOW), crate::model::step::Step::Tell);
        let older = NodeError::Older { generation: 8, newest: 11 };
        failed(&mut server, &older, &patience, NOW);
        assert_eq!((server.intent.generation, server.observed.failures), (12, 0), "it is nobody's fault");
    }

    #[test]
    fn what_is_to_be_deleted_gets_no_fault() {
        let mut server = built();
        server.intent.ask(Doing::Rebooting, NOW);
        server.intent.gone = true;
        failed(&mut server, &NodeError::Refused { because: "no".into() }, &Patience::default(), NOW);
        assert!(server.fault().is_none());
    }

    #[test]
    fn a_node_that_lost_its_memory_is_told_again() {
        let mut server = built();
        missing(&mut server);
        assert_eq!(server.observed.reached, 0);
        assert!(server.was_built(), "and the server is still known to have run");
    }
}
