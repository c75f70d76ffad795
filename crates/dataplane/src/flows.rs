//! Flows that have to end because what allowed them is gone.
//!
//! The kernel keeps letting packets of a known flow through; so whoever removes a rule must make it forget. Which
//! flows those are is a pure function of the desired states before and after.

use std::collections::BTreeSet;
use std::net::IpAddr;

use kogge_ids::{RouterId, SecurityGroupId};
use kogge_node_api::{DesiredNetworking, DesiredPort, DesiredRouter, Direction, FirewallRule, Remote};

use crate::layout::{Layout, PortView};

/// Where flows are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The node's namespace, in a zone.
    Zone(u16),
    /// A router's namespace.
    Router(RouterId),
}

/// Flows to forget.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cut {
    /// Where.
    pub(crate) place: Place,
    /// Whether `address` answered or began the flow.
    pub(crate) incoming: bool,
    /// The guest's or floating address.
    pub(crate) address: IpAddr,
    /// Only flows of this protocol, where given.
    pub(crate) protocol: Option<u8>,
}

impl Cut {
    /// The arguments of `conntrack`.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let family = if self.address.is_ipv4() { "ipv4" } else { "ipv6" };
        let side = if self.incoming { "--orig-dst" } else { "--orig-src" };
        let mut args: Vec<String> = ["-D", "-f", family, side].into_iter().map(str::to_owned).collect();
        args.push(self.address.to_string());
        if let Place::Zone(zone) = self.place {
            args.extend(["-w".to_owned(), zone.to_string()]);
        }
        let name = match self.protocol {
            Some(1) => "icmp",
            Some(6) => "tcp",
            Some(17) => "udp",
            Some(58) => "icmpv6",
            Some(132) => "sctp",
            _ => return args,
        };
        args.extend(["-p".to_owned(), name.to_owned()]);
        args
    }
}

/// The flows to forget when `new` takes the place of `old`.
pub(crate) fn cuts(old: &DesiredNetworking, new: &DesiredNetworking) -> BTreeSet<Cut> {
    let (before, after) = (Layout::new(old), Layout::new(new));
    let mut cuts = BTreeSet::new();
    for view in &before.ports {
        let place = before.zones.get(&view.network.id).copied().map(Place::Zone);
        let Some(place) = place else { continue };
        match after.ports.iter().find(|p| p.port.id == view.port.id && p.network.id == view.network.id) {
            Some(now) => changed_port(place, view, now, (&before, &after), &mut cuts),
            None => both_ways(place, addresses(view.port), &mut cuts),
        }
    }
    for router in &old.routers {
        let now = new.routers.iter().find(|r| r.id == router.id);
        changed_router(router, now, &mut cuts);
    }
    cuts
}

fn addresses(port: &DesiredPort) -> BTreeSet<IpAddr> {
    let pairs = port.allowed_pairs.iter().filter(|p| p.cidr.prefix_len() == p.cidr.max_prefix_len());
    port.fixed_ips.iter().map(|ip| ip.address).chain(pairs.map(|p| p.cidr.addr())).collect()
}

fn both_ways(place: Place, addresses: BTreeSet<IpAddr>, cuts: &mut BTreeSet<Cut>) {
    for address in addresses {
        for incoming in [true, false] {
            cuts.insert(Cut { place, incoming, address, protocol: None });
        }
    }
}

fn changed_port(
    place: Place,
    old: &PortView<'_>,
    new: &PortView<'_>,
    (before, after): (&Layout<'_>, &Layout<'_>),
    cuts: &mut BTreeSet<Cut>,
) {
    let closed = !new.port.admin_up && old.port.admin_up;
    let secured = new.port.port_security && !old.port.port_security;
    let own = addresses(old.port);
    if closed || secured {
        both_ways(place, own, cuts);
        return;
    }
    both_ways(place, own.difference(&addresses(new.port)).copied().collect(), cuts);
    if !new.port.port_security {
        return;
    }
    let (had, has) = (rules(before, old.port), rules(after, new.port));
    for rule in had.iter().filter(|rule| !has.contains(rule)) {
        let incoming = rule.direction == Direction::Ingress;
        let protocol = rule.protocol;
        cuts.extend(own.iter().map(|&address| Cut { place, incoming, address, protocol }));
    }
    for (incoming, member) in lost_members(before, after, &had) {
        // the member is on the other side of the flow
        cuts.insert(Cut { place, incoming: !incoming, address: member, protocol: None });
    }
}

fn rules<'a>(layout: &Layout<'a>, port: &DesiredPort) -> Vec<&'a FirewallRule> {
    port.security_groups.iter().filter_map(|id| layout.groups.get(id)).flat_map(|g| &g.rules).collect()
}

/// Members that left a group to which one of `rules` refers, with the rule's direction.
fn lost_members(
    before: &Layout<'_>,
    after: &Layout<'_>,
    rules: &[&FirewallRule],
) -> BTreeSet<(bool, IpAddr)> {
    let members = |layout: &Layout<'_>, id: SecurityGroupId| -> BTreeSet<IpAddr> {
        layout.groups.get(&id).map(|g| g.members.iter().copied().collect()).unwrap_or_default()
    };
    let mut lost = BTreeSet::new();
    for rule in rules {
        let Remote::Group(id) = rule.remote else { continue };
        let incoming = rule.direction == Direction::Ingress;
        let (had, has) = (members(before, id), members(after, id));
        lost.extend(had.difference(&has).map(|member| (incoming, *member)));
    }
    lost
}

fn changed_router(old: &DesiredRouter, new: Option<&DesiredRouter>, cuts: &mut BTreeSet<Cut>) {
    let Some(new) = new else { return }; // its namespace goes, and all flows with it
    let place = Place::Router(old.id);
    for ip in old.floating_ips.iter().filter(|ip| !new.floating_ips.contains(ip) || !new.admin_up) {
        cuts.insert(Cut { place, incoming: true, address: ip.external, protocol: None });
        cuts.insert(Cut { place, incoming: false, address: ip.fixed, protocol: None });
    }
    for ip in new.floating_ips.iter().filter(|ip| !old.floating_ips.contains(ip)) {
        // flows that began under the router's address go on under the floating one only if they begin anew
        cuts.insert(Cut { place, incoming: false, address: ip.fixed, protocol: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{group, ingress, network, port};

    fn state() -> DesiredNetworking {
        let network = network(7);
        let web = group("web", vec![ingress(Some(6), Some((80, 80))), ingress(Some(1), None)]);
        let mut one = port(&network, "fa:16:3e:00:00:0a", "10.0.0.10");
        one.security_groups = vec![web.id];
        DesiredNetworking {
            networks: vec![network],
            ports: vec![one],
            security_groups: vec![web],
            ..Default::default()
        }
    }

    #[test]
    fn nothing_is_cut_without_a_change_or_by_an_addition() {
        let old = state();
        assert!(cuts(&old, &old).is_empty());
        let mut new = old.clone();
        new.security_groups[0].rules.push(ingress(Some(17), None));
        assert!(cuts(&old, &new).is_empty());
        assert!(cuts(&DesiredNetworking::default(), &old).is_empty());
    }

    #[test]
    fn a_removed_rule_cuts_its_protocol_in_its_direction() {
        let old = state();
        let mut new = old.clone();
        new.security_groups[0].rules.remove(0);
        let cuts: Vec<Cut> = cuts(&old, &new).into_iter().collect();
        assert_eq!(cuts.len(), 1);
        assert_eq!(
            cuts[0].arguments(),
            ["-D", "-f", "ipv4", "--orig-dst", "10.0.0.10", "-w", "7", "-p", "tcp"]
        );
    }

    #[test]
    fn a_removed_group_cuts_all_its_rules() {
        let old = state();
        let mut new = old.clone();
        new.ports[0].security_groups.clear();
        assert_eq!(cuts(&old, &new).len(), 2);
    }

    #[test]
    fn a_port_that_goes_takes_its_flows_along() {
        let old = state();
        for change in [
            |s: &mut DesiredNetworking| s.ports.clear(),
            |s: &mut DesiredNetworking| s.ports[0].admin_up = false,
        ] {
            let mut new = old.clone();
            change(&mut new);
            assert_eq!(cuts(&old, &new).len(), 2, "to and from the address");
        }
    }

    #[test]
    fn a_member_that_leaves_a_remote_group_loses_its_flows() {
        let mut old = state();
        let mut rule = ingress(None, None);
        rule.remote = Remote::Group(old.security_groups[0].id);
        old.security_groups[0].rules.push(rule);
        old.security_groups[0].members = vec!["10.0.0.10".parse().unwrap(), "10.0.0.11".parse().unwrap()];
        let mut new = old.clone();
        new.security_groups[0].members.pop();
        let cuts: Vec<Cut> = cuts(&old, &new).into_iter().collect();
        assert_eq!(cuts.len(), 1);
        assert_eq!(cuts[0].arguments()[3..5], ["--orig-src", "10.0.0.11"]);
    }
}
