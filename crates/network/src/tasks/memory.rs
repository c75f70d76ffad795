//! What this process last told each node, and what has changed since.
//!
//! Two marks say whether the database must be asked: one that every change without a known host raises, and one for
//! each host. What was read at the present marks is what the database still says, as far as this process can know; so
//! it is read anew after a while in any case ([`reread_after`]).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kogge_clock::Timestamp;
use kogge_ids::PortId;
use kogge_node_api::{DesiredNetworking, ObservedNetworking};

/// A node is told again after this time even where nothing changed, so that it repairs drift.
const TELL_AGAIN: Duration = Duration::from_secs(30);
/// Longest time between two readings of a host, for each host that there is.
const REREAD: Duration = Duration::from_millis(500);

/// What is known of all hosts.
#[derive(Default)]
pub(crate) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    /// Changes of which nobody knows which hosts they touch.
    everywhere: u64,
    /// Changes of what other hosts know of some host's ports: they come with the next look at all.
    neighbours: bool,
    /// The newest generation that was begun.
    generation: u64,
    hosts: BTreeMap<String, Host>,
}

#[derive(Default)]
struct Host {
    changes: u64,
    /// Held by whoever reads and tells: older networking must not come after newer.
    turn: Arc<tokio::sync::Mutex<()>>,
    told: Option<Told>,
}

/// When something was read: what changed later raised one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(u64, u64);

/// What a node was told and answered.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) read: Read,
    pub(super) observed: ObservedNetworking,
    pub(super) at: Timestamp,
    /// All ports that should be up are.
    pub(super) settled: bool,
}

/// What was read for a host.
#[derive(Clone)]
pub(super) struct Read {
    pub(super) desired: DesiredNetworking,
    pub(super) own_ports: Vec<PortId>,
    mark: Mark,
    at: Instant,
}

impl Read {
    pub(super) fn new(desired: DesiredNetworking, own_ports: Vec<PortId>, mark: Mark) -> Self {
        Self { desired, own_ports, mark, at: Instant::now() }
    }
}

impl Told {
    /// Whether the node was told just this not long ago and all its ports are up.
    pub(super) fn is_fresh(&self, desired: &DesiredNetworking, now: Timestamp) -> bool {
        self.settled && self.read.desired == *desired && now.since(self.at) < TELL_AGAIN
    }
}

/// How long a reading is good where nobody rang: so that all hosts together are read a few times a second at most.
fn reread_after(hosts: usize) -> Duration {
    TELL_AGAIN.max(REREAD * u32::try_from(hosts).unwrap_or(u32::MAX))
}

impl Memory {
    /// Something changed that may touch any host.
    pub(crate) fn change_all(&self) {
        self.state().everywhere += 1;
    }

    /// Something changed on this host.
    pub(crate) fn change(&self, host: &str) {
        self.state().host(host).changes += 1;
    }

    /// Where this host is read and told by one at a time.
    pub(super) fn turn(&self, host: &str) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.state().host(host).turn)
    }

    /// To be taken before reading.
    pub(super) fn mark(&self, host: &str) -> Mark {
        let mut state = self.state();
        let everywhere = state.everywhere;
        Mark(everywhere, state.host(host).changes)
    }

    /// A generation newer than all before, also than those of an earlier life of this process. To be taken before the
    /// database is read: what is read later is newer then.
    pub(super) fn generation(&self, now: Timestamp) -> u64 {
        let mut state = self.state();
        let least = u64::try_from(now.as_micros()).unwrap_or(0);
        state.generation = state.generation.saturating_add(1).max(least);
        state.generation
    }

    /// What a node was told last.
    pub(super) fn told(&self, host: &str) -> Option<Told> {
        self.state().host(host).told.clone()
    }

    /// What was read for a host, where nothing can have changed since.
    pub(super) fn still_read(&self, host: &str, mark: Mark) -> Option<Read> {
        let mut state = self.state();
        let hosts = state.hosts.len();
        let read = state.host(host).told.as_ref().map(|told| told.read.clone())?;
        (read.mark == mark && read.at.elapsed() < reread_after(hosts)).then_some(read)
    }

    /// Notes what a node was told. Other hosts may have to know of other ports of this one.
    pub(super) fn note(&self, host: &str, told: Told) {
        let mut state = self.state();
        let before = state.host(host).told.replace(told.clone());
        state.neighbours |= before.is_none_or(|before| before.read.desired.ports != told.read.desired.ports);
    }

    /// A node may not have what it was told.
    pub(super) fn doubt(&self, host: &str) {
        self.state().host(host).told = None;
    }

    /// A host left.
    pub(super) fn forget(&self, host: &str) {
        self.state().hosts.remove(host);
    }

    /// True where the node was told something that was not true of all its ports yet.
    pub(crate) fn waits(&self, host: &str) -> bool {
        self.state().host(host).told.as_ref().is_some_and(|told| !told.settled)
    }

    /// Those of `hosts` that are to be told something now.
    pub(super) fn due(&self, hosts: Vec<String>, now: Timestamp) -> Vec<String> {
        let mut state = self.state();
        if std::mem::take(&mut state.neighbours) && hosts.len() > 1 {
            state.everywhere += 1;
        }
        let everywhere = state.everywhere;
        let rests = |host: &Host| {
            host.told.as_ref().is_some_and(|told| {
                let unchanged = told.read.mark == Mark(everywhere, host.changes);
                unchanged && told.settled && now.since(told.at) < TELL_AGAIN
            })
        };
        let known: HashMap<&String, bool> =
            state.hosts.iter().map(|(name, host)| (name, rests(host))).collect();
        hosts.into_iter().filter(|host| !known.get(host).copied().unwrap_or(false)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn host(&mut self, name: &str) -> &mut Host {
        self.hosts.entry(name.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn tell(memory: &Memory, host: &str) {
        let read = Read::new(DesiredNetworking::default(), Vec::new(), memory.mark(host));
        memory.note(host, Told { read, observed: ObservedNetworking::default(), at: NOW, settled: true });
    }

    fn due(memory: &Memory) -> Vec<String> {
        memory.due(vec!["a".to_owned(), "b".to_owned()], NOW)
    }

    #[test]
    fn a_host_is_due_until_it_was_told_and_again_where_something_changed() {
        let memory = Memory::default();
        assert_eq!(due(&memory), ["a", "b"]);
        for host in ["a", "b"] {
            tell(&memory, host);
        }
        // that they came is news to their neighbours
        assert_eq!(due(&memory).len(), 2);
        for host in ["a", "b"] {
            tell(&memory, host);
        }
        assert!(due(&memory).is_empty());
        memory.change("b");
        assert_eq!(due(&memory), ["b"]);
        assert!(memory.still_read("a", memory.mark("a")).is_some());
        assert!(memory.still_read("b", memory.mark("b")).is_none());
        memory.change_all();
        assert_eq!(due(&memory).len(), 2);
        assert!(memory.still_read("a", memory.mark("a")).is_none());
        tell(&memory, "a");
        tell(&memory, "b");
        memory.doubt("a");
        assert_eq!(due(&memory), ["a"]);
    }

    #[test]
    fn what_is_told_again_without_a_change_is_told_after_a_while() {
        let memory = Memory::default();
        tell(&memory, "a");
        let later = NOW.plus(TELL_AGAIN);
        assert_eq!(memory.due(vec!["a".to_owned()], later), ["a"]);
        assert!(memory.still_read("a", memory.mark("a")).is_some(), "from memory");
    }

    #[test]
    fn each_generation_is_newer_also_than_those_of_an_earlier_life() {
        let memory = Memory::default();
        let [first, second] = [memory.generation(NOW), memory.generation(NOW)];
        assert!(first >= 1_000_000_000 && second > first);
        assert!(Memory::default().generation(NOW.plus(Duration::from_secs(1))) > second);
    }

    #[test]
    fn many_hosts_are_read_seldom_and_few_often() {
        assert_eq!(reread_after(1), TELL_AGAIN);
        assert_eq!(reread_after(1000), Duration::from_secs(500));
    }
}
