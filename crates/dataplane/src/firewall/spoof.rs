//! Anti-spoofing: what a guest may claim to be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::IpAddr;

use ipnet::IpNet;

use super::text;
use crate::layout::PortView;
use crate::mac::Mac;
use crate::plan::METADATA_V4;

/// What a port may claim: for each MAC, the ranges.
fn claims(view: &PortView<'_>) -> BTreeMap<Mac, Vec<IpNet>> {
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
    claims
}

/// The chain of a port with port security. It returns what may pass and drops the rest.
pub(super) fn secured_chain(view: &PortView<'_>, out: &mut String) {
    let claims = claims(view);
    let macs: Vec<String> = claims.keys().map(Mac::to_string).collect();
    let macs = macs.join(", ");
    let _ = writeln!(out, " chain as_{} {{", view.mark);
    let _ = writeln!(out, "  ether saddr != {{ {macs} }} drop");
    arp(&claims, &macs, out);
    let fixed = fixed_v4(view);
    let mut dhcp = fixed.clone();
    dhcp.insert("0.0.0.0".to_owned());
    let dhcp: Vec<_> = dhcp.into_iter().collect();
    let _ = writeln!(
        out,
        "  ether type ip udp sport 68 udp dport 67 ip saddr {{ {} }} return\n  ether type ip udp sport 67 drop",
        dhcp.join(", ")
    );
    metadata(&fixed, out);
    out.push_str("  ether type ip6 icmpv6 type { nd-router-advert, nd-redirect } drop\n");
    out.push_str("  ether type ip6 udp sport 547 drop\n");
    out.push_str(
        "  ether type ip6 ip6 saddr :: icmpv6 type { nd-router-solicit, nd-neighbor-solicit, 131, 143 } return\n",
    );
    neighbour_adverts(&claims, out);
    for (mac, nets) in &claims {
        for (family, own) in by_family(nets) {
            let saddr = text::ranges(&own).unwrap_or_default();
            let _ = writeln!(out, "  ether type {family} ether saddr {mac} {family} saddr {saddr} return");
        }
    }
    out.push_str("  drop\n }\n");
}

/// The chain of a port without port security: everything but asking for another server's metadata.
pub(super) fn open_chain(view: &PortView<'_>, out: &mut String) {
    let _ = writeln!(out, " chain as_{} {{", view.mark);
    metadata(&fixed_v4(view), out);
    out.push_str(" }\n");
}

fn fixed_v4(view: &PortView<'_>) -> BTreeSet<String> {
    view.port.fixed_ips.iter().filter(|ip| ip.address.is_ipv4()).map(|ip| ip.address.to_string()).collect()
}

/// Only a port's own fixed addresses may ask for metadata, because the answer is chosen by them.
fn metadata(fixed: &BTreeSet<String>, out: &mut String) {
    let _ = match fixed.is_empty() {
        true => writeln!(out, "  ether type ip ip daddr {METADATA_V4} drop"),
        false => {
            let fixed: Vec<_> = fixed.iter().map(String::as_str).collect();
            writeln!(
                out,
                "  ether type ip ip daddr {METADATA_V4} ip saddr != {{ {} }} drop",
                fixed.join(", ")
            )
        }
    };
}

fn arp(claims: &BTreeMap<Mac, Vec<IpNet>>, macs: &str, out: &mut String) {
    let _ = writeln!(out, "  ether type arp arp saddr ether != {{ {macs} }} drop");
    let mut nets: Vec<IpNet> = claims.values().flatten().filter(|n| n.addr().is_ipv4()).copied().collect();
    nets.push(IpNet::from(IpAddr::from([0, 0, 0, 0])));
    if let Some(senders) = text::ranges(&nets) {
        let _ = writeln!(out, "  ether type arp arp saddr ip {senders} return");
    }
    out.push_str("  ether type arp drop\n");
}

/// A neighbour advertisement may only be about an own address: `@th,64,128` is its target.
fn neighbour_adverts(claims: &BTreeMap<Mac, Vec<IpNet>>, out: &mut String) {
    let nets: Vec<IpNet> = claims.values().flatten().filter(|n| n.addr().is_ipv6()).copied().collect();
    if nets.iter().any(|n| n.prefix_len() != 128) {
        return; // a whole range may be claimed; the sender's address is still checked
    }
    let targets: Vec<String> = nets
        .iter()
        .filter_map(|n| match n.addr() {
            IpAddr::V6(address) => Some(format!("{:#034x}", u128::from(address))),
            IpAddr::V4(_) => None,
        })
        .collect();
    let _ = writeln!(
        out,
        "  ether type ip6 icmpv6 type nd-neighbor-advert @th,64,128 != {{ {} }} drop",
        targets.join(", ")
    );
}

fn by_family(nets: &[IpNet]) -> Vec<(&'static str, Vec<IpNet>)> {
    let (v4, v6): (Vec<IpNet>, Vec<IpNet>) = nets.iter().partition(|n| n.addr().is_ipv4());
    [("ip", v4), ("ip6", v6)].into_iter().filter(|(_, nets)| !nets.is_empty()).collect()
}
