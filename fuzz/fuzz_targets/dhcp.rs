//! DHCP packets of guests. The first byte says which version; a known guest's hardware address is put in unless the second
//! byte is odd, so that answers are made too.

#![no_main]

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use kogge_dataplane::DhcpAnswers;
use kogge_ids::{NetworkId, PortId, SubnetId};
use kogge_node_api::{
    DesiredNetwork, DesiredNetworking, DesiredPort, DesiredSubnet, FixedIp, Ipv6Mode, NetworkKind,
};
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

const MAC: [u8; 6] = [0xfa, 0x16, 0x3e, 0, 0, 0x0a];
/// Longest packet that the responders read, in bytes.
const LONGEST: usize = 2048;

static ANSWERS: LazyLock<DhcpAnswers> = LazyLock::new(|| {
    let id = NetworkId::derived(Uuid::nil(), "network");
    let (v4, v6) = (subnet("10.0.0.0/24", "10.0.0.1"), subnet("fd00:10::/64", "fd00:10::1"));
    let fixed = |subnet: &DesiredSubnet, address: &str| FixedIp {
        subnet: subnet.id,
        address: address.parse().expect("an address"),
    };
    let port = DesiredPort {
        id: PortId::derived(Uuid::nil(), "port"),
        network: id,
        server: None,
        mac: "fa:16:3e:00:00:0a".to_owned(),
        fixed_ips: vec![fixed(&v4, "10.0.0.10"), fixed(&v6, "fd00:10::a")],
        admin_up: true,
        port_security: true,
        allowed_pairs: Vec::new(),
        security_groups: Vec::new(),
        hostname: "guest".to_owned(),
    };
    let network = DesiredNetwork {
        id,
        segment: 7,
        mtu: 1450,
        kind: NetworkKind::Tenant,
        subnets: vec![v4, v6],
        dns_domain: "example.test".to_owned(),
    };
    let desired =
        DesiredNetworking { networks: vec![network], ports: vec![port], ..DesiredNetworking::default() };
    DhcpAnswers::new(&desired, id).expect("the network")
});

fn subnet(cidr: &str, gateway: &str) -> DesiredSubnet {
    DesiredSubnet {
        id: SubnetId::derived(Uuid::nil(), cidr),
        cidr: cidr.parse().expect("a range"),
        gateway: Some(gateway.parse().expect("an address")),
        dhcp: true,
        dhcp_port: None,
        dns: vec!["9.9.9.9".parse().expect("an address"), "fd00::53".parse().expect("an address")],
        host_routes: Vec::new(),
        ipv6: Some(Ipv6Mode::Stateful),
    }
}

fuzz_target!(|data: &[u8]| {
    let [version, stranger, packet @ ..] = data else { return };
    let mut packet = packet[..packet.len().min(LONGEST)].to_vec();
    let stranger = stranger & 1 == 1;
    if version & 1 == 0 {
        if let (false, Some(place)) = (stranger, packet.get_mut(28..34)) {
            place.copy_from_slice(&MAC);
        }
        let Some((reply, to)) = ANSWERS.v4(&packet) else { return };
        assert_eq!((reply[0], &reply[4..8], to.port()), (2, &packet[4..8], 68));
    } else {
        let known = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xf816, 0x3eff, 0xfe00, 0x000a);
        let from = if stranger { Ipv6Addr::LOCALHOST } else { known };
        let Some(reply) = ANSWERS.v6(&packet, from) else { return };
        assert!(!stranger && matches!(reply[0], 2 | 7));
        assert_eq!(reply[1..4], packet[1..4]);
    }
});
