//! Anti-spoofing: what a guest may claim to be.
//!
//! Every guest's frames pass `c_guard`, also those of ports without port security: nobody is the metadata service, and
//! nobody asks it under another guest's name. Everything else is checked where port security is on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};

use super::text;
use crate::layout::PortView;
use crate::mac::Mac;
use crate::plan::{METADATA_V4, METADATA_V6};

/// MACs of one port without port security that the bridge may learn within [`MACS_TIME`]; without a bound one guest
/// fills the kernel's memory.
const MACS: u32 = 1_024;
/// How long the bridge remembers a MAC.
const MACS_TIME: &str = "5m";
/// What one guest may ask of the services that run in this process; a client in need stays far below.
const DHCP_RATE: &str = "limit rate over 20/second burst 40 packets drop";
const METADATA_RATE: &str = "limit rate over 400/second burst 800 packets drop";

/// The chain that every guest's frames pass first. Tags are nobody's here (a receiver takes a frame of VLAN 0 for an
/// untagged one); an IPv6 packet whose upper layer does not show in its first fragment hides it (RFC 7112; the kernel
/// names the protocol though its header is in the next fragment, so that the header itself is asked for), and discovery
/// is never fragmented (RFC 6980).
pub(super) fn guard_chain(out: &mut String) {
    let sender = u32::from(METADATA_V4);
    let target = target(METADATA_V6);
    let _ = write!(
        out,
        " chain c_guard {{\n  ether type {{ 8021q, 8021ad, 0x9100 }} drop\n  \
         ether type arp @nh,112,32 {sender:#010x} drop\n  ether type ip ip saddr {METADATA_V4} drop\n  \
         ether type ip6 jump c_guard6\n }}\n \
         chain c_pieces {{\n  frag frag-off != 0 return\n  icmpv6 type {{ 133, 134, 135, 136, 137 }} drop\n  \
         @th,0,32 & 0x0 == 0x0 return\n  drop\n }}\n \
         chain c_guard6 {{\n  ip6 saddr {METADATA_V6} drop\n  exthdr frag exists jump c_pieces\n  \
         icmpv6 type nd-neighbor-advert @th,64,128 {target} drop\n  \
         ip6 saddr :: icmpv6 type nd-neighbor-solicit @th,64,128 {target} drop\n  \
         meta l4proto != 255 return\n  drop\n }}\n"
    );
}

/// The chain of a port with port security. It returns what may pass and drops the rest.
pub(super) fn secured_chain(view: &PortView<'_>, out: &mut String) {
    let claims = Claims::of(view);
    claims.targets(view.mark, out);
    let macs = claims.macs();
    let _ = writeln!(out, " chain as_{} {{\n  ether saddr != {{ {macs} }} drop\n  jump c_guard", view.mark);
    claims.arp(out);
    share(out);
    claims.dhcp(view, out);
    metadata(view, out);
    claims.discovery(view.mark, out);
    for (mac, nets) in &claims.0 {
        for (family, own) in by_family(nets) {
            let saddr = text::ranges(&own).unwrap_or_default();
            let _ = writeln!(out, "  ether type {family} ether saddr {mac} {family} saddr {saddr} return");
        }
    }
    out.push_str("  drop\n }\n");
}

/// The chain of a port without port security: everything but what [`guard_chain`] forbids, asking for another
/// server's metadata, and more than its share.
pub(super) fn open_chain(view: &PortView<'_>, out: &mut String) {
    let mark = view.mark;
    let _ = writeln!(
        out,
        " set macs_{mark} {{\n  type ether_addr;\n  size {MACS};\n  flags dynamic,timeout;\n  timeout {MACS_TIME};\n }}"
    );
    let _ = writeln!(out, " chain as_{mark} {{\n  jump c_guard");
    share(out);
    metadata(view, out);
    // the bridge learns every sender: where the set is full, nothing can be added and the frame is dropped
    let _ = writeln!(out, "  update @macs_{mark} {{ ether saddr }} return\n  drop\n }}");
}

/// A port's share of the responders; each port has a limit of its own, which no other can use up.
fn share(out: &mut String) {
    let _ = writeln!(
        out,
        "  ether type ip udp dport 67 {DHCP_RATE}\n  ether type ip6 udp dport 547 {DHCP_RATE}\n  \
         ether type ip6 icmpv6 type nd-router-solicit {DHCP_RATE}"
    );
}

/// Only a port's own MAC and addresses may ask for metadata, because the answer is chosen by them.
fn metadata(view: &PortView<'_>, out: &mut String) {
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = view.asks_from().partition(IpAddr::is_ipv4);
    for (family, service, own) in [("ip", IpAddr::V4(METADATA_V4), v4), ("ip6", IpAddr::V6(METADATA_V6), v6)]
    {
        let asks = format!("  ether type {family} {family} daddr {service}");
        let Some(own) = text::ranges(&own.into_iter().map(IpNet::from).collect::<Vec<_>>()) else {
            let _ = writeln!(out, "{asks} drop");
            continue;
        };
        let _ = writeln!(out, "{asks} ether saddr != {} drop", view.mac);
        let _ = writeln!(out, "{asks} {family} saddr != {own} drop\n{asks} {METADATA_RATE}");
    }
}

/// What a port may claim: for each MAC, the ranges.
struct Claims(BTreeMap<Mac, Vec<IpNet>>);

impl Claims {
    fn of(view: &PortView<'_>) -> Self {
        let mut claims: BTreeMap<Mac, Vec<IpNet>> = BTreeMap::new();
        let own = claims.entry(view.mac).or_default();
        own.extend(view.port.fixed_ips.iter().map(|ip| IpNet::from(ip.address)));
        for pair in &view.port.allowed_pairs {
            let mac = pair.mac.as_deref().map_or(Ok(view.mac), str::parse);
            let Ok(mac) = mac else { continue };
            claims.entry(mac).or_default().push(pair.cidr);
        }
        for (mac, nets) in &mut claims {
            nets.push(IpNet::from(IpAddr::V6(mac.link_local())));
        }
        Self(claims)
    }

    fn macs(&self) -> String {
        self.0.keys().map(Mac::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The ranges of one family under any MAC.
    fn ranges(&self, v4: bool) -> Vec<IpNet> {
        let all = self.0.values().flatten().filter(|net| net.addr().is_ipv4() == v4).copied();
        IpNet::aggregate(&all.collect())
    }

    /// ARP says own addresses only. A probe (from nobody, RFC 5227) is about an own address, too: another's would
    /// make that one give its address up.
    fn arp(&self, out: &mut String) {
        let _ = writeln!(out, "  ether type arp arp saddr ether != {{ {} }} drop", self.macs());
        if let Some(own) = text::ranges(&self.ranges(true)) {
            let _ = writeln!(
                out,
                "  ether type arp arp saddr ip 0.0.0.0 arp daddr ip {own} return\n  ether type arp arp saddr ip {own} return"
            );
        }
        out.push_str("  ether type arp drop\n");
    }

    /// A DHCP client that asks for itself (`@th,288,48` is the client's MAC in the message), and no server.
    fn dhcp(&self, view: &PortView<'_>, out: &mut String) {
        let mut senders: Vec<IpNet> = view.fixed_v4().map(|a| IpNet::from(IpAddr::V4(a))).collect();
        senders.push(IpNet::from(IpAddr::from([0, 0, 0, 0])));
        let senders = text::ranges(&senders).unwrap_or_default();
        let clients: Vec<String> = self.0.keys().map(|mac| mac.hex()).collect();
        let _ = writeln!(
            out,
            "  ether type ip udp sport 68 udp dport 67 ip saddr {senders} @th,288,48 {{ {} }} return\n  \
             ether type ip udp dport {{ 67, 68 }} drop\n  ether type ip udp sport 67 drop",
            clients.join(", ")
        );
    }

    /// Neighbour discovery about own addresses, and neither a router nor a DHCPv6 server.
    fn discovery(&self, mark: u32, out: &mut String) {
        let _ = write!(
            out,
            "  ether type ip6 icmpv6 type {{ nd-router-advert, nd-redirect }} drop\n  \
             ether type ip6 udp sport 547 drop\n  ether type ip6 udp dport 546 drop\n  \
             ether type ip6 icmpv6 type nd-neighbor-advert jump nd_{mark}\n  \
             ether type ip6 ip6 saddr :: icmpv6 type nd-neighbor-solicit jump nd_{mark}\n  \
             ether type ip6 ip6 saddr :: icmpv6 type {{ nd-router-solicit, nd-neighbor-solicit, 131, 143 }} return\n  \
             ether type ip6 ip6 saddr :: drop\n"
        );
    }

    /// The chain that returns where the target of a discovery message (`@th,64,128`) is an own address.
    fn targets(&self, mark: u32, out: &mut String) {
        let _ = writeln!(out, " chain nd_{mark} {{");
        let mut single = BTreeSet::new();
        for net in self.ranges(false) {
            let IpNet::V6(net) = net else { continue };
            if net.prefix_len() == 128 {
                single.insert(target(net.addr()));
            } else {
                let _ = writeln!(out, " {} return", within(net));
            }
        }
        if !single.is_empty() {
            let single: Vec<String> = single.into_iter().collect();
            let _ = writeln!(out, "  @th,64,128 {{ {} }} return", single.join(", "));
        }
        out.push_str("  drop\n }\n");
    }
}

/// A target as raw payload.
fn target(address: Ipv6Addr) -> String {
    format!("{:#034x}", u128::from(address))
}

/// A target within a range, as raw payload.
fn within(net: Ipv6Net) -> String {
    if net.prefix_len() == 0 {
        return String::new();
    }
    format!(" @th,64,128 & {} == {}", target(net.netmask()), target(net.network()))
}

fn by_family(nets: &[IpNet]) -> Vec<(&'static str, Vec<IpNet>)> {
    let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = nets.iter().partition(|n| n.addr().is_ipv4());
    [("ip", v4), ("ip6", v6)].into_iter().filter(|(_, nets)| !nets.is_empty()).collect()
}
