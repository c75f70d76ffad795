//! A router's namespace: forwarding, SNAT, floating IPs, and the metadata address for guests that send everything
//! to their router.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use kogge_ids::NetworkId;
use kogge_node_api::{DesiredRouter, HostRoute};

use super::{NsPlan, metadata_v4, metadata_v6};
use crate::firewall::{asks, text};
use crate::layout::{Layout, has_services};
use crate::names;
use crate::seldom::Seldom;
use crate::system::Route;

/// Plans a router.
pub(crate) fn router(layout: &Layout<'_>, router: &DesiredRouter) -> NsPlan {
    let mut plan = NsPlan { firewall: ruleset(layout, router), ..NsPlan::default() };
    plan.quiet_endpoint();
    let forwarding = u8::from(router.admin_up);
    plan.sysctl("net/ipv4/ip_forward", forwarding);
    plan.sysctl("net/ipv6/conf/all/forwarding", forwarding);
    for scope in ["all", "default"] {
        plan.sysctl(&format!("net/ipv4/conf/{scope}/rp_filter"), 1);
    }
    legs(layout, router, &mut plan);
    way_out(layout, router, &mut plan);
    plan.addresses.insert(("lo".to_owned(), metadata_v4()));
    for route in &router.routes {
        plan.routes.extend(static_route(router, route));
    }
    plan
}

fn legs(layout: &Layout<'_>, router: &DesiredRouter, plan: &mut NsPlan) {
    for leg in &router.interfaces {
        let Some(network) = layout.networks.get(&leg.network) else { continue };
        let name = names::leg(leg.port);
        plan.foreign(&name, Some(leg.mac.to_lowercase()), Some(network.mtu), None);
        plan.quiet_link(&name);
        plan.addresses.extend(leg.addresses.iter().map(|net| (name.clone(), *net)));
        // a network with DHCP answers IPv6 metadata on its own
        if leg.addresses.iter().any(|net| net.addr().is_ipv6()) && !has_services(network) {
            plan.addresses.extend(metadata_v6().map(|net| (name.clone(), net)));
        }
    }
}

fn way_out(layout: &Layout<'_>, router: &DesiredRouter, plan: &mut NsPlan) {
    let Some(gateway) = &router.gateway else { return };
    let Some(network) = layout.networks.get(&gateway.network) else { return };
    let name = names::gateway(gateway.port);
    plan.foreign(&name, Some(gateway.mac.to_lowercase()), Some(network.mtu), None);
    plan.quiet_link(&name);
    plan.addresses.extend(gateway.addresses.iter().map(|net| (name.clone(), *net)));
    plan.addresses.extend(router.floating_ips.iter().map(|ip| (name.clone(), IpNet::from(ip.external))));
    for v4 in [true, false] {
        let all = if v4 { "0.0.0.0/0" } else { "::/0" };
        let next_hop = gateway.next_hops.iter().find(|hop| hop.is_ipv4() == v4);
        if let (Some(hop), Ok(to)) = (next_hop, all.parse()) {
            plan.routes.insert(Route { to, via: Some(*hop), dev: name.clone() });
        }
    }
}

/// A route of the user's, where its next hop is on one of the router's links.
fn static_route(router: &DesiredRouter, route: &HostRoute) -> Option<Route> {
    let legs = router.interfaces.iter().map(|leg| (names::leg(leg.port), &leg.addresses));
    let ways_out = router.gateway.iter().map(|way| (names::gateway(way.port), &way.addresses));
    let on_link = |addresses: &[IpNet]| addresses.iter().any(|net| net.contains(&route.next_hop));
    let Some((dev, _)) = legs.chain(ways_out).find(|(_, addresses)| on_link(addresses)) else {
        static LEFT_OUT: Seldom = Seldom::new();
        let kept_back = LEFT_OUT.due()?;
        tracing::warn!(kept_back, router.id = %router.id, next_hop = %route.next_hop, "static route left out: its next hop is on no network of the router");
        return None;
    };
    Some(Route { to: route.destination.trunc(), via: Some(route.next_hop), dev })
}

/// The router's ruleset, replacing the one before.
fn ruleset(layout: &Layout<'_>, router: &DesiredRouter) -> String {
    let mut out = String::from(
        "table inet kogge\ndelete table inet kogge\ntable ip kogge_nat\ndelete table ip kogge_nat\n",
    );
    out.push_str("table inet kogge {\n");
    let links: Vec<_> = router.interfaces.iter().map(|leg| (names::leg(leg.port), leg.network)).collect();
    let asks = asks::sets(layout, &links, &mut out);
    input(router, asks, &mut out);
    forward(router, &mut out);
    out.push_str("}\n");
    nat(router, &mut out);
    out
}

/// Ranges of the router's legs of one family.
fn inside(router: &DesiredRouter, v4: bool) -> Vec<IpNet> {
    let all = router.interfaces.iter().flat_map(|leg| &leg.addresses);
    all.filter(|net| net.addr().is_ipv4() == v4).map(IpNet::trunc).collect()
}

fn input(router: &DesiredRouter, asks: &str, out: &mut String) {
    out.push_str(
        " chain c_input {\n  type filter hook input priority filter; policy drop;\n  iifname \"lo\" accept\n  \
         ct state established,related accept\n  ct state invalid drop\n",
    );
    if router.admin_up {
        out.push_str(
            "  icmp type echo-request accept\n  icmpv6 type { echo-request, nd-neighbor-solicit, \
             nd-neighbor-advert, nd-router-solicit, mld-listener-query } accept\n",
        );
        out.push_str(asks);
    }
    out.push_str(" }\n");
}

fn forward(router: &DesiredRouter, out: &mut String) {
    out.push_str(
        " chain c_forward {\n  type filter hook forward priority filter; policy drop;\n  \
         tcp flags syn tcp option maxseg size set rt mtu\n",
    );
    if router.admin_up {
        forged(router, out);
        out.push_str(
            "  ip daddr 169.254.0.0/16 drop\n  ct state established,related accept\n  ct state invalid drop\n  \
             iifname \"qr-*\" accept\n  iifname \"qg-*\" ct status dnat accept\n",
        );
        if let Some(own) = text::ranges(&inside(router, false)) {
            let _ = writeln!(out, "  iifname \"qg-*\" ip6 daddr {own} accept");
        }
        let plain = router.gateway.as_ref().is_some_and(|gateway| !gateway.snat);
        if let Some(own) = text::ranges(&inside(router, true)).filter(|_| plain) {
            let _ = writeln!(out, "  iifname \"qg-*\" ip daddr {own} accept");
        }
    }
    out.push_str(" }\n");
}

/// An address of a leg's own range comes in by that leg only. The kernel's check of return paths is not enough: a
/// user's static route for a single address would turn it around, and let the user speak under it in other networks
/// of the router.
fn forged(router: &DesiredRouter, out: &mut String) {
    let mut links: BTreeMap<NetworkId, (Vec<String>, Vec<IpNet>)> = BTreeMap::new();
    let legs = router.interfaces.iter().map(|leg| (leg.network, names::leg(leg.port), &leg.addresses));
    let ways_out = router.gateway.iter().map(|way| (way.network, names::gateway(way.port), &way.addresses));
    for (network, name, addresses) in legs.chain(ways_out) {
        let (names, ranges) = links.entry(network).or_default();
        names.push(format!("\"{name}\""));
        ranges.extend(addresses.iter().map(IpNet::trunc));
    }
    for (names, ranges) in links.values() {
        let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = ranges.iter().partition(|net| net.addr().is_ipv4());
        for (family, ranges) in [("ip", v4), ("ip6", v6)] {
            let Some(ranges) = text::ranges(&ranges) else { continue };
            let _ = writeln!(out, "  iifname != {{ {} }} {family} saddr {ranges} drop", names.join(", "));
        }
    }
}

/// Floating IPs as pairs of IPv4 addresses.
fn floating(router: &DesiredRouter) -> Vec<(Ipv4Addr, Ipv4Addr)> {
    let pairs = router.floating_ips.iter().filter_map(|ip| match (ip.external, ip.fixed) {
        (IpAddr::V4(external), IpAddr::V4(fixed)) => Some((external, fixed)),
        _ => None,
    });
    pairs.collect()
}

fn nat(router: &DesiredRouter, out: &mut String) {
    let Some(gateway) = router.gateway.as_ref().filter(|_| router.admin_up) else { return };
    let pairs = floating(router);
    out.push_str("table ip kogge_nat {\n");
    text::named(out, "map m_in", "ipv4_addr : ipv4_addr", pairs.iter().map(|(e, f)| format!("{e} : {f}")));
    let mut seen = BTreeSet::new();
    let first = pairs.iter().filter(|(_, fixed)| seen.insert(*fixed)); // one fixed address, one address outside
    text::named(out, "map m_out", "ipv4_addr : ipv4_addr", first.map(|(e, f)| format!("{f} : {e}")));
    out.push_str(
        " chain c_pre {\n  type nat hook prerouting priority dstnat; policy accept;\n  \
         dnat to ip daddr map @m_in\n }\n \
         chain c_post {\n  type nat hook postrouting priority srcnat; policy accept;\n",
    );
    let qg = names::gateway(gateway.port);
    let inside = text::ranges(&inside(router, true));
    let own = gateway.addresses.iter().find(|net| net.addr().is_ipv4()).map(|net| net.addr());
    let _ = writeln!(out, "  oifname \"{qg}\" snat to ip saddr map @m_out");
    if let (Some(own), true) = (own, gateway.snat) {
        let mut outside: BTreeSet<String> = pairs.iter().map(|(e, _)| e.to_string()).collect();
        outside.insert(own.to_string());
        let outside: Vec<_> = outside.into_iter().collect();
        let _ = writeln!(out, "  oifname \"{qg}\" ip saddr != {{ {} }} snat to {own}", outside.join(", "));
    }
    if let Some(inside) = inside {
        // a guest that calls a floating IP of the same router: the answer has to come back here
        let _ =
            writeln!(out, "  oifname \"qr-*\" ct status dnat ip saddr {inside} snat to ip saddr map @m_out");
        if let Some(own) = own {
            let _ = writeln!(out, "  oifname \"qr-*\" ct status dnat ip saddr {inside} snat to {own}");
        }
    }
    out.push_str(" }\n}\n");
}

#[cfg(test)]
mod tests;
