//! The host's side of external networks: the gateway address, and rules that protect the host from guests.

use std::fmt::Write;

use ipnet::IpNet;
use kogge_node_api::{DesiredNetwork, NetworkKind};

use super::{Kind, Link, NsPlan};
use crate::config::HostSide;
use crate::firewall::text;
use crate::layout::Layout;
use crate::names::{self, Namespaces};

/// Plans our part of the host's namespace. Other links, addresses and rules there are nobody's business of ours.
pub(crate) fn host(layout: &Layout<'_>, namespaces: &Namespaces, side: &HostSide) -> NsPlan {
    let external: Vec<&DesiredNetwork> =
        layout.networks.values().copied().filter(|n| n.kind == NetworkKind::External).collect();
    let links: Vec<String> = external.iter().map(|n| namespaces.host_link(n.id)).collect();
    let mut plan = NsPlan { firewall: ruleset(&external, &links, namespaces, side), ..NsPlan::default() };
    for (network, name) in external.iter().zip(&links) {
        let kind = Kind::Veth { peer: names::uplink(network.segment), namespace: namespaces.node() };
        // the host's other addresses are not told, guests' advertisements are not taken, and nobody comes in as
        // somebody who is elsewhere
        plan.sysctl(&format!("net/ipv4/conf/{name}/arp_ignore"), 2);
        plan.sysctl(&format!("net/ipv4/conf/{name}/rp_filter"), 1);
        plan.sysctl(&format!("net/ipv6/conf/{name}/accept_ra"), 0);
        plan.links.insert(name.clone(), Link { kind, mac: None, mtu: Some(network.mtu), master: None });
        for subnet in &network.subnets {
            let own = subnet.gateway.and_then(|gateway| IpNet::new(gateway, subnet.cidr.prefix_len()).ok());
            plan.addresses.extend(own.map(|net| (name.clone(), net)));
        }
    }
    if side.masquerade && !external.is_empty() {
        plan.sysctl("net/ipv4/ip_forward", 1);
    }
    plan
}

fn ruleset(
    external: &[&DesiredNetwork],
    links: &[String],
    namespaces: &Namespaces,
    side: &HostSide,
) -> String {
    let table = namespaces.host_table();
    let mut out = format!("table inet {table}\ndelete table inet {table}\n");
    if links.is_empty() {
        return out;
    }
    let quoted: Vec<String> = links.iter().map(|name| format!("\"{name}\"")).collect();
    let ours = quoted.join(", ");
    let _ = writeln!(out, "table inet {table} {{");
    guests_to_host(external, side, &mut out);
    let _ = writeln!(
        out,
        " chain c_input {{\n  type filter hook input priority filter - 5; policy accept;\n  \
         iifname {{ {ours} }} jump c_guests\n }}"
    );
    let ranges: Vec<IpNet> =
        external.iter().flat_map(|n| &n.subnets).map(|s| s.cidr).filter(|c| c.addr().is_ipv4()).collect();
    let ranges = text::ranges(&ranges);
    let world = match &ranges {
        Some(ranges) if side.masquerade => format!("ip saddr {ranges} ip daddr != 169.254.0.0/16 accept"),
        _ => "drop".to_owned(),
    };
    let _ = writeln!(
        out,
        " chain c_forward {{\n  type filter hook forward priority filter - 5; policy accept;\n  \
         iifname {{ {ours} }} jump c_out\n  oifname {{ {ours} }} ct state != {{ established, related }} drop\n }}\n \
         chain c_out {{\n  oifname {{ {ours} }} drop\n  ct state established,related accept\n  {world}\n  drop\n }}"
    );
    if let Some(ranges) = ranges.filter(|_| side.masquerade) {
        let _ = writeln!(
            out,
            " chain c_post {{\n  type nat hook postrouting priority srcnat; policy accept;\n  \
             ip saddr {ranges} oifname != {{ {ours} }} masquerade\n }}"
        );
    }
    out.push_str("}\n");
    out
}

fn guests_to_host(external: &[&DesiredNetwork], side: &HostSide, out: &mut String) {
    out.push_str(" chain c_guests {\n  ct state established,related accept\n");
    out.push_str("  icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n");
    let gateways = external.iter().flat_map(|network| &network.subnets).filter_map(|subnet| subnet.gateway);
    let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = gateways.map(IpNet::from).partition(|net| net.addr().is_ipv4());
    for (family, protocol, own) in [("ip", "ipv4", v4), ("ip6", "ipv6", v6)] {
        // the host's other addresses are never the guests' business
        let _ = match text::ranges(&own) {
            Some(own) => writeln!(out, "  meta nfproto {protocol} {family} daddr != {own} drop"),
            None => writeln!(out, "  meta nfproto {protocol} drop"),
        };
    }
    if side.ping {
        out.push_str("  icmp type echo-request accept\n  icmpv6 type echo-request accept\n");
    }
    if !side.tcp_ports.is_empty() {
        let ports: Vec<String> = side.tcp_ports.iter().map(u16::to_string).collect();
        let _ = writeln!(out, "  tcp dport {{ {} }} accept", ports.join(", "));
    }
    out.push_str("  drop\n }\n");
}

#[cfg(test)]
mod tests {
    use kogge_node_api::DesiredNetworking;

    use super::*;
    use crate::testing::network;

    fn plan(side: &HostSide) -> NsPlan {
        let mut outside = network(8);
        outside.kind = NetworkKind::External;
        let desired = DesiredNetworking { networks: vec![network(7), outside], ..Default::default() };
        host(&Layout::new(&desired), &Namespaces::new("kogge-t"), side)
    }

    #[test]
    fn the_host_has_the_gateway_address_of_external_networks_only() {
        let plan = plan(&HostSide::default());
        assert_eq!(plan.links.len(), 1);
        assert_eq!(plan.addresses.iter().next().unwrap().1.to_string(), "10.0.0.1/24");
    }

    #[test]
    fn guests_are_refused_by_default_and_the_host_does_not_forward() {
        let plan = plan(&HostSide::default());
        assert!(plan.sysctls.iter().all(|(path, _)| path.contains("/conf/kgx")), "{:?}", plan.sysctls);
        assert!(!plan.firewall.contains("masquerade"));
        assert!(!plan.firewall.contains("tcp dport"));
        let guests = plan.firewall.split("chain c_guests").nth(1).unwrap().split('}').next();
        assert!(guests.is_some_and(|rules| !rules.contains("policy accept")));
    }

    #[test]
    fn what_is_configured_is_opened() {
        let side = HostSide { masquerade: true, ping: false, tcp_ports: vec![8770], namespace: None };
        let plan = plan(&side);
        assert!(plan.firewall.contains("tcp dport { 8770 } accept"));
        assert!(!plan.firewall.contains("icmp type echo-request accept"));
        assert!(plan.firewall.contains("masquerade"));
        assert!(
            plan.firewall.contains("ip saddr { 10.0.0.0/24 } ip daddr != 169.254.0.0/16 accept"),
            "under an external address only, and never to the provider's own metadata"
        );
    }

    #[test]
    fn without_external_networks_nothing_is_left_on_the_host() {
        let desired = DesiredNetworking { networks: vec![network(7)], ..Default::default() };
        let plan = host(&Layout::new(&desired), &Namespaces::new("kogge-t"), &HostSide::default());
        assert!(plan.links.is_empty());
        assert_eq!(plan.firewall, "table inet kogge_kogge_t\ndelete table inet kogge_kogge_t\n");
    }
}
