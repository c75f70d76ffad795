//! The desired state made ready for rendering: what cannot be used is sorted out, marks and zones are given.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use kogge_ids::{NetworkId, SecurityGroupId};
use kogge_node_api::{
    DesiredNetwork, DesiredNetworking, DesiredPort, DesiredRouter, DesiredSecurityGroup, NetworkKind,
};

use crate::mac::Mac;
use crate::names;
use crate::seldom::Seldom;

/// The desired state with everything that rendering looks up.
pub(crate) struct Layout<'a> {
    /// Networks by id.
    pub(crate) networks: BTreeMap<NetworkId, &'a DesiredNetwork>,
    /// Conntrack zones of the networks.
    pub(crate) zones: BTreeMap<NetworkId, u16>,
    /// Security groups by id.
    pub(crate) groups: BTreeMap<SecurityGroupId, &'a DesiredSecurityGroup>,
    /// Ports of instances whose network is known and whose MAC is one.
    pub(crate) ports: Vec<PortView<'a>>,
    /// Routers.
    pub(crate) routers: &'a [DesiredRouter],
    /// Every bridge port that may carry traffic, in the order of their marks.
    pub(crate) bridge_ports: Vec<BridgePort>,
}

/// A port of an instance with what rendering needs beside it.
pub(crate) struct PortView<'a> {
    /// The port.
    pub(crate) port: &'a DesiredPort,
    /// Its network.
    pub(crate) network: &'a DesiredNetwork,
    /// Its MAC.
    pub(crate) mac: Mac,
    /// Its interface in the node's namespace.
    pub(crate) tap: String,
    /// The packet mark that stands for it.
    pub(crate) mark: u32,
    /// True where all its groups are stateful (or it has none).
    pub(crate) stateful: bool,
}

impl PortView<'_> {
    /// The addresses that the port may ask for metadata from, wherever it asks: its fixed ones, and the link-local one
    /// of its own MAC. Address pairs are not among them: they may belong to several.
    pub(crate) fn asks_from(&self) -> impl Iterator<Item = IpAddr> {
        let fixed = self.port.fixed_ips.iter().map(|ip| ip.address);
        fixed.chain(std::iter::once(IpAddr::V6(self.mac.link_local())))
    }

    /// Its fixed IPv4 addresses.
    pub(crate) fn fixed_v4(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.port.fixed_ips.iter().filter_map(|ip| match ip.address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
    }
}

/// A port of some bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BridgePort {
    /// Its interface.
    pub(crate) name: String,
    /// The packet mark that stands for it.
    pub(crate) mark: u32,
    /// The conntrack zone of its network.
    pub(crate) zone: u16,
}

impl<'a> Layout<'a> {
    /// Makes `desired` ready. Objects that cannot be used (an unknown network, a MAC that is none) are left out with
    /// a warning: what is left out gets no traffic.
    pub(crate) fn new(desired: &'a DesiredNetworking) -> Self {
        let networks: BTreeMap<_, _> = desired.networks.iter().map(|n| (n.id, n)).collect();
        let zones = zones(desired);
        let groups: BTreeMap<_, _> = desired.security_groups.iter().map(|g| (g.id, g)).collect();
        let mut bridge_ports = infrastructure(desired, &zones);
        let mut ports = Vec::new();
        for port in &desired.ports {
            let Some((network, mac)) = usable(port, &networks) else { continue };
            let mark = u32::try_from(bridge_ports.len()).unwrap_or(u32::MAX - 1) + 1;
            let tap = names::tap(port.id);
            let zone = zones.get(&network.id).copied().unwrap_or(0);
            bridge_ports.push(BridgePort { name: tap.clone(), mark, zone });
            let stateful = port.security_groups.iter().filter_map(|id| groups.get(id)).all(|g| g.stateful);
            ports.push(PortView { port, network, mac, tap, mark, stateful });
        }
        Self { networks, zones, groups, ports, routers: &desired.routers, bridge_ports }
    }

    /// The ports that are filtered: switched on and with port security.
    pub(crate) fn secured(&self) -> impl Iterator<Item = &PortView<'a>> {
        self.ports.iter().filter(|p| p.port.admin_up && p.port.port_security)
    }

    /// The groups in use on filtered ports, and the groups that their rules refer to.
    pub(crate) fn used_groups(&self) -> BTreeSet<SecurityGroupId> {
        self.secured()
            .flat_map(|p| p.port.security_groups.iter().copied())
            .filter(|id| self.groups.contains_key(id))
            .collect()
    }
}

/// The network and MAC of a port that can be used.
fn usable<'a>(
    port: &DesiredPort,
    networks: &BTreeMap<NetworkId, &'a DesiredNetwork>,
) -> Option<(&'a DesiredNetwork, Mac)> {
    static LEFT_OUT: Seldom = Seldom::new();
    let Some(network) = networks.get(&port.network) else {
        let kept_back = LEFT_OUT.due()?;
        tracing::warn!(kept_back, port.id = %port.id, network.id = %port.network, "port left out: its network is not on this host");
        return None;
    };
    let Ok(mac) = port.mac.parse() else {
        let kept_back = LEFT_OUT.due()?;
        tracing::warn!(kept_back, port.id = %port.id, mac = port.mac, "port left out: its MAC address is malformed");
        return None;
    };
    Some((network, mac))
}

/// True where the network's guests are answered by DHCP.
pub(crate) fn has_services(network: &DesiredNetwork) -> bool {
    network.subnets.iter().any(|s| s.dhcp)
}

/// The bridge ports that are no guest's.
fn infrastructure(desired: &DesiredNetworking, zones: &BTreeMap<NetworkId, u16>) -> Vec<BridgePort> {
    let mut found = Vec::new();
    for network in &desired.networks {
        let zone = zones.get(&network.id).copied().unwrap_or(0);
        if has_services(network) {
            found.push((names::service_port(network.segment), zone));
        }
        if network.kind == NetworkKind::External {
            found.push((names::uplink(network.segment), zone));
        }
    }
    for router in &desired.routers {
        let legs = router.interfaces.iter().map(|leg| (leg.port, leg.network));
        let ways_out = router.gateway.iter().map(|gateway| (gateway.port, gateway.network));
        for (port, network) in legs.chain(ways_out) {
            if let Some(zone) = zones.get(&network) {
                found.push((names::router_port(port), *zone));
            }
        }
    }
    (1..).zip(found).map(|(mark, (name, zone))| BridgePort { name, mark, zone }).collect()
}

/// A conntrack zone for every network: its segment where 16 bits hold it, else the next free one after the
/// remainder. Stable as long as no two segments meet, because flows are lost when a zone changes.
fn zones(desired: &DesiredNetworking) -> BTreeMap<NetworkId, u16> {
    const ZONES: u32 = 65_535;
    let mut networks: Vec<_> = desired.networks.iter().map(|n| (n.segment, n.id)).collect();
    networks.sort_unstable();
    let mut taken = BTreeSet::new();
    let mut zones = BTreeMap::new();
    for (segment, id) in networks {
        let wanted = segment.wrapping_sub(1) % ZONES;
        let free = (0..ZONES).map(|step| (wanted + step) % ZONES + 1).find(|zone| taken.insert(*zone));
        if let Some(zone) = free.and_then(|zone| u16::try_from(zone).ok()) {
            zones.insert(id, zone);
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{network, port};

    #[test]
    fn a_zone_is_the_segment_and_two_networks_never_share_one() {
        let desired = DesiredNetworking {
            networks: vec![network(7), network(7 + 65_535), network(65_535), network(16_777_215)],
            ..Default::default()
        };
        let zones = zones(&desired);
        assert_eq!(zones[&desired.networks[0].id], 7);
        assert_eq!(zones[&desired.networks[1].id], 8);
        assert_eq!(zones[&desired.networks[2].id], 65_535);
        assert_eq!(zones.values().collect::<BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn a_port_with_a_malformed_mac_or_an_unknown_network_gets_no_mark() {
        let network = network(7);
        let good = port(&network, "fa:16:3e:00:00:0a", "10.0.0.10");
        let mut evil = port(&network, "fa:16:3e:00:00:0b", "10.0.0.11");
        evil.mac = "fa:16:3e:00:00:0b accept".to_owned();
        let mut lost = port(&network, "fa:16:3e:00:00:0c", "10.0.0.12");
        lost.network = NetworkId::random();
        let desired = DesiredNetworking {
            networks: vec![network],
            ports: vec![good, evil, lost],
            ..Default::default()
        };
        let layout = Layout::new(&desired);
        assert_eq!(layout.ports.len(), 1);
        assert_eq!(layout.bridge_ports.len(), 2, "the good tap and the DHCP port");
    }

    #[test]
    fn marks_are_unique_and_never_zero() {
        let network = network(7);
        let ports = (10..20).map(|n| port(&network, &format!("fa:16:3e:00:00:{n}"), &format!("10.0.0.{n}")));
        let desired =
            DesiredNetworking { ports: ports.collect(), networks: vec![network], ..Default::default() };
        let layout = Layout::new(&desired);
        let marks: BTreeSet<_> = layout.bridge_ports.iter().map(|p| p.mark).collect();
        assert_eq!(marks.len(), 11);
        assert!(!marks.contains(&0));
    }
}
