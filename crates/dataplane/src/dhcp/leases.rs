//! What a network's guests are told, from the desired state.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};
use kogge_node_api::{DesiredNetwork, DesiredPort, DesiredSubnet, Ipv6Mode};

use crate::layout::Layout;
use crate::mac::Mac;
use crate::plan::METADATA_V4;

/// Everything a network's DHCP answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Leases {
    /// IPv4 by MAC.
    pub(crate) v4: HashMap<Mac, Lease>,
    /// IPv6 by MAC.
    pub(crate) v6: HashMap<Mac, Lease6>,
    /// The MAC under which the service is known; its DHCPv6 identifier is made from it.
    pub(crate) server: Option<Mac>,
}

/// What one guest is told over IPv4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Its address with the subnet's prefix length.
    pub(crate) address: Ipv4Net,
    /// Who says so.
    pub(crate) server: Ipv4Addr,
    /// The default gateway.
    pub(crate) gateway: Option<Ipv4Addr>,
    /// Routes of option 121, the default route included.
    pub(crate) routes: Vec<(Ipv4Net, Ipv4Addr)>,
    /// Name servers.
    pub(crate) dns: Vec<Ipv4Addr>,
    /// In bytes.
    pub(crate) mtu: u16,
    /// The guest's name.
    pub(crate) hostname: String,
    /// The guest's domain.
    pub(crate) domain: String,
}

/// What one guest is told over DHCPv6.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lease6 {
    /// Addresses of subnets that hand them out (`stateful`).
    pub(crate) addresses: Vec<Ipv6Addr>,
    /// Name servers.
    pub(crate) dns: Vec<Ipv6Addr>,
    /// Search domain.
    pub(crate) domain: String,
}

impl Leases {
    /// The leases of `network`.
    pub(crate) fn new(layout: &Layout<'_>, network: &DesiredNetwork) -> Self {
        let mut leases = Self { server: Some(crate::plan::service_mac(network)), ..Self::default() };
        for view in layout.ports.iter().filter(|view| view.network.id == network.id) {
            if let Some(lease) = v4(network, view.port) {
                leases.v4.insert(view.mac, lease);
            }
            if let Some(lease) = v6(network, view.port) {
                leases.v6.insert(view.mac, lease);
            }
        }
        leases
    }
}

/// The port's addresses with their DHCP subnets.
fn on_subnets<'a>(
    network: &'a DesiredNetwork,
    port: &'a DesiredPort,
) -> impl Iterator<Item = (IpAddr, &'a DesiredSubnet)> {
    port.fixed_ips.iter().filter_map(|ip| {
        let subnet = network.subnets.iter().find(|s| s.id == ip.subnet && s.dhcp)?;
        Some((ip.address, subnet))
    })
}

/// The first IPv4 address of the port on a subnet with DHCP.
fn v4(network: &DesiredNetwork, port: &DesiredPort) -> Option<Lease> {
    let mut found = on_subnets(network, port).filter_map(|(address, subnet)| match (address, subnet.cidr) {
        (IpAddr::V4(address), IpNet::V4(cidr)) => Some((address, cidr, subnet)),
        _ => None,
    });
    let (address, cidr, subnet) = found.next()?;
    let server = match &subnet.dhcp_port {
        Some((IpAddr::V4(own), _)) => *own,
        _ => METADATA_V4,
    };
    let gateway = subnet.gateway.and_then(as_v4);
    Some(Lease {
        address: Ipv4Net::new(address, cidr.prefix_len()).ok()?,
        server,
        gateway,
        routes: routes(subnet, server, gateway),
        dns: subnet.dns.iter().copied().filter_map(as_v4).collect(),
        mtu: u16::try_from(network.mtu).unwrap_or(u16::MAX),
        hostname: port.hostname.clone(),
        domain: network.dns_domain.clone(),
    })
}

const fn as_v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

/// Routes of option 121: metadata over the DHCP port, the subnet's own, and the default route, because a client that
/// takes this option ignores the router option.
fn routes(subnet: &DesiredSubnet, server: Ipv4Addr, gateway: Option<Ipv4Addr>) -> Vec<(Ipv4Net, Ipv4Addr)> {
    let metadata = METADATA_V4;
    let mut routes = Vec::new();
    let given = |to: &Ipv4Net| subnet.host_routes.iter().any(|r| r.destination == IpNet::V4(*to));
    let to_metadata = Ipv4Net::from(metadata);
    if !given(&to_metadata) {
        // without a DHCP port the metadata address is on the link itself
        let via = if server == metadata { Ipv4Addr::UNSPECIFIED } else { server };
        routes.push((to_metadata, via));
    }
    for route in &subnet.host_routes {
        if let (IpNet::V4(to), IpAddr::V4(via)) = (route.destination, route.next_hop) {
            routes.push((to.trunc(), via));
        }
    }
    let all = Ipv4Net::default();
    routes.extend(gateway.filter(|_| !given(&all)).map(|gateway| (all, gateway)));
    routes
}

/// The addresses and options that the port gets over DHCPv6.
fn v6(network: &DesiredNetwork, port: &DesiredPort) -> Option<Lease6> {
    let mut lease: Option<Lease6> = None;
    for (address, subnet) in on_subnets(network, port) {
        let IpAddr::V6(address) = address else { continue };
        if !matches!(subnet.ipv6, Some(Ipv6Mode::Stateful | Ipv6Mode::Stateless)) {
            continue;
        }
        let lease =
            lease.get_or_insert_with(|| Lease6 { domain: network.dns_domain.clone(), ..Lease6::default() });
        if subnet.ipv6 == Some(Ipv6Mode::Stateful) {
            lease.addresses.push(address);
        }
        lease.dns.extend(subnet.dns.iter().filter_map(|dns| match dns {
            IpAddr::V6(dns) => Some(*dns),
            IpAddr::V4(_) => None,
        }));
    }
    lease
}

#[cfg(test)]
mod tests {
    use kogge_node_api::{DesiredNetworking, HostRoute};

    use super::*;
    use crate::testing::{network, port};

    fn lease(change: impl FnOnce(&mut DesiredSubnet)) -> Option<Lease> {
        let mut network = network(7);
        change(&mut network.subnets[0]);
        let ports = vec![port(&network, "fa:16:3e:00:00:0a", "10.0.0.10")];
        let desired = DesiredNetworking { networks: vec![network], ports, ..Default::default() };
        let leases = Leases::new(&Layout::new(&desired), &desired.networks[0]);
        leases.v4.get(&"fa:16:3e:00:00:0a".parse().unwrap()).cloned()
    }

    fn shown(lease: &Lease) -> Vec<String> {
        lease.routes.iter().map(|(to, via)| format!("{to} via {via}")).collect()
    }

    #[test]
    fn metadata_goes_over_the_dhcp_port_and_the_default_route_is_repeated() {
        let lease = lease(|_| ()).unwrap();
        assert_eq!(shown(&lease), ["169.254.169.254/32 via 10.0.0.2", "0.0.0.0/0 via 10.0.0.1"]);
        assert_eq!(lease.address.to_string(), "10.0.0.10/24");
    }

    #[test]
    fn an_isolated_network_has_metadata_and_no_default_route() {
        let lease = lease(|subnet| subnet.gateway = None).unwrap();
        assert_eq!(shown(&lease), ["169.254.169.254/32 via 10.0.0.2"]);
        assert_eq!(lease.gateway, None);
    }

    #[test]
    fn the_users_own_routes_win_over_ours() {
        let lease = lease(|subnet| {
            subnet.host_routes = vec![HostRoute {
                destination: "0.0.0.0/0".parse().unwrap(),
                next_hop: "10.0.0.77".parse().unwrap(),
            }];
        });
        assert_eq!(shown(&lease.unwrap()), ["169.254.169.254/32 via 10.0.0.2", "0.0.0.0/0 via 10.0.0.77"]);
    }

    #[test]
    fn a_subnet_without_dhcp_gives_no_lease() {
        assert!(lease(|subnet| subnet.dhcp = false).is_none());
    }

    #[test]
    fn a_stateless_guest_gets_options_and_a_stateful_one_its_address() {
        for (mode, count) in [(Ipv6Mode::Stateful, 1), (Ipv6Mode::Stateless, 0)] {
            let mut network = network(7);
            let subnet = &mut network.subnets[0];
            subnet.cidr = "fd00:10::/64".parse().unwrap();
            subnet.dns = vec!["fd00::53".parse().unwrap()];
            subnet.ipv6 = Some(mode);
            let ports = vec![port(&network, "fa:16:3e:00:00:0a", "fd00:10::a")];
            let desired = DesiredNetworking { networks: vec![network], ports, ..Default::default() };
            let leases = Leases::new(&Layout::new(&desired), &desired.networks[0]);
            let lease = leases.v6.values().next().unwrap();
            assert_eq!((lease.addresses.len(), lease.dns.len()), (count, 1));
        }
    }
}
