//! Building blocks of desired states for this crate's tests.

use std::net::IpAddr;

use kogge_ids::{NetworkId, PortId, SecurityGroupId, ServerId, SubnetId};
use kogge_node_api::{
    DesiredNetwork, DesiredPort, DesiredSecurityGroup, DesiredSubnet, Direction, Ethertype, FirewallRule,
    FixedIp, NetworkKind, Remote,
};
use uuid::Uuid;

/// A tenant network with one DHCP subnet 10.0.0.0/24.
pub(crate) fn network(segment: u32) -> DesiredNetwork {
    let id = NetworkId::derived(uuid(0), &segment.to_string());
    DesiredNetwork {
        id,
        segment,
        mtu: 1450,
        kind: NetworkKind::Tenant,
        subnets: vec![DesiredSubnet {
            id: SubnetId::derived(id.uuid(), "v4"),
            cidr: "10.0.0.0/24".parse().unwrap(),
            gateway: Some("10.0.0.1".parse().unwrap()),
            dhcp: true,
            dhcp_port: Some(("10.0.0.2".parse().unwrap(), "fa:16:3e:ff:00:02".to_owned())),
            dns: vec!["9.9.9.9".parse().unwrap()],
            host_routes: Vec::new(),
            ipv6: None,
        }],
        dns_domain: "example.test".to_owned(),
    }
}

/// A secured port without groups.
pub(crate) fn port(network: &DesiredNetwork, mac: &str, address: &str) -> DesiredPort {
    let id = PortId::derived(network.id.uuid(), mac);
    DesiredPort {
        id,
        network: network.id,
        server: Some(ServerId::derived(id.uuid(), "server")),
        mac: mac.to_owned(),
        fixed_ips: vec![FixedIp {
            subnet: network.subnets[0].id,
            address: address.parse::<IpAddr>().unwrap(),
        }],
        admin_up: true,
        port_security: true,
        allowed_pairs: Vec::new(),
        security_groups: Vec::new(),
        hostname: "guest".to_owned(),
    }
}

/// A stateful group with these rules.
pub(crate) fn group(name: &str, rules: Vec<FirewallRule>) -> DesiredSecurityGroup {
    DesiredSecurityGroup {
        id: SecurityGroupId::derived(uuid(1), name),
        stateful: true,
        rules,
        members: Vec::new(),
    }
}

/// A rule that lets a protocol in from anybody.
pub(crate) fn ingress(protocol: Option<u8>, ports: Option<(u16, u16)>) -> FirewallRule {
    FirewallRule {
        direction: Direction::Ingress,
        ethertype: Ethertype::IPv4,
        protocol,
        port_min: ports.map(|p| p.0),
        port_max: ports.map(|p| p.1),
        remote: Remote::Any,
    }
}

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}
