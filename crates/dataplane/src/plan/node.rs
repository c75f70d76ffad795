//! The node's namespace: bridges, and what is joined to them.

use kogge_node_api::{DesiredNetwork, NetworkKind};

use super::{Kind, Link, NsPlan};
use crate::layout::{Layout, has_services};
use crate::names::{self, Namespaces};

/// Plans the node's namespace.
pub(crate) fn node(layout: &Layout<'_>, namespaces: &Namespaces) -> NsPlan {
    let mut plan = NsPlan { firewall: crate::firewall::render(layout), ..NsPlan::default() };
    plan.sysctl("net/bridge/bridge-nf-call-iptables", 1);
    plan.sysctl("net/bridge/bridge-nf-call-ip6tables", 1);
    plan.sysctl("net/bridge/bridge-nf-call-arptables", 0);
    plan.sysctl("net/ipv4/ip_forward", 0);
    for scope in ["all", "default"] {
        plan.sysctl(&format!("net/ipv6/conf/{scope}/disable_ipv6"), 1);
    }
    for network in layout.networks.values() {
        add_network(network, namespaces, &mut plan);
    }
    for view in &layout.ports {
        let bridge = names::bridge(view.network.segment);
        plan.foreign(&view.tap, None, Some(view.network.mtu), Some(bridge));
    }
    for router in layout.routers {
        let namespace = namespaces.router(router.id);
        let legs = router.interfaces.iter().map(|leg| (leg.port, leg.network, names::leg(leg.port)));
        let ways_out = router.gateway.iter().map(|way| (way.port, way.network, names::gateway(way.port)));
        for (port, network, peer) in legs.chain(ways_out) {
            let Some(network) = layout.networks.get(&network) else { continue };
            let kind = Kind::Veth { peer, namespace: namespace.clone() };
            plan.links.insert(names::router_port(port), joined(kind, network));
        }
    }
    plan
}

/// A link with the MTU of a network, joined to its bridge.
fn joined(kind: Kind, network: &DesiredNetwork) -> Link {
    Link { kind, mac: None, mtu: Some(network.mtu), master: Some(names::bridge(network.segment)) }
}

fn add_network(network: &DesiredNetwork, namespaces: &Namespaces, plan: &mut NsPlan) {
    let bridge = Link { kind: Kind::Bridge, mac: None, mtu: Some(network.mtu), master: None };
    plan.links.insert(names::bridge(network.segment), bridge);
    if has_services(network) {
        let kind = Kind::Veth {
            peer: names::service_link(network.segment),
            namespace: namespaces.network(network.id),
        };
        plan.links.insert(names::service_port(network.segment), joined(kind, network));
    }
    if network.kind == NetworkKind::External {
        plan.links.insert(names::uplink(network.segment), joined(Kind::Foreign, network));
    }
}

#[cfg(test)]
mod tests {
    use kogge_node_api::DesiredNetworking;

    use super::*;
    use crate::testing::{network, port};

    #[test]
    fn a_network_is_a_bridge_with_a_link_to_its_services_and_its_taps() {
        let network = network(7);
        let ports = vec![port(&network, "fa:16:3e:00:00:0a", "10.0.0.10")];
        let desired = DesiredNetworking { networks: vec![network], ports, ..Default::default() };
        let plan = node(&Layout::new(&desired), &Namespaces::new("kogge-t"));
        assert_eq!(plan.links["br7"].kind, Kind::Bridge);
        assert_eq!(plan.links["dp7"].master.as_deref(), Some("br7"));
        let tap = &plan.links[&names::tap(desired.ports[0].id)];
        assert_eq!((tap.mtu, tap.master.as_deref(), &tap.kind), (Some(1450), Some("br7"), &Kind::Foreign));
    }

    #[test]
    fn a_network_without_dhcp_has_no_services() {
        let mut network = network(7);
        network.subnets[0].dhcp = false;
        let desired = DesiredNetworking { networks: vec![network], ..Default::default() };
        let plan = node(&Layout::new(&desired), &Namespaces::new("kogge-t"));
        assert_eq!(plan.links.keys().collect::<Vec<_>>(), ["br7"]);
    }
}
