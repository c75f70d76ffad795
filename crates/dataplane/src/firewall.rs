//! The ruleset of the node's namespace: anti-spoofing and security groups.
//!
//! On the way in, a chain of the bridge family checks the sender's addresses and marks the packet with the port it
//! came by; br_netfilter then calls the inet chains, which put it into its network's conntrack zone and check egress
//! rules. On the way out the mark is replaced by the port it leaves by, and ingress rules are checked. A bridge port
//! that is in no map is *dropped*: a tap that nobody asked for carries nothing. What the inet chains never see (frames
//! that are neither IP nor ARP) reaches no filtered port, and nothing at all is delivered to a bridge itself.
//!
//! The whole ruleset is one text and replaced in one transaction.

pub(crate) mod asks;
mod groups;
mod spoof;
pub(crate) mod text;

use std::fmt::Write;

use crate::layout::Layout;

/// The ruleset for `nft -f -`, replacing the one before.
pub(crate) fn render(layout: &Layout<'_>) -> String {
    let mut out = String::new();
    out.push_str(
        "table bridge kogge\ndelete table bridge kogge\ntable inet kogge\ndelete table inet kogge\n",
    );
    bridge_table(layout, &mut out);
    inet_table(layout, &mut out);
    out
}

/// The family that knows bridge ports: marks and anti-spoofing.
fn bridge_table(layout: &Layout<'_>, out: &mut String) {
    out.push_str("table bridge kogge {\n");
    let marks = layout.bridge_ports.iter().map(|p| format!("\"{}\" : {}", p.name, p.mark));
    text::named(out, "map m_port", "ifname : mark", marks);
    spoof::guard_chain(out);
    for view in layout.secured() {
        spoof::secured_chain(view, out);
    }
    for view in layout.ports.iter().filter(|v| v.port.admin_up && !v.port.port_security) {
        spoof::open_chain(view, out);
    }
    let checks = layout.ports.iter().map(|view| {
        let verdict = if view.port.admin_up { format!("jump as_{}", view.mark) } else { "drop".to_owned() };
        format!("\"{}\" : {verdict}", view.tap)
    });
    text::named(out, "map m_spoof", "ifname : verdict", checks);
    let closed = layout.ports.iter().filter(|v| !v.port.admin_up).map(|v| format!("\"{}\" : drop", v.tap));
    text::named(out, "map m_closed", "ifname : verdict", closed);
    let filtered = layout.secured().map(|v| format!("\"{}\"", v.tap));
    text::named(out, "set s_filtered", "ifname", filtered);
    out.push_str(
        " chain c_pre {\n  type filter hook prerouting priority -300; policy accept;\n  meta mark set 0\n  \
         iifname vmap @m_spoof\n  meta mark set iifname map @m_port\n  meta mark 0 drop\n }\n \
         chain c_fwd {\n  type filter hook forward priority -100; policy accept;\n  meta mark set 0\n  \
         oifname vmap @m_closed\n  oifname @s_filtered ether type != { ip, ip6, arp } drop\n  \
         meta mark set oifname map @m_port\n  meta mark 0 drop\n }\n \
         chain c_self {\n  type filter hook input priority -300; policy drop;\n }\n}\n",
    );
}

/// The family that knows flows: zones and security groups.
fn inet_table(layout: &Layout<'_>, out: &mut String) {
    out.push_str("table inet kogge {\n");
    groups::sets(layout, out);
    groups::chains(layout, out);
    let secured = layout.secured().map(|v| v.mark.to_string());
    text::named(out, "set s_secured", "mark", secured);
    for (map, chain, stateful) in [
        ("m_eg", "eg", true),
        ("m_in", "in", true),
        ("m_eg_stateless", "eg", false),
        ("m_in_stateless", "in", false),
    ] {
        let elements = layout
            .secured()
            .filter(|v| v.stateful == stateful)
            .map(|v| format!("{} : jump {chain}_{}", v.mark, v.mark));
        text::named(out, &format!("map {map}"), "mark : verdict", elements);
    }
    // before fragments are put together (-400), so that those of two networks never meet
    out.push_str(" chain c_zone {\n  type filter hook prerouting priority -450; policy accept;\n");
    if !layout.bridge_ports.is_empty() {
        let zones: Vec<_> = layout.bridge_ports.iter().map(|p| format!("{} : {}", p.mark, p.zone)).collect();
        let _ = writeln!(out, "  ct zone set meta mark map {{ {} }}", zones.join(", "));
    }
    out.push_str(" }\n");
    for (chain, hook, map) in [("c_egress", "prerouting", "m_eg"), ("c_ingress", "forward", "m_in")] {
        let _ = write!(
            out,
            " chain {chain} {{\n  type filter hook {hook} priority filter; policy accept;\n  meta mark 0 drop\n  \
             meta mark vmap @{map}_stateless\n  meta mark != @s_secured accept\n  \
             ct state established,related accept\n  ct state invalid drop\n  meta mark vmap @{map}\n  drop\n }}\n"
        );
    }
    out.push_str(" chain c_input {\n  type filter hook input priority filter; policy drop;\n }\n}\n");
}

#[cfg(test)]
mod tests;
