//! What a node was told of networking, put together from all changes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use kogge_ids::{NetworkId, PortId, RouterId, SecurityGroupId};

use crate::{
    DesiredNetwork, DesiredNetworking, DesiredPort, DesiredRouter, DesiredSecurityGroup, Epoch, FirewallRule,
    GoneNetworking, NetworkingChange,
};

/// How the members of a group are kept.
pub trait Members: Default + Clone + PartialEq {
    /// Addresses come.
    fn come(&mut self, addresses: &[IpAddr]);
    /// Addresses go.
    fn gone(&mut self, addresses: &[IpAddr]);
    /// All of them, sorted; none where they are not kept.
    fn all(&self) -> Vec<IpAddr>;
}

impl Members for BTreeSet<IpAddr> {
    fn come(&mut self, addresses: &[IpAddr]) {
        self.extend(addresses);
    }
    fn gone(&mut self, addresses: &[IpAddr]) {
        for address in addresses {
            self.remove(address);
        }
    }
    fn all(&self) -> Vec<IpAddr> {
        self.iter().copied().collect()
    }
}

/// They are not kept: for whoever knows them elsewhere.
impl Members for () {
    fn come(&mut self, _: &[IpAddr]) {}
    fn gone(&mut self, _: &[IpAddr]) {}
    fn all(&self) -> Vec<IpAddr> {
        Vec::new()
    }
}

/// A security group without its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldGroup<M> {
    /// False: stateless rules.
    pub stateful: bool,
    /// What is let through.
    pub rules: Vec<FirewallRule>,
    /// Who is in it.
    pub members: M,
}

/// The objects that a node has been told, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldNetworking<M = BTreeSet<IpAddr>> {
    /// Networks.
    pub networks: BTreeMap<NetworkId, DesiredNetwork>,
    /// Routers.
    pub routers: BTreeMap<RouterId, DesiredRouter>,
    /// Ports of instances.
    pub ports: BTreeMap<PortId, DesiredPort>,
    /// Security groups.
    pub groups: BTreeMap<SecurityGroupId, HeldGroup<M>>,
}

impl<M: Members> HeldNetworking<M> {
    /// These objects.
    #[must_use]
    pub fn of(desired: DesiredNetworking) -> Self {
        let mut held = Self::default();
        held.put(desired);
        held
    }

    /// The whole, in the order of ids.
    #[must_use]
    pub fn desired(&self) -> DesiredNetworking {
        DesiredNetworking {
            networks: self.networks.values().cloned().collect(),
            routers: self.routers.values().cloned().collect(),
            ports: self.ports.values().cloned().collect(),
            security_groups: self.groups.iter().map(|(id, group)| group.desired(*id)).collect(),
        }
    }

    /// Takes a change in, whatever it builds on: [`AppliedNetworking`] asks for that.
    pub fn change(&mut self, change: NetworkingChange) {
        if change.since.is_none() {
            *self = Self::default();
        }
        change.gone.networks.iter().for_each(|id| drop(self.networks.remove(id)));
        change.gone.routers.iter().for_each(|id| drop(self.routers.remove(id)));
        change.gone.ports.iter().for_each(|id| drop(self.ports.remove(id)));
        change.gone.security_groups.iter().for_each(|id| drop(self.groups.remove(id)));
        self.put(change.put);
        for members in &change.members {
            if let Some(group) = self.groups.get_mut(&members.group) {
                group.members.gone(&members.gone);
                group.members.come(&members.come);
            }
        }
    }

    fn put(&mut self, desired: DesiredNetworking) {
        self.networks.extend(desired.networks.into_iter().map(|network| (network.id, network)));
        self.routers.extend(desired.routers.into_iter().map(|router| (router.id, router)));
        self.ports.extend(desired.ports.into_iter().map(|port| (port.id, port)));
        self.groups.extend(desired.security_groups.into_iter().map(|group| (group.id, HeldGroup::of(group))));
    }

    /// What leads from here to `wanted`: objects to put, and those that go. Members alone make no difference where they
    /// are not kept.
    #[must_use]
    pub fn difference(&self, wanted: &Self) -> (DesiredNetworking, GoneNetworking) {
        let groups = different(&self.groups, &wanted.groups);
        let put = DesiredNetworking {
            networks: different(&self.networks, &wanted.networks).map(|(_, new)| new.clone()).collect(),
            routers: different(&self.routers, &wanted.routers).map(|(_, new)| new.clone()).collect(),
            ports: different(&self.ports, &wanted.ports).map(|(_, new)| new.clone()).collect(),
            security_groups: groups.map(|(id, group)| group.desired(*id)).collect(),
        };
        let gone = GoneNetworking {
            networks: missing(&self.networks, &wanted.networks),
            routers: missing(&self.routers, &wanted.routers),
            ports: missing(&self.ports, &wanted.ports),
            security_groups: missing(&self.groups, &wanted.groups),
        };
        (put, gone)
    }
}

fn different<'a, K: Ord, V: PartialEq>(
    old: &'a BTreeMap<K, V>,
    new: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, &'a V)> {
    new.iter().filter(|(key, value)| old.get(key) != Some(value))
}

fn missing<K: Ord + Copy, V>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Vec<K> {
    old.keys().filter(|key| !new.contains_key(key)).copied().collect()
}

impl<M: Members> HeldGroup<M> {
    fn of(desired: DesiredSecurityGroup) -> Self {
        let mut members = M::default();
        members.come(&desired.members);
        Self { stateful: desired.stateful, rules: desired.rules, members }
    }

    fn desired(&self, id: SecurityGroupId) -> DesiredSecurityGroup {
        let (stateful, rules) = (self.stateful, self.rules.clone());
        DesiredSecurityGroup { id, stateful, rules, members: self.members.all() }
    }
}

/// What a node holds, and how far it is: what is older changes nothing, and what builds on something else neither.
#[derive(Debug, Clone, Default)]
pub struct AppliedNetworking<M = BTreeSet<IpAddr>> {
    /// What it was told.
    pub held: HeldNetworking<M>,
    epoch: Epoch,
    generation: u64,
    /// False after the agent began anew: how far it is is known, what it holds is not.
    known: bool,
}

impl<M: Members> AppliedNetworking<M> {
    /// Of an agent that begins anew, and had come this far.
    #[must_use]
    pub fn after(epoch: Epoch, generation: u64) -> Self {
        Self { epoch, generation, ..Self::default() }
    }

    /// How far it is: epoch, and generation within it.
    #[must_use]
    pub const fn reached(&self) -> (Epoch, u64) {
        (self.epoch, self.generation)
    }

    /// The generation that an answer bears; 0 where the whole has to be told.
    #[must_use]
    pub const fn answer(&self) -> u64 {
        if self.known { self.generation } else { 0 }
    }

    /// Whether this change is to be taken in.
    #[must_use]
    pub fn takes(&self, by: Epoch, change: &NetworkingChange) -> bool {
        match change.since {
            None => (by, change.generation) >= (self.epoch, self.generation),
            Some(since) => {
                self.known
                    && by == self.epoch
                    && (since == self.generation || change.generation == self.generation)
                    && change.generation >= self.generation
            }
        }
    }

    /// Takes a change in; false, and nothing is done, where it may not be. One that is known already changes nothing.
    pub fn take(&mut self, by: Epoch, change: NetworkingChange) -> bool {
        if !self.takes(by, &change) {
            return false;
        }
        let again = change.since.is_some() && change.generation == self.generation;
        (self.epoch, self.generation, self.known) = (by, change.generation, true);
        if !again {
            self.held.change(change);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MembersChange;

    fn group(id: SecurityGroupId, members: &[&str]) -> DesiredNetworking {
        let members = members.iter().map(|text| text.parse().unwrap()).collect();
        let group = DesiredSecurityGroup { id, stateful: true, rules: Vec::new(), members };
        DesiredNetworking { security_groups: vec![group], ..DesiredNetworking::default() }
    }

    fn members(held: &AppliedNetworking, id: SecurityGroupId) -> Vec<String> {
        held.held.groups[&id].members.iter().map(ToString::to_string).collect()
    }

    fn comes(since: u64, generation: u64, group: SecurityGroupId, address: &str) -> NetworkingChange {
        let members = vec![MembersChange { group, come: vec![address.parse().unwrap()], gone: Vec::new() }];
        NetworkingChange { generation, since: Some(since), members, ..NetworkingChange::default() }
    }

    #[test]
    fn late_doubled_and_lost_changes_never_mix_up_what_is_held() {
        let (by, id) = (Epoch(2), SecurityGroupId::random());
        let mut node: AppliedNetworking = AppliedNetworking::default();
        assert!(!node.take(by, comes(0, 4, id, "192.0.2.1")), "there is nothing to build on");
        assert_eq!(node.answer(), 0);
        let whole = NetworkingChange::whole(5, group(id, &["192.0.2.1"]));
        assert!(node.take(by, whole.clone()));
        let second = comes(5, 6, id, "192.0.2.2");
        assert!(node.take(by, second.clone()) && node.take(by, second.clone()), "doubled");
        assert_eq!(
            (node.answer(), members(&node, id)),
            (6, vec!["192.0.2.1".to_owned(), "192.0.2.2".to_owned()])
        );
        assert!(!node.take(by, comes(7, 8, id, "192.0.2.3")), "one in between is lost");
        assert!(!node.take(by, whole), "late");
        assert!(!node.take(Epoch(1), NetworkingChange::whole(9, group(id, &[]))), "an old commander's");
        assert!(
            !node.take(Epoch(3), comes(6, 9, id, "192.0.2.3")),
            "a new commander does not know what is held"
        );
        assert_eq!(node.answer(), 6);
        let gone = GoneNetworking { security_groups: vec![id], ..GoneNetworking::default() };
        let gone = NetworkingChange { generation: 7, since: Some(6), gone, ..NetworkingChange::default() };
        assert!(node.take(by, gone) && node.held.groups.is_empty());
        assert!(!node.take(by, second) && node.held.groups.is_empty(), "what went does not come back");
    }

    #[test]
    fn an_agent_that_begins_anew_is_told_the_whole_and_nothing_older() {
        let (by, id) = (Epoch(2), SecurityGroupId::random());
        let mut node: AppliedNetworking = AppliedNetworking::after(by, 6);
        assert_eq!((node.reached(), node.answer()), ((by, 6), 0));
        assert!(!node.take(by, NetworkingChange::whole(5, group(id, &[]))), "from before");
        assert!(!node.take(by, comes(6, 7, id, "192.0.2.1")), "it does not know what it held");
        assert!(node.take(by, NetworkingChange::whole(7, group(id, &["192.0.2.1"]))));
        assert!(node.take(by, comes(7, 8, id, "192.0.2.2")));
        assert_eq!(members(&node, id).len(), 2);
        // another commander, with the whole
        assert!(node.take(Epoch(3), NetworkingChange::whole(1, group(id, &[]))));
        assert_eq!((node.answer(), members(&node, id).len()), (1, 0));
    }

    #[test]
    fn a_difference_leads_from_one_to_the_other() {
        let [a, b, c] = std::array::from_fn(|_| SecurityGroupId::random());
        let mut desired = group(a, &["192.0.2.1"]);
        desired.security_groups.extend(group(b, &[]).security_groups);
        let from: HeldNetworking = HeldNetworking::of(desired);
        let mut desired = group(a, &["192.0.2.1", "192.0.2.2"]);
        desired.security_groups.extend(group(c, &[]).security_groups);
        let to: HeldNetworking = HeldNetworking::of(desired.clone());
        let (put, gone) = from.difference(&to);
        assert_eq!((put.security_groups.len(), gone.security_groups.as_slice()), (2, [b].as_slice()));
        let mut held = from;
        held.change(NetworkingChange { since: Some(1), put, gone, ..NetworkingChange::default() });
        assert_eq!(held, to);
        assert_eq!(HeldNetworking::<BTreeSet<IpAddr>>::of(held.desired()), to);
        let (put, gone) = held.difference(&to);
        assert!(put.is_empty() && gone == GoneNetworking::default());
    }
}
