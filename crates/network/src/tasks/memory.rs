//! What this process last told each node, and what was written since.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kogge_clock::Timestamp;
use kogge_db::Touched;
use kogge_ids::{NetworkId, PortId, RouterId, SecurityGroupId};
use kogge_node_api::HeldNetworking;

use super::seats::{News, Place, Seat, Seats};

/// A node is told again after this time even where nothing changed, so that it repairs drift.
pub(super) const TELL_AGAIN: Duration = Duration::from_secs(30);
/// Longest time between two readings of a host, for each host that there is.
const REREAD: Duration = Duration::from_millis(500);

/// What is known of all hosts.
#[derive(Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
    /// Held by whoever finds out whom the rows concern that were written.
    sorting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Rows that were written and not looked at since, with a number that rises.
    written: BTreeMap<(&'static str, String), u64>,
    number: u64,
    seats: Seats,
    /// When all ports were read last.
    read_at: Option<Instant>,
    /// The newest generation that was begun.
    generation: u64,
    hosts: BTreeMap<String, Host>,
}

#[derive(Default)]
struct Host {
    /// Held by whoever reads and tells: older networking must not come after newer.
    turn: Arc<tokio::sync::Mutex<()>>,
    dirty: Dirty,
    /// Nothing while it is being told.
    told: Option<Told>,
}

/// What changed on a host since it was read.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    /// Anything.
    pub(super) all: bool,
    /// Ports that are here, or were.
    pub(super) ports: BTreeSet<PortId>,
}

/// What a node was told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) held: HeldNetworking<()>,
    /// Groups of its ports: it knows their rules. Of others it may know the members alone.
    pub(super) used: HashSet<SecurityGroupId>,
    /// Groups that rules refer to, and of which members it knows: by their numbers.
    pub(super) members: BTreeMap<SecurityGroupId, u64>,
    /// Ports that should be up and are not.
    pub(super) down: BTreeSet<PortId>,
    pub(super) generation: u64,
    /// When all of it was repaired last.
    pub(super) repaired: Option<Timestamp>,
    /// When all of it was read last.
    pub(super) read_at: Option<Instant>,
}

impl Told {
    /// Whether all of it was read so long ago, and is to be read anew.
    fn was_read_before(&self, most: Duration) -> bool {
        self.read_at.is_none_or(|at| at.elapsed() >= most)
    }

    /// Whether the node is to repair what may have drifted.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        self.repaired.is_none_or(|at| now.since(at) >= TELL_AGAIN)
    }
}

/// How long a reading is good where nobody wrote: so that all hosts together are read a few times a second at most.
fn reread_after(hosts: usize) -> Duration {
    TELL_AGAIN.max(REREAD * u32::try_from(hosts).unwrap_or(u32::MAX))
}

/// Rows that were written, as they were when somebody began to look at them.
pub(super) type Written = Vec<((&'static str, String), u64)>;

/// What was found out about rows that were written.
#[derive(Default)]
pub(super) struct Found {
    /// The ports, where they are there.
    pub(super) ports: HashMap<PortId, Option<Seat>>,
    pub(super) networks: BTreeSet<NetworkId>,
    /// Routers, with their hosts.
    pub(super) routers: BTreeMap<RouterId, Option<String>>,
    pub(super) groups: BTreeSet<SecurityGroupId>,
}

impl Memory {
    /// Rows were written.
    pub(crate) fn write(&self, touched: impl IntoIterator<Item = (&'static str, String)>) {
        let mut state = self.state();
        for row in touched {
            state.number += 1;
            let number = state.number;
            state.written.insert(row, number);
        }
    }

    /// Anything may have been written.
    pub(crate) fn write_all(&self) {
        let mut state = self.state();
        state.read_at = None;
        state.hosts.values_mut().for_each(|host| host.dirty.all = true);
    }

    /// Something on this host may be different.
    pub(crate) fn write_on(&self, host: &str) {
        self.state().host(host).dirty.all = true;
    }

    /// Lets one at a time find out whom rows concern.
    pub(super) async fn sorting(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.sorting.lock().await
    }

    /// Whether all ports have to be read: at first, and now and then, in case a word was lost.
    pub(super) fn is_unread(&self) -> bool {
        let state = self.state();
        state.read_at.is_none_or(|at| at.elapsed() >= reread_after(state.hosts.len()))
    }

    /// All ports were read, beginning at `at`.
    pub(super) fn read(&self, seats: HashMap<PortId, Seat>, at: Instant) {
        let mut state = self.state();
        state.seats.set_all(seats);
        state.read_at = Some(at);
    }

    /// Rows that were written and not looked at since.
    pub(super) fn written(&self) -> Written {
        self.state().written.iter().map(|(row, number)| (row.clone(), *number)).collect()
    }

    /// Takes in what was found out about them. Answers the hosts to be told; those that do not know of their own that they
    /// are concerned, as of a router that comes, are in `found`.
    pub(super) fn sorted(&self, written: &Written, found: Found) -> BTreeSet<String> {
        let mut state = self.state();
        for (row, number) in written {
            // one that was written again is looked at again
            if state.written.get(row) == Some(number) {
                state.written.remove(row);
            }
        }
        let mut hosts = BTreeSet::new();
        let (mut networks, mut routers) = (found.networks, BTreeSet::new());
        for (id, host) in found.routers {
            routers.insert(id);
            hosts.extend(host.filter(|host| state.mark_all(host)));
        }
        for (id, seat) in found.ports {
            let before = state.seats.set(id, seat.clone());
            for place in before.into_iter().chain(seat).map(|seat| seat.place) {
                match place {
                    Place::Host(host) => hosts.extend(state.mark_port(&host, id).then_some(host)),
                    Place::Router(router) => drop(routers.insert(router)),
                    Place::Dhcp(network) => drop(networks.insert(network)),
                    Place::Nowhere => {}
                }
            }
        }
        if networks.is_empty() && routers.is_empty() && found.groups.is_empty() {
            return hosts;
        }
        for (name, host) in &mut state.hosts {
            let concerned = host.told.as_ref().is_none_or(|told| {
                networks.iter().any(|id| told.held.networks.contains_key(id))
                    || routers.iter().any(|id| told.held.routers.contains_key(id))
                    || found.groups.iter().any(|id| told.held.groups.contains_key(id))
            });
            if concerned {
                host.dirty.all = true;
                hosts.insert(name.clone());
            }
        }
        hosts
    }

    /// Where this host is read and told by one at a time.
    pub(super) fn turn(&self, host: &str) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.state().host(host).turn)
    }

    /// Begins to read and to tell a host: what it was told, what changed since, and a generation newer than all before, also
    /// than those of an earlier life of this process. Who does not come to an end has to tell it everything.
    pub(super) fn begin(&self, host: &str, now: Timestamp) -> (Option<Told>, Dirty, u64) {
        let mut state = self.state();
        let least = u64::try_from(now.as_micros()).unwrap_or(0);
        state.generation = state.generation.saturating_add(1).max(least);
        let (generation, most) = (state.generation, reread_after(state.hosts.len()));
        let host = state.host(host);
        let (told, mut dirty) = (host.told.take(), std::mem::take(&mut host.dirty));
        dirty.all |= told.as_ref().is_none_or(|told| told.was_read_before(most));
        (told, dirty, generation)
    }

    /// Notes what a node was told.
    pub(super) fn note(&self, host: &str, told: Told) {
        self.state().host(host).told = Some(told);
    }

    /// What whoever knew the members of a group at `known` has to learn.
    pub(super) fn news(&self, group: SecurityGroupId, known: Option<u64>) -> News {
        self.state().seats.news(group, known)
    }

    /// A host left.
    pub(super) fn forget(&self, host: &str) {
        self.state().hosts.remove(host);
    }

    /// True where the node was told something that was not true of all its ports yet.
    pub(crate) fn waits(&self, host: &str) -> bool {
        self.state()
            .hosts
            .get(host)
            .is_some_and(|host| host.told.as_ref().is_none_or(|told| !told.down.is_empty()))
    }

    /// Those of `hosts` that are to be told something now.
    pub(super) fn due(&self, hosts: Vec<String>, now: Timestamp) -> Vec<String> {
        let state = self.state();
        let most = reread_after(state.hosts.len());
        let rests = |host: &Host| {
            let told = host.told.as_ref().filter(|_| !host.dirty.all && host.dirty.ports.is_empty());
            told.is_some_and(|told| {
                told.down.is_empty()
                    && !told.is_old(now)
                    && !told.was_read_before(most)
                    && !told.members.iter().any(|(group, number)| state.seats.has_news(*group, *number))
            })
        };
        hosts.into_iter().filter(|host| !state.hosts.get(host).is_some_and(rests)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn host(&mut self, name: &str) -> &mut Host {
        self.hosts.entry(name.to_owned()).or_default()
    }

    /// Notes that anything changed on a host, where it is one of ours.
    fn mark_all(&mut self, host: &str) -> bool {
        self.hosts.get_mut(host).map(|host| host.dirty.all = true).is_some()
    }

    /// Notes that a port changed on a host, where it is one of ours.
    fn mark_port(&mut self, host: &str, port: PortId) -> bool {
        self.hosts.get_mut(host).map(|host| host.dirty.ports.insert(port)).is_some()
    }
}

/// A row of another process's word: `ports/ID`. Nothing where it cannot be one.
pub(super) fn row_of(word: &str) -> Option<(&'static str, String)> {
    let (table, key) = word.split_once('/')?;
    TABLES.into_iter().find(|known| *known == table).map(|table| (table, key.to_owned()))
}

/// The word for a row.
pub(super) fn word_of((table, key): &(&'static str, String)) -> String {
    format!("{table}/{key}")
}

/// Tables whose rows nodes have to know of.
const TABLES: [&str; 4] = ["networks", "ports", "routers", "security_groups"];

/// Those of the rows that nodes have to know of.
pub(crate) fn of_interest(touched: &Touched) -> impl Iterator<Item = (&'static str, String)> + Clone {
    touched.iter().filter(|(table, _)| TABLES.contains(table)).cloned()
}
