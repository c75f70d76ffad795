//! Attacks from inside a real guest, with a real guest as the victim: metadata of others, forged addresses, rogue DHCP,
//! router advertisements and ARP, on own, shared and external networks, with and without DHCP.
//!
//! Each guest boots once. The attacker's results stand on its console; the victim looks at its own network all the
//! while and raises an alarm on its console.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use kogge_ids::{NetworkId, PortId, RouterId, SecurityGroupId, SubnetId};
use kogge_node_api::{
    DesiredInstance, DesiredNetwork, DesiredNetworking, DesiredPort, DesiredRouter, DesiredSecurityGroup,
    DesiredSubnet, Direction, Epoch, Ethertype, FirewallRule, FixedIp, FloatingIp, NetworkKind,
    NetworkingChange, Nic, Node, Remote, RouterGateway, RouterInterface,
};

use crate::lab::{Lab, real_guest};

#[allow(dead_code, reason = "the data plane's tests use the rest")]
#[path = "../../../dataplane/tests/namespaces/namespace/frames.rs"]
mod frames;

use frames::{ADVERT, EVERYBODY, FRAGMENT, ICMPV6, IPV6, OPTIONS};

const VICTIM: &str = "fa:16:3e:66:00:0b";
const ROUTER: &str = "fa:16:3e:ff:66:01";
const SERVICES: &str = "fa:16:3e:ff:66:02";
const OUTSIDE: &str = "fa:16:3e:ff:72:05";

/// What the attacker's questions for metadata have to come to.
const RESULTS: [(&str, &str); 10] = [
    ("own-network", "own"),
    ("shared", "own"),
    ("shared-by-router", "own"),
    ("shared-link-local", "own"),
    ("alone-fixed", "own"),
    ("alone-twin", "own"),
    ("shared-forged", "nothing"),
    ("shared-forged-by-router", "nothing"),
    ("shared-forged-link-local", "nothing"),
    ("alone-forged", "nothing"),
];

/// A network whose addresses begin with `begin`: gateway 1, DHCP port 2 under the given MAC, where it has DHCP.
fn network(segment: u32, kind: NetworkKind, begin: &str, dhcp: Option<&str>) -> DesiredNetwork {
    let nth = |n: u8| format!("{begin}{n}").parse().unwrap();
    let range = if begin.contains(':') { format!("{begin}/64") } else { format!("{begin}0/24") };
    DesiredNetwork {
        id: NetworkId::random(),
        segment,
        mtu: 1450,
        kind,
        subnets: vec![DesiredSubnet {
            id: SubnetId::random(),
            cidr: range.parse().unwrap(),
            gateway: Some(nth(1)),
            dhcp: dhcp.is_some(),
            dhcp_port: dhcp.map(|mac| (nth(2), mac.to_owned())),
            dns: Vec::new(),
            host_routes: Vec::new(),
            ipv6: None,
        }],
        dns_domain: "example.test".to_owned(),
    }
}

/// Lets everything in and out, so that nothing but what is under test stops an attack.
fn open_group() -> DesiredSecurityGroup {
    let mut rules = Vec::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        for ethertype in [Ethertype::IPv4, Ethertype::IPv6] {
            let (protocol, port_min, port_max) = (None, None, None);
            rules.push(FirewallRule {
                direction,
                ethertype,
                protocol,
                port_min,
                port_max,
                remote: Remote::Any,
            });
        }
    }
    DesiredSecurityGroup { id: SecurityGroupId::random(), stateful: true, rules, members: Vec::new() }
}

/// The attacker's three networks and the shared one, with a router of the attacker's between.
struct Scene {
    networking: DesiredNetworking,
}

impl Scene {
    fn new(victim: &mut DesiredInstance, attacker: &mut DesiredInstance) -> Self {
        let own = network(21, NetworkKind::Tenant, "10.0.0.", Some("fa:16:3e:ff:00:02"));
        let shared = network(22, NetworkKind::Tenant, "10.66.0.", Some(SERVICES));
        let alone = network(23, NetworkKind::Tenant, "fd00:77::", None);
        let outside = network(24, NetworkKind::External, "172.24.4.", None);
        let group = open_group();
        let mut ports = Vec::new();
        let mut plug = |of: &mut DesiredInstance, network: &DesiredNetwork, mac: &str, address: &str| {
            let port = PortId::random();
            of.nics.push(Nic { port, mac: mac.to_owned(), mtu: 1450 });
            let address: IpAddr = address.parse().unwrap();
            ports.push(DesiredPort {
                id: port,
                network: network.id,
                server: Some(of.id),
                mac: mac.to_owned(),
                fixed_ips: vec![FixedIp { subnet: network.subnets[0].id, address }],
                admin_up: true,
                port_security: network.segment != 23,
                allowed_pairs: Vec::new(),
                security_groups: vec![group.id],
                hostname: "guest".to_owned(),
            });
        };
        plug(victim, &shared, VICTIM, "10.66.0.11");
        plug(attacker, &own, "fa:16:3e:00:00:0a", "10.0.0.10");
        plug(attacker, &shared, "fa:16:3e:66:00:0c", "10.66.0.12");
        plug(attacker, &alone, VICTIM, "fd00:77::10");
        plug(attacker, &outside, "fa:16:3e:72:00:42", "172.24.4.66");
        let routers = vec![router(&shared, &alone, &outside)];
        let networks = vec![own, shared, alone, outside];
        Self { networking: DesiredNetworking { networks, routers, ports, security_groups: vec![group] } }
    }
}

fn router(shared: &DesiredNetwork, alone: &DesiredNetwork, outside: &DesiredNetwork) -> DesiredRouter {
    let leg = |network: &DesiredNetwork, mac: &str, address: &str| RouterInterface {
        port: PortId::random(),
        network: network.id,
        mac: mac.to_owned(),
        addresses: vec![address.parse().unwrap()],
    };
    DesiredRouter {
        id: RouterId::random(),
        admin_up: true,
        interfaces: vec![
            leg(shared, ROUTER, "10.66.0.1/24"),
            leg(alone, "fa:16:3e:ff:77:01", "fd00:77::1/64"),
        ],
        gateway: Some(RouterGateway {
            port: PortId::random(),
            network: outside.id,
            mac: OUTSIDE.to_owned(),
            addresses: vec!["172.24.4.5/24".parse().unwrap()],
            next_hops: vec!["172.24.4.1".parse().unwrap()],
            snat: true,
        }),
        floating_ips: vec![FloatingIp {
            external: "172.24.4.50".parse().unwrap(),
            fixed: "10.66.0.11".parse().unwrap(),
        }],
        routes: Vec::new(),
    }
}

/// Shell lines that send frames which no tool of the guest writes: a rogue router in the open, behind options, and in
/// fragments; and the victim's MAC to an address that the bridge hears itself.
fn rogue_frames() -> String {
    let me = frames::mac("fa:16:3e:66:00:0c");
    let from = frames::link_local(me);
    // RFC 4861: a prefix of its own, and the sender as the router
    let mut body = ADVERT.to_vec();
    body.extend([3, 4, 64, 0xc0, 0, 0, 7, 8, 0, 0, 7, 8, 0, 0, 0, 0]);
    body.extend("2001:db8:bad::".parse::<std::net::Ipv6Addr>().unwrap().octets());
    let advert = frames::icmpv6(from, EVERYBODY, 134, &body);
    let hidden = [frames::options(ICMPV6), advert.clone()].concat();
    let piece = |next, at, more, packet, bytes: &[u8]| {
        [frames::fragment(next, at, more, packet), bytes.to_vec()].concat()
    };
    let packets = [
        (ICMPV6, advert.clone()),
        (OPTIONS, hidden.clone()),
        (FRAGMENT, piece(ICMPV6, 0, false, 1, &advert)),
        (FRAGMENT, piece(OPTIONS, 0, true, 2, &hidden[..8])),
        (FRAGMENT, piece(OPTIONS, 8, false, 2, &hidden[8..])),
    ];
    let everybody = [0x33, 0x33, 0, 0, 0, 1];
    let to_all = packets.map(|(next, payload)| {
        frames::ethernet(everybody, me, IPV6, &frames::ipv6(from, EVERYBODY, next, &payload))
    });
    // of slow protocols, and of LLDP, which a bridge takes on another way
    let stolen = [(2, 0x8809), (0x0e, 0x88cc)].map(|(last, kind)| {
        frames::ethernet([1, 0x80, 0xc2, 0, 0, last], frames::mac(VICTIM), kind, &[0; 46])
    });
    let mut lines = String::new();
    for frame in to_all.into_iter().chain(stolen) {
        let octal: String = frame.iter().map(|byte| format!("\\{byte:03o}")).collect();
        let _ = writeln!(lines, "    printf '{octal}' | sendframe eth1 || echo \"RESULT sendframe: failed\"");
    }
    lines
}

fn rounds(console: &str) -> usize {
    console.matches("ROUND ").count()
}

/// Whether the host reaches the victim's floating IP, and where it thinks that it is.
fn from_outside(lab: &Lab) -> (bool, String) {
    let host = format!("{}-host", lab.prefix().unwrap());
    let run = |args: &[&str]| {
        let output = std::process::Command::new("ip").args(["netns", "exec", &host]).args(args).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let reached = run(&["ping", "-n", "-q", "-c", "5", "-W", "20", "172.24.4.50"]).0;
    (reached, run(&["ip", "neigh", "show", "172.24.4.50"]).1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_no_secrets_of_another_and_does_not_take_its_network_over() {
    let (Some(mut victim), Some(mut attacker)) = (real_guest(), real_guest()) else { return };
    let Some(lab) = Lab::open_networked().await else { return };
    victim.config_drive = false;
    let scene = Scene::new(&mut victim, &mut attacker);
    let script = include_str!("guest_attacks/victim.sh");
    victim.metadata.user_data =
        Some(script.replace("@ROUTER@", ROUTER).replace("@SERVICES@", SERVICES).into_bytes());
    let twin = frames::link_local(frames::mac(VICTIM)).to_string();
    let script = include_str!("guest_attacks/attacker.sh").replace("@VICTIM_LINK_LOCAL@", &twin);
    attacker.metadata.user_data = Some(script.replace("@FRAMES@", &rogue_frames()).into_bytes());
    lab.node()
        .apply_networking(Epoch::FIRST, NetworkingChange::whole(1, scene.networking.clone()))
        .await
        .unwrap();
    lab.apply(victim.clone()).await.unwrap();
    lab.apply(attacker.clone()).await.unwrap();

    lab.says(victim.id, "ROUND ", 1).await;
    lab.says(attacker.id, "ATTACKS-ON", 1).await;
    let before = rounds(&lab.console(victim.id).await);
    lab.says(victim.id, "ROUND ", before + 3).await;

    let console = lab.console(attacker.id).await;
    let results: BTreeMap<&str, &str> =
        console.lines().filter_map(|line| line.trim().split_once("RESULT ")?.1.split_once(": ")).collect();
    assert_eq!(results, BTreeMap::from(RESULTS), "{console}");
    let console = lab.console(victim.id).await;
    assert!(!console.contains("ALARM"), "{console}");
    let (reached, neighbour) = from_outside(&lab);
    assert!(reached && neighbour.contains(OUTSIDE), "the floating IP went to {neighbour}");
}
