//! Anti-spoofing and security groups.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use kogge_dataplane::Dataplane;
use kogge_node_api::{AddressPair, DesiredNetworking, Direction, Ethertype, FirewallRule, FixedIp, Remote};

use super::lab::{Guest, Lab, exec, inside, ip, pings, talk};
use super::state::{group, open_group, port, rule, state, tenant};

const ICMP: Option<u8> = Some(1);
const TCP: Option<u8> = Some(6);

/// Two guests with addresses on one network.
async fn pair(lab: &Lab, plane: &Dataplane, desired: &DesiredNetworking) -> (Guest, Guest) {
    plane.apply(desired.clone()).await.unwrap();
    let (first, second) = (lab.guest("g1", &desired.ports[0]), lab.guest("g2", &desired.ports[1]));
    plane.apply(desired.clone()).await.unwrap();
    first.configure("10.0.0.10/24", None);
    second.configure("10.0.0.11/24", None);
    (first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_let_in_what_they_say_and_answers_come_back() {
    let Some(lab) = Lab::new("rules") else { return };
    let plane = lab.open().await;
    let (client, server) = (group(Vec::new()), group(vec![rule(Direction::Ingress, TCP, Some(80))]));
    let network = tenant(7);
    let ports = vec![port(&network, 10, &[&client]), port(&network, 11, &[&server])];
    let mut desired = state(network, ports, vec![client, server]);
    let (first, second) = pair(&lab, &plane, &desired).await;
    second.listen(80, "eighty");
    second.listen(81, "eighty-one");
    assert_eq!(talk(&first.namespace, "10.0.0.11:80", "").as_deref(), Some("eighty"));
    assert_eq!(talk(&first.namespace, "10.0.0.11:81", ""), None);
    assert!(!first.pings("10.0.0.11"), "ICMP is not let in");
    assert!(!second.pings("10.0.0.10"), "the client lets nothing in");

    let echo = rule(Direction::Ingress, ICMP, None);
    desired.security_groups[1].rules.push(echo);
    plane.apply(desired.clone()).await.unwrap();
    assert!(first.pings("10.0.0.11"));

    desired.security_groups[0].rules.clear();
    plane.apply(desired.clone()).await.unwrap();
    assert!(!first.pings("10.0.0.11"), "nothing leaves without an egress rule");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_remote_group_are_let_in_and_leave_with_their_flows() {
    let Some(lab) = Lab::new("remote") else { return };
    let plane = lab.open().await;
    let mut web = group(Vec::new());
    let mut from_web = rule(Direction::Ingress, None, None);
    from_web.remote = Remote::Group(web.id);
    web.rules.push(from_web);
    let network = tenant(7);
    let ports = vec![port(&network, 10, &[&web]), port(&network, 11, &[&web])];
    let mut desired = state(network, ports, vec![web]);
    let (first, _second) = pair(&lab, &plane, &desired).await;
    assert!(!first.pings("10.0.0.11"), "no member yet");
    desired.security_groups[0].members = vec!["10.0.0.10".parse().unwrap(), "10.0.0.11".parse().unwrap()];
    plane.apply(desired.clone()).await.unwrap();
    assert!(first.pings("10.0.0.11"));
    desired.security_groups[0].members.remove(0);
    plane.apply(desired).await.unwrap();
    assert!(!first.pings("10.0.0.11"));
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_rule_ends_the_flows_that_it_allowed() {
    let Some(lab) = Lab::new("cut") else { return };
    let plane = lab.open().await;
    let (client, server) = (group(Vec::new()), group(vec![rule(Direction::Ingress, TCP, Some(80))]));
    let network = tenant(7);
    let ports = vec![port(&network, 10, &[&client]), port(&network, 11, &[&server])];
    let mut desired = state(network, ports, vec![client, server]);
    let (first, second) = pair(&lab, &plane, &desired).await;
    let listener = inside(&second.namespace, || TcpListener::bind("0.0.0.0:80").unwrap());
    let mut near = inside(&first.namespace, || TcpStream::connect("10.0.0.11:80").unwrap());
    let (mut far, _) = listener.accept().unwrap();
    far.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut byte = [0; 1];
    near.write_all(b"a").unwrap();
    far.read_exact(&mut byte).unwrap();

    plane.apply(desired.clone()).await.unwrap();
    near.write_all(b"b").unwrap();
    far.read_exact(&mut byte).unwrap(); // applying the same cuts nothing

    desired.security_groups[1].rules.retain(|rule| rule.direction == Direction::Egress);
    plane.apply(desired).await.unwrap();
    near.write_all(b"c").unwrap();
    assert!(far.read_exact(&mut byte).is_err(), "the flow goes on without its rule");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_addresses_are_dropped_unless_allowed() {
    let Some(lab) = Lab::new("spoof") else { return };
    let plane = lab.open().await;
    let open = open_group();
    let network = tenant(7);
    let ports = vec![port(&network, 10, &[&open]), port(&network, 11, &[&open])];
    let mut desired = state(network, ports, vec![open]);
    let (first, second) = pair(&lab, &plane, &desired).await;
    assert!(first.pings("10.0.0.11"));
    ip(&["-n", &first.namespace, "addr", "add", "10.0.0.99/24", "dev", "eth0"]);
    assert!(!pings(&first.namespace, "10.0.0.11", &["-I", "10.0.0.99"]), "a forged IPv4 address");
    let ask = ["arping", "-c", "2", "-w", "2", "-I", "eth0", "10.0.0.99"];
    let arping = std::path::Path::new("/usr/bin/arping").exists();
    assert!(!arping || !exec(&second.namespace, &ask).0, "a forged ARP answer");

    desired.ports[0].allowed_pairs = vec![AddressPair { cidr: "10.0.0.96/28".parse().unwrap(), mac: None }];
    plane.apply(desired.clone()).await.unwrap();
    assert!(pings(&first.namespace, "10.0.0.11", &["-I", "10.0.0.99"]), "an allowed address pair");

    desired.ports[0].allowed_pairs.clear();
    plane.apply(desired.clone()).await.unwrap();
    ip(&["-n", &first.namespace, "link", "set", "dev", "eth0", "address", "02:00:00:00:00:99"]);
    assert!(!first.pings("10.0.0.11"), "a forged MAC");

    desired.ports[0].port_security = false;
    plane.apply(desired).await.unwrap();
    assert!(first.pings("10.0.0.11"), "without port security everything goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_without_groups_or_switched_off_carries_nothing() {
    let Some(lab) = Lab::new("closed") else { return };
    let plane = lab.open().await;
    let open = open_group();
    let network = tenant(7);
    let ports = vec![port(&network, 10, &[]), port(&network, 11, &[&open])];
    let mut desired = state(network, ports, vec![open]);
    let (first, second) = pair(&lab, &plane, &desired).await;
    assert!(!first.pings("10.0.0.11") && !second.pings("10.0.0.10"));
    desired.ports[0].security_groups = desired.ports[1].security_groups.clone();
    plane.apply(desired.clone()).await.unwrap();
    assert!(first.pings("10.0.0.11"));
    desired.ports[1].admin_up = false;
    let observed = plane.apply(desired).await.unwrap();
    assert!(!first.pings("10.0.0.11"));
    assert_eq!(observed.ports.iter().map(|port| port.up).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_that_nobody_asked_for_carries_nothing() {
    let Some(lab) = Lab::new("unknown") else { return };
    let plane = lab.open().await;
    let mut one = port(&tenant(7), 10, &[]);
    let network = tenant(7);
    one.network = network.id;
    one.fixed_ips[0].subnet = network.subnets[0].id;
    let stranger = port(&network, 11, &[]);
    let desired = state(network, vec![one], Vec::new());
    plane.apply(desired).await.unwrap();
    let guest = lab.guest("g1", &stranger);
    let tap = format!("tap{}", &stranger.id.to_string()[..11]);
    ip(&["-n", &lab.prefix, "link", "set", "dev", &tap, "master", "br7", "up"]); // by hand, past the data plane
    guest.configure("10.0.0.11/24", None);
    assert!(!guest.pings("10.0.0.2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stateless_group_lets_no_answer_in_without_a_rule() {
    let Some(lab) = Lab::new("stateless") else { return };
    let plane = lab.open().await;
    let mut client = group(Vec::new());
    client.stateful = false;
    let server = open_group();
    let network = tenant(7);
    let ports = vec![port(&network, 10, &[&client]), port(&network, 11, &[&server])];
    let mut desired = state(network, ports, vec![client, server]);
    let (first, _second) = pair(&lab, &plane, &desired).await;
    assert!(!first.pings("10.0.0.11"));
    desired.security_groups[0].rules.push(rule(Direction::Ingress, ICMP, None));
    plane.apply(desired).await.unwrap();
    assert!(first.pings("10.0.0.11"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_for_ipv6_are_rules_for_ipv6_only() {
    let Some(lab) = Lab::new("rules6") else { return };
    let plane = lab.open().await;
    let (client, server) = (group(Vec::new()), group(Vec::new()));
    let network = tenant(7);
    let mut ports = vec![port(&network, 10, &[&client]), port(&network, 11, &[&server])];
    for (port, address) in ports.iter_mut().zip(["fd00:10::10", "fd00:10::11"]) {
        let subnet = port.fixed_ips[0].subnet;
        port.fixed_ips.push(FixedIp { subnet, address: address.parse().unwrap() });
    }
    let mut desired = state(network, ports, vec![client, server]);
    let (first, second) = pair(&lab, &plane, &desired).await;
    for (guest, address) in [(&first, "fd00:10::10/64"), (&second, "fd00:10::11/64")] {
        ip(&["-n", &guest.namespace, "addr", "add", address, "dev", "eth0", "nodad"]);
    }
    assert!(!first.pings("fd00:10::11"));
    let echo = rule(Direction::Ingress, ICMP, None);
    desired.security_groups[1].rules.push(FirewallRule { ethertype: Ethertype::IPv6, ..echo });
    plane.apply(desired).await.unwrap();
    assert!(first.pings("fd00:10::11"), "neighbour discovery and the echo pass");
    assert!(!first.pings("10.0.0.11"), "IPv4 stays closed");
    ip(&["-n", &first.namespace, "addr", "add", "fd00:10::99/64", "dev", "eth0", "nodad"]);
    assert!(!pings(&first.namespace, "fd00:10::11", &["-I", "fd00:10::99"]), "a forged IPv6 address");
}
