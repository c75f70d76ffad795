//! A network's own namespace: where its DHCP and its metadata are answered.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use kogge_node_api::{DesiredNetwork, DesiredSubnet};

use super::{NsPlan, metadata_v4, metadata_v6};
use crate::firewall::asks;
use crate::layout::Layout;
use crate::mac::Mac;
use crate::names;
use crate::system::{Neighbour, Route};

/// What may be asked of the namespace beside metadata: DHCP, and whether it is there.
const INPUT: &str = " chain c_input {\n  type filter hook input priority filter; policy drop;\n  \
    iifname \"lo\" accept\n  ct state established,related accept\n  icmp type echo-request accept\n  \
    icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert } accept\n  \
    udp dport 67 accept\n  udp sport 546 udp dport 547 accept\n";

/// Plans the namespace of a network with DHCP.
pub(crate) fn network(layout: &Layout<'_>, network: &DesiredNetwork) -> NsPlan {
    let link = names::service_link(network.segment);
    let mut plan = NsPlan { firewall: ruleset(layout, network, &link), ..NsPlan::default() };
    plan.quiet_endpoint();
    plan.sysctl("net/ipv4/ip_forward", 0);
    plan.foreign(&link, Some(mac(network).to_string()), Some(network.mtu), None);
    plan.quiet_link(&link);
    plan.no_offload.push(link.clone());
    for subnet in network.subnets.iter().filter(|s| s.dhcp) {
        match own_address(subnet) {
            Some(own) => {
                plan.addresses.insert((link.clone(), own));
            }
            None => {
                plan.routes.insert(Route { to: subnet.cidr.trunc(), via: None, dev: link.clone() });
            }
        }
    }
    let metadata = std::iter::once(metadata_v4()).chain(metadata_v6());
    plan.addresses.extend(metadata.map(|net| (link.clone(), net)));
    plan.neighbours = neighbours(layout, network, &link);
    plan
}

fn ruleset(layout: &Layout<'_>, network: &DesiredNetwork, link: &str) -> String {
    let mut out = String::from("table inet kogge\ndelete table inet kogge\ntable inet kogge {\n");
    let asks = asks::sets(layout, &[(link.to_owned(), network.id)], &mut out);
    out.push_str(INPUT);
    out.push_str(asks);
    out.push_str(" }\n chain c_forward {\n  type filter hook forward priority filter; policy drop;\n }\n}\n");
    out
}

/// The MAC under which a network's services are known: that of the DHCP port, else one made from the network's id.
pub(crate) fn mac(network: &DesiredNetwork) -> Mac {
    let given = network.subnets.iter().filter_map(|s| s.dhcp_port.as_ref()?.1.parse().ok()).next();
    given.unwrap_or_else(|| {
        let b = kogge_ids::derive(network.id.uuid(), "services").into_bytes();
        Mac([0xfa, 0x16, 0x3e, b[0], b[1], b[2]])
    })
}

/// The address of a subnet's DHCP port.
fn own_address(subnet: &DesiredSubnet) -> Option<IpNet> {
    let (address, _) = subnet.dhcp_port.as_ref()?;
    IpNet::new(*address, subnet.cidr.prefix_len()).ok().filter(|net| subnet.cidr.contains(&net.addr()))
}

/// Guests get answers before they can answer ARP.
fn neighbours(
    layout: &Layout<'_>,
    network: &DesiredNetwork,
    link: &str,
) -> std::collections::BTreeSet<Neighbour> {
    let here = layout.ports.iter().filter(|view| view.network.id == network.id);
    here.flat_map(|view| view.port.fixed_ips.iter().map(move |ip| (ip.address, view.mac)))
        .filter(|(address, _)| matches!(address, IpAddr::V4(a) if *a != Ipv4Addr::UNSPECIFIED))
        .map(|(address, mac)| Neighbour { address, mac: mac.to_string(), dev: link.to_owned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use kogge_node_api::DesiredNetworking;

    use super::*;
    use crate::testing;

    fn plan(change: impl FnOnce(&mut DesiredNetwork)) -> NsPlan {
        let mut net = testing::network(7);
        change(&mut net);
        let ports = vec![testing::port(&net, "fa:16:3e:00:00:0a", "10.0.0.10")];
        let desired = DesiredNetworking { networks: vec![net], ports, ..Default::default() };
        network(&Layout::new(&desired), &desired.networks[0])
    }

    #[test]
    fn the_dhcp_port_and_the_metadata_address_are_there() {
        let plan = plan(|_| ());
        let addresses: Vec<String> = plan.addresses.iter().map(|(_, net)| net.to_string()).collect();
        assert_eq!(addresses, ["10.0.0.2/24", "169.254.169.254/32", "fe80::a9fe:a9fe/64"]);
        assert_eq!(plan.links["dh7"].mac.as_deref(), Some("fa:16:3e:ff:00:02"));
    }

    #[test]
    fn without_a_dhcp_port_guests_are_reached_by_a_route() {
        let plan = plan(|net| net.subnets[0].dhcp_port = None);
        let route = plan.routes.iter().next().unwrap();
        assert_eq!((route.to.to_string().as_str(), route.via), ("10.0.0.0/24", None));
        assert!(plan.links["dh7"].mac.as_deref().unwrap().starts_with("fa:16:3e:"));
    }

    #[test]
    fn metadata_is_for_the_guests_of_the_link_under_their_own_names() {
        let rules = plan(|_| ()).firewall;
        assert!(rules.contains("\"dh7\" . fa:16:3e:00:00:0a . 10.0.0.10 }"), "{rules}");
        assert!(rules.contains("\"dh7\" . fa:16:3e:00:00:0a . fe80::f816:3eff:fe00:a }"), "{rules}");
        assert!(rules.contains("tcp dport 80 iifname . ether saddr . ip saddr @s_ask4 accept"), "{rules}");
    }

    #[test]
    fn guests_are_known_without_asking() {
        let plan = plan(|_| ());
        let neighbour = plan.neighbours.iter().next().unwrap();
        assert_eq!(
            (neighbour.address.to_string().as_str(), neighbour.mac.as_str()),
            ("10.0.0.10", "fa:16:3e:00:00:0a")
        );
    }
}
