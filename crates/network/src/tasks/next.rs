//! What a node is to be told next: the difference between what it was told and what was read. Pure.

use std::collections::HashSet;

use kogge_clock::Timestamp;
use kogge_ids::{PortId, SecurityGroupId};
use kogge_node_api::{
    DesiredPort, DesiredSecurityGroup, HeldNetworking, MembersChange, NetworkingChange, ObservedNetworking,
};

use super::desired::Desired;
use super::memory::Told;
use super::seats::News;

/// What a node is to be told.
pub(super) struct Next {
    pub(super) change: NetworkingChange,
    /// What is known of it, without the change.
    pub(super) told: Told,
    /// Our own ports that live there, where the whole host was read.
    pub(super) own_ports: Vec<PortId>,
}

/// What whoever knew the members of a group so far has to learn.
pub(super) type Ask<'a> = &'a dyn Fn(SecurityGroupId, Option<u64>) -> News;

impl Next {
    /// The difference where the whole host was read; the whole, where nothing is known that it was told.
    pub(super) fn of_host(
        told: Option<Told>,
        read: Desired,
        generation: u64,
        now: Timestamp,
        ask: Ask<'_>,
    ) -> Self {
        let Desired { networking, own_ports, remote } = read;
        let (mut told, mut change) = match told {
            None => (Told::default(), NetworkingChange::whole(generation, networking.desired())),
            Some(told) => {
                let mut change = begun(&told, generation, now);
                (change.put, change.gone) = told.held.difference(&networking);
                (told, change)
            }
        };
        for group in told.forget(&remote) {
            // its members are not asked for any more
            put_group(&mut change, &networking, group, Vec::new());
        }
        for group in &change.put.security_groups {
            // who is told a group is told all its members
            told.members.remove(&group.id);
        }
        told.used = networking.ports.values().flat_map(|port| port.security_groups.iter().copied()).collect();
        members(&mut change, &mut told, &networking, remote, ask);
        Self { change, told, own_ports }
    }

    /// The difference where only some ports were read.
    ///
    /// # Errors
    /// What was told, where these ports are not all that has to change.
    pub(super) fn of_ports(
        mut told: Told,
        ids: &[PortId],
        there: Vec<DesiredPort>,
        (generation, now): (u64, Timestamp),
        ask: Ask<'_>,
    ) -> Result<Self, Box<Told>> {
        let here: HashSet<PortId> = there.iter().map(|port| port.id).collect();
        let gone = ids.iter().filter(|id| !here.contains(id) && told.held.ports.contains_key(id));
        let gone: Vec<PortId> = gone.copied().collect();
        if !there.iter().all(|port| told.knows_around(port)) || !gone.iter().all(|id| told.spares(*id, ids)) {
            return Err(Box::new(told));
        }
        let mut change = begun(&told, generation, now);
        change.gone.ports = gone;
        for port in there {
            if told.held.ports.get(&port.id) == Some(&port) {
                // its row was written all the same: what the node said of it may be lost
                change.ask.push(port.id);
            } else {
                change.put.ports.push(port);
            }
        }
        let (held, remote) = (std::mem::take(&mut told.held), told.members.keys().copied().collect());
        members(&mut change, &mut told, &held, remote, ask);
        told.held = held;
        Ok(Self { change, told, own_ports: Vec::new() })
    }

    /// Whether there is nothing to tell and nothing to ask.
    pub(super) fn rests(&self) -> bool {
        self.change.is_empty() && !self.change.repair && self.change.ask.is_empty()
    }

    /// What is known of the node now that it took the change; and the ports of which the answer said something new.
    pub(super) fn taken(self, observed: &ObservedNetworking, now: Timestamp) -> (Told, Vec<PortId>) {
        let Self { change, mut told, own_ports } = self;
        let (all, whole) = (change.repair, change.since.is_none());
        let named: HashSet<PortId> =
            change.put.ports.iter().map(|port| port.id).chain(change.ask.iter().copied()).collect();
        told.generation = change.generation;
        if all {
            told.repaired = Some(now);
        }
        told.held.change(change);
        let before = std::mem::take(&mut told.down);
        let is_new = |id: PortId, up: bool| whole || named.contains(&id) || before.contains(&id) == up;
        let said = observed.ports.iter().filter(|port| is_new(port.id, port.up)).map(|port| port.id);
        let said = said.chain(own_ports).collect();
        let up: HashSet<PortId> = observed.ports.iter().filter(|port| port.up).map(|port| port.id).collect();
        let asked = |id: &PortId| all || named.contains(id);
        let should = told.held.ports.values().filter(|port| port.admin_up).map(|port| port.id);
        // of a host with many ports only those are looked at that were spoken of, unless all were
        told.down = if all {
            should.filter(|id| !up.contains(id)).collect()
        } else {
            let is_up_to_be = |id: &&PortId| told.held.ports.get(id).is_some_and(|port| port.admin_up);
            let still = before.iter().filter(|id| !asked(id)).filter(is_up_to_be);
            still.chain(named.iter().filter(is_up_to_be).filter(|id| !up.contains(id))).copied().collect()
        };
        (told, said)
    }
}

impl Told {
    /// Forgets of which groups it knows the members that nobody asks for any more, and answers which.
    fn forget(&mut self, remote: &HashSet<SecurityGroupId>) -> Vec<SecurityGroupId> {
        let stale: Vec<SecurityGroupId> =
            self.members.keys().filter(|group| !remote.contains(group)).copied().collect();
        self.members.retain(|group, _| remote.contains(group));
        stale
    }

    /// Whether the node has all that a port needs.
    fn knows_around(&self, port: &DesiredPort) -> bool {
        self.held.networks.contains_key(&port.network)
            && port.security_groups.iter().all(|group| self.used.contains(group))
            // what it refers to no more may have to go
            && self.held.ports.get(&port.id).is_none_or(|old| {
                old.network == port.network && old.security_groups.iter().all(|group| port.security_groups.contains(group))
            })
    }

    /// Whether nothing has to go along with a port, for others need the same; `going` do not count.
    fn spares(&self, id: PortId, going: &[PortId]) -> bool {
        let Some(port) = self.held.ports.get(&id) else { return true };
        let mut others = self.held.ports.values().filter(|other| !going.contains(&other.id));
        let same = |other: &DesiredPort| {
            other.network == port.network
                && port.security_groups.iter().all(|group| other.security_groups.contains(group))
        };
        others.any(same)
    }
}

/// A change without contents.
fn begun(told: &Told, generation: u64, now: Timestamp) -> NetworkingChange {
    NetworkingChange {
        generation,
        since: Some(told.generation),
        ask: told.down.iter().copied().collect(),
        repair: told.is_old(now),
        ..NetworkingChange::default()
    }
}

/// Adds what is new of the members of the groups that rules refer to.
fn members(
    change: &mut NetworkingChange,
    told: &mut Told,
    networking: &HeldNetworking<()>,
    remote: HashSet<SecurityGroupId>,
    ask: Ask<'_>,
) {
    for group in remote.into_iter().filter(|group| networking.groups.contains_key(group)) {
        match ask(group, told.members.get(&group).copied()) {
            News::None => {}
            News::Change { come, gone, number } => {
                told.members.insert(group, number);
                if !come.is_empty() || !gone.is_empty() {
                    change.members.push(MembersChange { group, come, gone });
                }
            }
            News::Whole { members, number } => {
                told.members.insert(group, number);
                put_group(change, networking, group, members);
            }
        }
    }
}

/// Puts a group with these members.
fn put_group(
    change: &mut NetworkingChange,
    networking: &HeldNetworking<()>,
    id: SecurityGroupId,
    members: Vec<std::net::IpAddr>,
) {
    if let Some(put) = change.put.security_groups.iter_mut().find(|group| group.id == id) {
        put.members = members;
    } else if let Some(group) = networking.groups.get(&id) {
        let (stateful, rules) = (group.stateful, group.rules.clone());
        change.put.security_groups.push(DesiredSecurityGroup { id, stateful, rules, members });
    }
}
