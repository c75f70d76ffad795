//! From what is to what should be: lines for `ip -batch`.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Kind, Link, NsPlan};
use crate::names;
use crate::system::{ObservedLink, ObservedNs, Route};

/// A bridge hears frames for its reserved addresses (01:80:c2:00:00:0x) itself, past every chain, and would learn any
/// sender from them: a guest could draw another's traffic to itself.
const UNLEARNED: &str = "no_linklocal_learn 1";

/// Whose namespace it is: what is in it beside the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// Ours alone: what is not planned goes.
    Ours,
    /// The host's: only links with names of ours are touched.
    Shared,
}

/// Lines of `ip -batch`, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    /// Links, addresses and neighbours to make or change.
    pub(crate) add: Vec<String>,
    /// Routes; a route may be refused without harm to the rest.
    pub(crate) routes: Vec<String>,
    /// What goes, after everything else.
    pub(crate) remove: Vec<String>,
    /// Links that got addresses and should tell their neighbours.
    pub(crate) announce: Vec<String>,
}

/// The steps from `seen` to `plan`.
pub(crate) fn diff(plan: &NsPlan, seen: &ObservedNs, ownership: Ownership) -> Steps {
    let mut steps = Steps::default();
    // bridges first: others are joined to them
    let bridges_first = |link: &&(&String, &Link)| link.1.kind != Kind::Bridge;
    let mut links: Vec<_> = plan.links.iter().collect();
    links.sort_by_key(|link| bridges_first(&link));
    for (name, link) in links {
        link_steps(name, link, seen.links.get(name), &mut steps.add);
    }
    addresses(plan, seen, ownership, &mut steps);
    for neighbour in
        plan.neighbours.iter().filter(|n| !seen.neighbours.contains(n) || loses_all(plan, seen, &n.dev))
    {
        let (address, mac, dev) = (neighbour.address, &neighbour.mac, &neighbour.dev);
        steps.add.push(format!("neigh replace {address} lladdr {mac} dev {dev} nud permanent"));
    }
    steps.routes.extend(plan.routes.difference(&seen.routes).map(|route| route_line("replace", route)));
    if ownership == Ownership::Ours {
        removals(plan, seen, &mut steps);
    }
    steps
}

/// Steps for a link that should be there.
fn link_steps(name: &str, link: &Link, seen: Option<&ObservedLink>, lines: &mut Vec<String>) {
    let absent = ObservedLink::default();
    let mtu = link.mtu.map(|mtu| format!(" mtu {mtu}")).unwrap_or_default();
    match (&link.kind, seen) {
        (Kind::Bridge, Some(seen)) if !seen.reserved_unlearned => {
            lines.push(format!("link set dev {name} type bridge {UNLEARNED}"));
        }
        (_, Some(_)) => {}
        (Kind::Foreign, None) => return,
        (Kind::Bridge, None) => lines.push(format!(
            "link add name {name}{mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0 {UNLEARNED}"
        )),
        (Kind::Veth { peer, namespace }, None) => {
            lines.push(format!("link add name {name}{mtu} type veth peer name {peer} netns {namespace}"));
        }
    }
    let made = seen.is_none();
    let seen = seen.unwrap_or(&absent);
    if let Some(mtu) = link.mtu.filter(|mtu| !made && *mtu != seen.mtu) {
        lines.push(format!("link set dev {name} mtu {mtu}"));
    }
    if let Some(mac) = link.mac.as_ref().filter(|mac| **mac != seen.mac) {
        lines.push(format!("link set dev {name} address {mac}"));
    }
    if let Some(master) = link.master.as_ref().filter(|_| link.master != seen.master) {
        lines.push(format!("link set dev {name} master {master}"));
    }
    if !seen.up {
        lines.push(format!("link set dev {name} up"));
    }
}

fn addresses(plan: &NsPlan, seen: &ObservedNs, ownership: Ownership, steps: &mut Steps) {
    for (dev, net) in plan.addresses.difference(&seen.addresses) {
        let nodad = if net.addr().is_ipv6() { " nodad" } else { "" };
        steps.add.push(format!("addr add {net} dev {dev}{nodad}"));
        // an announcement makes the kernel forget all neighbours, so links with planned ones do without
        let keeps_neighbours = plan.neighbours.iter().any(|neighbour| neighbour.dev == *dev);
        if dev != "lo" && net.addr().is_ipv4() && !keeps_neighbours && !steps.announce.contains(dev) {
            steps.announce.push(dev.clone());
        }
    }
    for (dev, net) in seen.addresses.difference(&plan.addresses) {
        let planned = plan.links.contains_key(dev);
        let shared = ownership == Ownership::Shared && !planned;
        if planned && !shared && !is_kernels(dev, net) {
            // before the routes, which may depend on which address is there
            steps.add.push(format!("addr del {net} dev {dev}"));
        }
    }
}

/// True for a link whose MAC is about to change: the kernel then forgets all its neighbours.
fn loses_all(plan: &NsPlan, seen: &ObservedNs, dev: &str) -> bool {
    let planned = plan.links.get(dev).and_then(|link| link.mac.as_ref());
    planned.is_some_and(|mac| seen.links.get(dev).is_none_or(|link| link.mac != *mac))
}

/// True for addresses that the kernel makes on its own.
fn is_kernels(dev: &str, net: &IpNet) -> bool {
    let loopback = dev == "lo" && net.addr().is_loopback();
    loopback || matches!(net.addr(), IpAddr::V6(a) if a.is_unicast_link_local())
}

fn route_line(verb: &str, route: &Route) -> String {
    let via = route.via.map(|via| format!(" via {via}")).unwrap_or_default();
    let onlink = if route.via.is_some() { " onlink" } else { "" };
    format!("route {verb} {}{via} dev {} proto static{onlink}", route.to, route.dev)
}

fn removals(plan: &NsPlan, seen: &ObservedNs, steps: &mut Steps) {
    for route in seen.routes.difference(&plan.routes) {
        // `replace` has taken the place of a route to the same destination
        if !plan.routes.iter().any(|planned| planned.to == route.to) {
            steps.remove.push(route_line("del", route));
        }
    }
    let stale = |n: &&crate::system::Neighbour| {
        !plan.neighbours.iter().any(|p| p.address == n.address && p.dev == n.dev)
    };
    for neighbour in seen.neighbours.iter().filter(stale).filter(|n| plan.links.contains_key(&n.dev)) {
        steps.remove.push(format!("neigh del {} dev {}", neighbour.address, neighbour.dev));
    }
    for (name, link) in &seen.links {
        if plan.links.contains_key(name) || name == "lo" {
            continue;
        }
        if names::is_tap(name) {
            if link.up || link.master.is_some() {
                steps.remove.push(format!("link set dev {name} nomaster down")); // its guest still holds it
            }
        } else {
            steps.remove.push(format!("link del dev {name}"));
        }
    }
}

#[cfg(test)]
mod tests;
