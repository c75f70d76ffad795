//! Who may ask for metadata where: by the link that the question comes in on, the sender's MAC and its address, all
//! three. The responders know the same by link and address; this is the guard that holds though a tap's filter were
//! gone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use kogge_ids::NetworkId;

use super::text;
use crate::layout::Layout;

/// Lets in what the sets of [`sets`] say.
const RULES: &str = "  ip daddr 169.254.169.254 tcp dport 80 iifname . ether saddr . ip saddr @s_ask4 accept\n  \
    ip6 daddr fe80::a9fe:a9fe tcp dport 80 iifname . ether saddr . ip6 saddr @s_ask6 accept\n";

/// Writes the sets of askers on `links` (name of a link, network that it stands in) and answers the rules for the
/// chain of what comes in.
pub(crate) fn sets(layout: &Layout<'_>, links: &[(String, NetworkId)], out: &mut String) -> &'static str {
    let mut links_of: BTreeMap<NetworkId, Vec<&str>> = BTreeMap::new();
    for (link, network) in links {
        links_of.entry(*network).or_default().push(link);
    }
    let (mut v4, mut v6) = (BTreeSet::new(), BTreeSet::new());
    for view in layout.ports.iter().filter(|view| view.port.server.is_some()) {
        for link in links_of.get(&view.network.id).into_iter().flatten() {
            for address in view.asks_from() {
                let element = format!("\"{link}\" . {} . {address}", view.mac);
                let _ =
                    if matches!(address, IpAddr::V4(_)) { v4.insert(element) } else { v6.insert(element) };
            }
        }
    }
    text::named(out, "set s_ask4", "ifname . ether_addr . ipv4_addr", v4.into_iter());
    text::named(out, "set s_ask6", "ifname . ether_addr . ipv6_addr", v6.into_iter());
    RULES
}
