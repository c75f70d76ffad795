//! The test guest on a real network: lease, metadata, and taps that come and go with it.

use kogge_ids::{NetworkId, PortId, SecurityGroupId, SubnetId};
use kogge_node_api::{
    DesiredInstance, DesiredNetwork, DesiredNetworking, DesiredPort, DesiredSecurityGroup, DesiredSubnet,
    Direction, Epoch, Ethertype, FirewallRule, FixedIp, InstanceState, NetworkKind, NetworkingChange, Nic,
    Node, NodeError, Power, Remote,
};

use crate::lab::{Lab, next, real_guest};

const MAC: &str = "fa:16:3e:00:00:0a";

/// MAC and address of the `number`th port of [`networking`].
pub(crate) fn of_port(number: usize) -> (String, String) {
    (format!("fa:16:3e:00:00:{:02x}", number + 10), format!("10.0.0.{}", number + 10))
}

/// A network with these ports of a server on it.
pub(crate) fn networking(of: &DesiredInstance, ports: &[PortId]) -> DesiredNetworking {
    let subnet = DesiredSubnet {
        id: SubnetId::random(),
        cidr: "10.0.0.0/24".parse().unwrap(),
        gateway: Some("10.0.0.1".parse().unwrap()),
        dhcp: true,
        dhcp_port: Some(("10.0.0.2".parse().unwrap(), "fa:16:3e:ff:00:02".to_owned())),
        dns: Vec::new(),
        host_routes: Vec::new(),
        ipv6: None,
    };
    let everything_out = FirewallRule {
        direction: Direction::Egress,
        ethertype: Ethertype::IPv4,
        protocol: None,
        port_min: None,
        port_max: None,
        remote: Remote::Any,
    };
    let group = DesiredSecurityGroup {
        id: SecurityGroupId::random(),
        stateful: true,
        rules: vec![everything_out],
        members: Vec::new(),
    };
    let network = NetworkId::random();
    let port = |(number, id): (usize, &PortId)| {
        let (mac, address) = of_port(number);
        DesiredPort {
            id: *id,
            network,
            server: Some(of.id),
            mac,
            fixed_ips: vec![FixedIp { subnet: subnet.id, address: address.parse().unwrap() }],
            admin_up: true,
            port_security: true,
            allowed_pairs: Vec::new(),
            security_groups: vec![group.id],
            hostname: "web-1".to_owned(),
        }
    };
    let ports = ports.iter().enumerate().map(port).collect();
    let network = DesiredNetwork {
        id: network,
        segment: 7,
        mtu: 1450,
        kind: NetworkKind::Tenant,
        subnets: vec![subnet],
        dns_domain: "example.test".to_owned(),
    };
    DesiredNetworking { networks: vec![network], routers: Vec::new(), ports, security_groups: vec![group] }
}

#[tokio::test(flavor = "multi_thread")]
async fn linux_gets_its_lease_and_metadata_and_keeps_its_network_over_a_restart_of_the_agent() {
    let Some(mut web) = real_guest() else { return };
    let Some(mut lab) = Lab::open_networked().await else { return };
    let port = PortId::random();
    web.config_drive = false;
    web.nics = vec![Nic { port, mac: MAC.to_owned(), mtu: 1450 }];
    // the instance comes before its network, as it may
    lab.apply(web.clone()).await.unwrap();
    let waits = |o: Option<&kogge_node_api::ObservedInstance>| {
        o.is_some_and(|o| matches!(o.fault, Some(NodeError::NotYet { .. })))
    };
    lab.until(web.id, "waiting for the port", waits).await;
    let networking = networking(&web, &[port]);
    lab.node().apply_networking(Epoch::FIRST, NetworkingChange::whole(1, networking.clone())).await.unwrap();
    lab.reached(&web).await;
    lab.says(web.id, "BOOT-FINISHED", 1).await;
    lab.says(web.id, "login:", 1).await;
    let console = lab.console(web.id).await;
    assert!(console.contains("hostname=web-1") && console.contains("ip=10.0.0.10"), "{console}");
    assert!(console.contains("user-data-was-here"), "{console}");
    assert!(lab.is_up(&networking, 0).await);
    lab.restart(|_| ()).await;
    lab.in_state(web.id, InstanceState::Running).await;
    assert!(lab.is_up(&networking, 0).await);
    let off = next(&web, Power::Stopped);
    lab.make(&off).await;
    assert!(!lab.is_up(&networking, 0).await);
    let on = next(&off, Power::Running);
    lab.make(&on).await;
    lab.says(web.id, "ip=10.0.0.10", 2).await;
    lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
    assert!(!lab.is_up(&networking, 0).await);
}
