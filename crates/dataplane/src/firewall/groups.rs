//! Security groups: sets of members, one chain per group and direction, one per port and direction.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;

use kogge_ids::SecurityGroupId;
use kogge_node_api::{DesiredSecurityGroup, Direction, Ethertype, FirewallRule, Remote};

use super::text;
use crate::layout::Layout;

/// ICMP's number, and what a rule for IPv6 with it means.
const ICMP: u8 = 1;
/// ICMPv6's number.
const ICMPV6: u8 = 58;
/// Protocols whose header begins with ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
const WITH_PORTS: [u8; 5] = [6, 17, 33, 132, 136];

/// What every filtered port may receive and send besides its rules.
const ESSENTIALS: &str = " chain ess_in {\n  udp sport 67 udp dport 68 accept\n  \
    meta nfproto ipv6 udp sport 547 udp dport 546 accept\n  \
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, mld-listener-query } accept\n }\n \
    chain ess_eg {\n  udp sport 68 udp dport 67 accept\n  \
    meta nfproto ipv6 udp sport 546 udp dport 547 accept\n  \
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, 131, 132, 143 } accept\n }\n";

/// The members of every group that a rule in use refers to.
pub(super) fn sets(layout: &Layout<'_>, out: &mut String) {
    for id in remote_groups(layout) {
        let members = layout.groups.get(&id).map_or(&[][..], |g| &g.members);
        let of = |v4: bool| {
            let own: BTreeSet<IpAddr> = members.iter().filter(|m| m.is_ipv4() == v4).copied().collect();
            own.into_iter().map(|m| m.to_string())
        };
        text::named(out, &format!("set {}", set_name(id, Ethertype::IPv4)), "ipv4_addr", of(true));
        text::named(out, &format!("set {}", set_name(id, Ethertype::IPv6)), "ipv6_addr", of(false));
    }
}

/// The chains of groups and ports.
pub(super) fn chains(layout: &Layout<'_>, out: &mut String) {
    out.push_str(ESSENTIALS);
    let used = layout.used_groups();
    for group in used.iter().filter_map(|id| layout.groups.get(id)) {
        group_chain(group, Direction::Ingress, out);
        group_chain(group, Direction::Egress, out);
    }
    for view in layout.secured() {
        for (word, prefix) in [("in", "sgi"), ("eg", "sge")] {
            let _ = writeln!(out, " chain {word}_{} {{\n  jump ess_{word}", view.mark);
            let groups: BTreeSet<_> = view.port.security_groups.iter().collect();
            for id in groups.into_iter().filter(|id| used.contains(id)) {
                let _ = writeln!(out, "  jump {}", chain_name(prefix, *id));
            }
            out.push_str("  drop\n }\n");
        }
    }
}

fn group_chain(group: &DesiredSecurityGroup, direction: Direction, out: &mut String) {
    let prefix = match direction {
        Direction::Ingress => "sgi",
        Direction::Egress => "sge",
    };
    let _ = writeln!(out, " chain {} {{", chain_name(prefix, group.id));
    for rule in group.rules.iter().filter(|r| r.direction == direction) {
        if let Some(text) = rule_text(rule) {
            let _ = writeln!(out, "  {text}");
        }
    }
    out.push_str(" }\n");
}

fn chain_name(prefix: &str, id: SecurityGroupId) -> String {
    format!("{prefix}_{}", id.uuid().simple())
}

fn set_name(id: SecurityGroupId, ethertype: Ethertype) -> String {
    let family = if ethertype == Ethertype::IPv4 { "4" } else { "6" };
    format!("rg{family}_{}", id.uuid().simple())
}

/// Groups that some rule in use refers to.
fn remote_groups(layout: &Layout<'_>) -> BTreeSet<SecurityGroupId> {
    let used = layout.used_groups();
    let rules = used.iter().filter_map(|id| layout.groups.get(id)).flat_map(|g| &g.rules);
    rules
        .filter_map(|rule| match rule.remote {
            Remote::Group(id) => Some(id),
            Remote::Any | Remote::Cidr(_) => None,
        })
        .collect()
}

/// A rule as nft says it; `None` where it can match nothing.
fn rule_text(rule: &FirewallRule) -> Option<String> {
    let (nfproto, family) = match rule.ethertype {
        Ethertype::IPv4 => ("ipv4", "ip"),
        Ethertype::IPv6 => ("ipv6", "ip6"),
    };
    let side = if rule.direction == Direction::Ingress { "saddr" } else { "daddr" };
    let mut text = format!("meta nfproto {nfproto}");
    match &rule.remote {
        Remote::Any => {}
        Remote::Cidr(net) if text::family(net.addr()) != family => return None,
        Remote::Cidr(net) if net.prefix_len() == 0 => {}
        Remote::Cidr(net) => {
            let _ = write!(text, " {family} {side} {}", text::net(net));
        }
        Remote::Group(id) => {
            let _ = write!(text, " {family} {side} @{}", set_name(*id, rule.ethertype));
        }
    }
    text.push_str(&protocol_text(rule)?);
    text.push_str(" accept");
    Some(text)
}

/// The protocol part of a rule, with a leading blank; `None` where it can match nothing.
fn protocol_text(rule: &FirewallRule) -> Option<String> {
    let Some(protocol) = rule.protocol else { return Some(String::new()) };
    let protocol = if protocol == ICMP && rule.ethertype == Ethertype::IPv6 { ICMPV6 } else { protocol };
    let mut text = format!(" meta l4proto {protocol}");
    if protocol == ICMP || protocol == ICMPV6 {
        let word = if protocol == ICMP { "icmp" } else { "icmpv6" };
        for (field, value) in [("type", rule.port_min), ("code", rule.port_max)] {
            let Some(value) = value else { continue };
            let value = u8::try_from(value).ok()?;
            let _ = write!(text, " {word} {field} {value}");
        }
    } else if WITH_PORTS.contains(&protocol) {
        let range = match (rule.port_min, rule.port_max) {
            (None, None) => return Some(text),
            (Some(low), None) | (None, Some(low)) => (low, low),
            (Some(low), Some(high)) => (low, high),
        };
        match range {
            (low, high) if low > high => return None,
            (low, high) if low == high => write!(text, " th dport {low}"),
            (low, high) => write!(text, " th dport {low}-{high}"),
        }
        .ok()?;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{group, ingress};

    #[test]
    fn a_rule_says_protocol_range_and_remote() {
        let mut rule = ingress(Some(6), Some((80, 90)));
        rule.remote = Remote::Cidr("192.0.2.0/24".parse().unwrap());
        assert_eq!(
            rule_text(&rule).unwrap(),
            "meta nfproto ipv4 ip saddr 192.0.2.0/24 meta l4proto 6 th dport 80-90 accept"
        );
        rule.direction = Direction::Egress;
        rule.port_max = Some(80);
        assert_eq!(
            rule_text(&rule).unwrap(),
            "meta nfproto ipv4 ip daddr 192.0.2.0/24 meta l4proto 6 th dport 80 accept"
        );
    }

    #[test]
    fn icmp_has_type_and_code_and_means_icmpv6_in_a_rule_for_ipv6() {
        let mut rule = ingress(Some(1), None);
        rule.port_min = Some(8);
        rule.port_max = Some(0);
        assert_eq!(
            rule_text(&rule).unwrap(),
            "meta nfproto ipv4 meta l4proto 1 icmp type 8 icmp code 0 accept"
        );
        rule.ethertype = Ethertype::IPv6;
        rule.port_max = None;
        assert_eq!(rule_text(&rule).unwrap(), "meta nfproto ipv6 meta l4proto 58 icmpv6 type 8 accept");
    }

    #[test]
    fn what_can_match_nothing_is_left_out_and_never_widened() {
        let mut rule = ingress(Some(6), Some((90, 80)));
        assert_eq!(rule_text(&rule), None, "an upside-down range");
        rule = ingress(Some(1), Some((300, 0)));
        assert_eq!(rule_text(&rule), None, "an ICMP type above 255");
        rule = ingress(None, None);
        rule.remote = Remote::Cidr("fd00::/8".parse().unwrap());
        assert_eq!(rule_text(&rule), None, "an IPv6 range in a rule for IPv4");
    }

    #[test]
    fn a_rule_without_anything_lets_its_family_through() {
        assert_eq!(rule_text(&ingress(None, None)).unwrap(), "meta nfproto ipv4 accept");
        assert_eq!(rule_text(&ingress(Some(47), None)).unwrap(), "meta nfproto ipv4 meta l4proto 47 accept");
    }

    #[test]
    fn a_remote_group_is_a_set_by_family() {
        let group = group("web", Vec::new());
        let mut rule = ingress(Some(17), None);
        rule.remote = Remote::Group(group.id);
        let text = rule_text(&rule).unwrap();
        assert!(
            text.contains(&format!("ip saddr @rg4_{} meta l4proto 17", group.id.uuid().simple())),
            "{text}"
        );
    }
}
