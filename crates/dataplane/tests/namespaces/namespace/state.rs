//! Desired states for the tests.

use std::net::IpAddr;

use kogge_ids::{NetworkId, PortId, RouterId, SecurityGroupId, ServerId, SubnetId};
use kogge_node_api::{
    DesiredNetwork, DesiredNetworking, DesiredPort, DesiredRouter, DesiredSecurityGroup, DesiredSubnet,
    Direction, Ethertype, FirewallRule, FixedIp, FloatingIp, Ipv6Mode, NetworkKind, Remote, RouterGateway,
    RouterInterface,
};

/// A tenant network with 10.0.0.0/24, gateway .1 and DHCP port .2.
pub(crate) fn tenant(segment: u32) -> DesiredNetwork {
    let (a, b) = (segment / 256, segment % 256);
    network(segment, NetworkKind::Tenant, "10.0.0", Some(format!("fa:16:3e:02:{a:02x}:{b:02x}")))
}

/// The external network 172.24.4.0/24, gateway .1 on the host.
pub(crate) fn external(segment: u32) -> DesiredNetwork {
    network(segment, NetworkKind::External, "172.24.4", None)
}

fn network(segment: u32, kind: NetworkKind, net: &str, dhcp: Option<String>) -> DesiredNetwork {
    DesiredNetwork {
        id: NetworkId::random(),
        segment,
        mtu: 1450,
        kind,
        subnets: vec![DesiredSubnet {
            id: SubnetId::random(),
            cidr: format!("{net}.0/24").parse().unwrap(),
            gateway: Some(format!("{net}.1").parse().unwrap()),
            dhcp: dhcp.is_some(),
            dhcp_port: dhcp.map(|mac| (format!("{net}.2").parse().unwrap(), mac)),
            dns: vec!["9.9.9.9".parse().unwrap()],
            host_routes: Vec::new(),
            ipv6: None,
        }],
        dns_domain: "example.test".to_owned(),
    }
}

/// Adds an IPv6 subnet fd00:10::/64.
pub(crate) fn with_ipv6(network: &mut DesiredNetwork, mode: Ipv6Mode) {
    network.subnets.push(DesiredSubnet {
        id: SubnetId::random(),
        cidr: "fd00:10::/64".parse().unwrap(),
        gateway: Some("fd00:10::1".parse().unwrap()),
        dhcp: true,
        dhcp_port: None,
        dns: vec!["fd00::53".parse().unwrap()],
        host_routes: Vec::new(),
        ipv6: Some(mode),
    });
}

/// A port of a server of its own. The last byte of its MAC is that of its address.
pub(crate) fn port(network: &DesiredNetwork, last: u8, groups: &[&DesiredSecurityGroup]) -> DesiredPort {
    let IpAddr::V4(net) = network.subnets[0].cidr.network() else { panic!("an IPv4 subnet") };
    let [a, b, c, _] = net.octets();
    let id = PortId::random();
    let [x, y, ..] = id.uuid().into_bytes();
    DesiredPort {
        id,
        network: network.id,
        server: Some(ServerId::random()),
        mac: format!("fa:16:3e:{x:02x}:{y:02x}:{last:02x}"),
        fixed_ips: vec![FixedIp { subnet: network.subnets[0].id, address: IpAddr::from([a, b, c, last]) }],
        admin_up: true,
        port_security: true,
        allowed_pairs: Vec::new(),
        security_groups: groups.iter().map(|group| group.id).collect(),
        hostname: format!("guest-{last}"),
    }
}

/// A rule for IPv4 and everybody.
pub(crate) fn rule(direction: Direction, protocol: Option<u8>, port: Option<u16>) -> FirewallRule {
    let (port_min, port_max) = (port, port);
    FirewallRule { direction, ethertype: Ethertype::IPv4, protocol, port_min, port_max, remote: Remote::Any }
}

/// A group that lets everything out, and in what `ingress` says.
pub(crate) fn group(ingress: Vec<FirewallRule>) -> DesiredSecurityGroup {
    let mut rules = ingress;
    for ethertype in [Ethertype::IPv4, Ethertype::IPv6] {
        rules.push(FirewallRule { ethertype, ..rule(Direction::Egress, None, None) });
    }
    DesiredSecurityGroup { id: SecurityGroupId::random(), stateful: true, rules, members: Vec::new() }
}

/// A group that lets everything in and out.
pub(crate) fn open_group() -> DesiredSecurityGroup {
    let any = rule(Direction::Ingress, None, None);
    group(vec![any.clone(), FirewallRule { ethertype: Ethertype::IPv6, ..any }])
}

/// A router between a tenant and an external network, at `.last` outside, with floating IPs (outside, inside).
pub(crate) fn router(
    inside: &DesiredNetwork,
    outside: &DesiredNetwork,
    last: u8,
    floating: &[(&str, &str)],
) -> DesiredRouter {
    DesiredRouter {
        id: RouterId::random(),
        admin_up: true,
        interfaces: vec![RouterInterface {
            port: PortId::random(),
            network: inside.id,
            mac: format!("fa:16:3e:01:00:{last:02x}"),
            addresses: vec!["10.0.0.1/24".parse().unwrap()],
        }],
        gateway: Some(RouterGateway {
            port: PortId::random(),
            network: outside.id,
            mac: format!("fa:16:3e:01:01:{last:02x}"),
            addresses: vec![format!("172.24.4.{last}/24").parse().unwrap()],
            next_hops: vec!["172.24.4.1".parse().unwrap()],
            snat: true,
        }),
        floating_ips: floating
            .iter()
            .map(|(external, fixed)| FloatingIp {
                external: external.parse().unwrap(),
                fixed: fixed.parse().unwrap(),
            })
            .collect(),
        routes: Vec::new(),
    }
}

/// One tenant network with these ports and groups.
pub(crate) fn state(
    network: DesiredNetwork,
    ports: Vec<DesiredPort>,
    groups: Vec<DesiredSecurityGroup>,
) -> DesiredNetworking {
    DesiredNetworking { networks: vec![network], ports, security_groups: groups, routers: Vec::new() }
}
