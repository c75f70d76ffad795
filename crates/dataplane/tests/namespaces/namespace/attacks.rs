//! What an attacker in a guest tries, frame by frame, at the tap itself: no kernel of a guest is in the way.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kogge_dataplane::Dataplane;
use kogge_node_api::DesiredPort;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::frames::*;
use super::lab::{Lab, eventually, exec};
use super::state::{group, open_group, port, rule, state, tenant};

const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const METADATA6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe);
const FOREIGN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 77);
const FOREIGN_MAC: Mac = [0xfa, 0x16, 0x3e, 9, 9, 9];
const ALL: Ipv4Addr = Ipv4Addr::BROADCAST;
/// The number of the frame that ends a round.
const LAST: u8 = 255;

/// The end of a tap that QEMU would hold.
struct Nic {
    tap: std::fs::File,
    mac: Mac,
    address: Ipv4Addr,
}

impl Nic {
    async fn plug(plane: &Dataplane, port: &DesiredPort) -> Self {
        let tap = std::fs::File::from(plane.plug(port.id).await.unwrap());
        let IpAddr::V4(address) = port.fixed_ips[0].address else { panic!("an IPv4 port") };
        Self { tap, mac: mac(&port.mac), address }
    }

    fn link_local(&self) -> Ipv6Addr {
        link_local(self.mac)
    }

    /// Sends a frame behind an empty virtio-net header.
    fn send(&mut self, frame: &[u8]) {
        self.tap.write_all(&[&[0; 10][..], frame].concat()).unwrap();
    }

    /// The number in the group address of every numbered frame, until the last one; and the frames.
    fn numbered(&mut self) -> Vec<(u8, Vec<u8>)> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut found = Vec::new();
        let mut buffer = [0; 4_096];
        while Instant::now() < deadline {
            let mut ready = [PollFd::new(self.tap.as_fd(), PollFlags::POLLIN)];
            if poll(&mut ready, PollTimeout::from(200_u8)).unwrap() == 0 {
                continue;
            }
            let length = self.tap.read(&mut buffer).unwrap();
            let frame = &buffer[10..length];
            if frame[..5] == group_address(0)[..5] {
                if frame[5] == LAST {
                    return found;
                }
                found.push((frame[5], frame.to_vec()));
            }
        }
        panic!("the last frame did not arrive; these did: {found:?}")
    }

    fn numbers(&mut self) -> Vec<u8> {
        let mut numbers: Vec<u8> = self.numbered().into_iter().map(|(number, _)| number).collect();
        numbers.dedup();
        numbers
    }

    /// A frame that every port may send and every other one receives.
    fn end(&mut self) {
        let words = arp(1, self.mac, self.address, self.address);
        self.send(&ethernet(group_address(LAST), self.mac, ARP, &words));
    }
}

/// A group address, which the bridge gives to everybody; its number tells frames apart.
fn group_address(number: u8) -> Mac {
    [3, 0, 0, 0, 0, number]
}

/// One try: its name, its frames (sender's MAC, ethertype, payload), and whether it passes from a port with and from
/// one without port security.
struct Try {
    name: &'static str,
    frames: Vec<(Mac, u16, Vec<u8>)>,
    secured: bool,
    open: bool,
}

const PASSES: (bool, bool) = (true, true);
const OPEN_ONLY: (bool, bool) = (false, true);
const NEVER: (bool, bool) = (false, false);

fn try_one(name: &'static str, passes: (bool, bool), frames: Vec<(Mac, u16, Vec<u8>)>) -> Try {
    Try { name, frames, secured: passes.0, open: passes.1 }
}

fn addresses(me: &Nic) -> Vec<Try> {
    let (m, own, ll) = (me.mac, me.address, me.link_local());
    let datagram = |from| ipv4(from, ALL, 0, UDP, &udp(1, 2, b"hello"));
    let datagram6 = |from| ipv6(from, EVERYBODY, UDP, &udp6(from, EVERYBODY, (1, 2), b"hello"));
    let zero = Ipv4Addr::UNSPECIFIED;
    vec![
        try_one("an own datagram", PASSES, vec![(m, IPV4, datagram(own))]),
        try_one("an own datagram over IPv6", PASSES, vec![(m, IPV6, datagram6(ll))]),
        try_one("a foreign MAC", OPEN_ONLY, vec![(FOREIGN_MAC, IPV4, datagram(own))]),
        try_one("a foreign address", OPEN_ONLY, vec![(m, IPV4, datagram(FOREIGN))]),
        try_one("no address", OPEN_ONLY, vec![(m, IPV4, datagram(zero))]),
        try_one("a foreign IPv6 address", OPEN_ONLY, vec![(m, IPV6, datagram6(link_local(FOREIGN_MAC)))]),
        try_one("the metadata address", NEVER, vec![(m, IPV4, datagram(METADATA))]),
        try_one("the IPv6 metadata address", NEVER, vec![(m, IPV6, datagram6(METADATA6))]),
        try_one("ARP for an own address", PASSES, vec![(m, ARP, arp(2, m, own, own))]),
        try_one("ARP for the router's", OPEN_ONLY, vec![(m, ARP, arp(2, m, [10, 0, 0, 1].into(), own))]),
        try_one("ARP under a foreign MAC", OPEN_ONLY, vec![(m, ARP, arp(2, FOREIGN_MAC, own, own))]),
        try_one("an ARP probe", PASSES, vec![(m, ARP, arp(1, m, zero, own))]),
        try_one("an ARP probe for a foreign address", OPEN_ONLY, vec![(m, ARP, arp(1, m, zero, FOREIGN))]),
        try_one("ARP for metadata", NEVER, vec![(m, ARP, arp(2, m, METADATA, own))]),
        try_one("an ARP question from metadata", NEVER, vec![(m, ARP, arp(1, m, METADATA, own))]),
    ]
}

fn discovery(me: &Nic) -> Vec<Try> {
    let (m, ll, nobody) = (me.mac, me.link_local(), Ipv6Addr::UNSPECIFIED);
    let message = |from, kind, target| ipv6(from, EVERYBODY, ICMPV6, &about(from, EVERYBODY, kind, target));
    let foreign = link_local(FOREIGN_MAC);
    let advert = icmpv6(ll, EVERYBODY, 134, &ADVERT);
    let redirect = icmpv6(ll, EVERYBODY, 137, &[&[0; 4][..], &[1; 32]].concat());
    let pieces = |packet, parts: &[(u8, u16, bool, &[u8])]| -> Vec<(Mac, u16, Vec<u8>)> {
        let piece = |(next, at, more, bytes): &(u8, u16, bool, &[u8])| {
            ipv6(ll, EVERYBODY, FRAGMENT, &[fragment(*next, *at, *more, packet), bytes.to_vec()].concat())
        };
        parts.iter().map(|part| (m, IPV6, piece(part))).collect()
    };
    let behind = [options(ICMPV6), advert.clone()].concat();
    let claim = about(ll, EVERYBODY, 136, foreign);
    let long = udp6(ll, EVERYBODY, (1, 2), &[7; 64]);
    vec![
        try_one("an advertisement of oneself", PASSES, vec![(m, IPV6, message(ll, 136, ll))]),
        try_one("one of another", OPEN_ONLY, vec![(m, IPV6, message(ll, 136, foreign))]),
        try_one("one of metadata", NEVER, vec![(m, IPV6, message(ll, 136, METADATA6))]),
        try_one("who has my address", PASSES, vec![(m, IPV6, message(nobody, 135, ll))]),
        try_one("who has another's address", OPEN_ONLY, vec![(m, IPV6, message(nobody, 135, foreign))]),
        try_one("who has metadata's address", NEVER, vec![(m, IPV6, message(nobody, 135, METADATA6))]),
        try_one("a router advertisement", OPEN_ONLY, vec![(m, IPV6, ipv6(ll, EVERYBODY, ICMPV6, &advert))]),
        try_one("the same behind options", OPEN_ONLY, vec![(m, IPV6, ipv6(ll, EVERYBODY, OPTIONS, &behind))]),
        try_one("the same as a fragment", NEVER, pieces(1, &[(ICMPV6, 0, false, &advert)])),
        try_one(
            "the same in the second fragment",
            NEVER,
            pieces(2, &[(OPTIONS, 0, true, &behind[..8]), (OPTIONS, 8, false, &behind[8..])]),
        ),
        try_one(
            "an advertisement of another in two fragments",
            NEVER,
            pieces(3, &[(ICMPV6, 0, true, &claim[..8]), (ICMPV6, 8, false, &claim[8..])]),
        ),
        try_one("a redirect", OPEN_ONLY, vec![(m, IPV6, ipv6(ll, EVERYBODY, ICMPV6, &redirect))]),
        try_one(
            "a long datagram in fragments",
            PASSES,
            pieces(4, &[(UDP, 0, true, &long[..32]), (UDP, 32, false, &long[32..])]),
        ),
    ]
}

fn servers_and_tags(me: &Nic) -> Vec<Try> {
    let (m, own, ll, zero) = (me.mac, me.address, me.link_local(), Ipv4Addr::UNSPECIFIED);
    let datagram = |from, ports: (u16, u16), words: &[u8]| {
        vec![(m, IPV4, ipv4(from, ALL, 0, UDP, &udp(ports.0, ports.1, words)))]
    };
    let v6 = |ports| vec![(m, IPV6, ipv6(ll, EVERYBODY, UDP, &udp6(ll, EVERYBODY, ports, b"\x02abc")))];
    let inner = [&IPV4.to_be_bytes()[..], &ipv4(own, ALL, 0, UDP, &udp(1, 2, b"hello"))].concat();
    let tagged = |tag: u16| [&tag.to_be_bytes()[..], &inner].concat();
    let long = udp(1, 2, &[7; 64]);
    let piece = |part, bytes| (m, IPV4, ipv4(own, ALL, part, UDP, bytes));
    let stp = [&[0x42, 0x42, 3][..], &[0; 35]].concat();
    vec![
        try_one("a DHCP client", PASSES, datagram(zero, (68, 67), &dhcp(1, m))),
        try_one("a DHCP client for another", OPEN_ONLY, datagram(zero, (68, 67), &dhcp(1, FOREIGN_MAC))),
        try_one("a DHCP client from elsewhere", OPEN_ONLY, datagram(own, (6_868, 67), &dhcp(1, m))),
        try_one("a DHCP server", OPEN_ONLY, datagram(own, (67, 68), &dhcp(2, FOREIGN_MAC))),
        try_one(
            "a DHCP server on another port",
            OPEN_ONLY,
            datagram(own, (6_767, 68), &dhcp(2, FOREIGN_MAC)),
        ),
        try_one("a DHCPv6 server", OPEN_ONLY, v6((547, 546))),
        try_one("a DHCPv6 server on another port", OPEN_ONLY, v6((5_477, 546))),
        try_one("VLAN 0", NEVER, vec![(m, 0x8100, tagged(0))]),
        try_one("VLAN 5", NEVER, vec![(m, 0x8100, tagged(5))]),
        try_one("a service tag", NEVER, vec![(m, 0x88a8, tagged(5))]),
        try_one("LLDP", OPEN_ONLY, vec![(m, 0x88cc, vec![0; 46])]),
        try_one("a bridge's word", OPEN_ONLY, vec![(m, 38, stp)]),
        try_one("reverse ARP", OPEN_ONLY, vec![(m, 0x8035, arp(3, m, zero, zero))]),
        try_one("a long datagram", PASSES, vec![piece(0x2000, &long[..32]), piece(4, &long[32..])]),
    ]
}

/// A guest with and one without port security, one that sees everything, and one with port security that lets in
/// everything there are rules for.
async fn four(lab: &Lab) -> (Dataplane, kogge_node_api::DesiredNetworking, [Nic; 4]) {
    let plane = lab.open().await;
    let open = open_group();
    let network = tenant(7);
    let mut ports: Vec<DesiredPort> = (10..14).map(|last| port(&network, last, &[&open])).collect();
    ports[1].port_security = false;
    ports[2].port_security = false;
    let desired = state(network, ports, vec![open]);
    plane.apply(desired.clone()).await.unwrap();
    let mut nics = Vec::new();
    for port in &desired.ports {
        nics.push(Nic::plug(&plane, port).await);
    }
    let Ok(nics) = <[Nic; 4]>::try_from(nics) else { panic!("four of them") };
    (plane, desired, nics)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_frame_passes_that_says_what_its_guest_is_not() {
    let Some(lab) = Lab::new("frames") else { return };
    let (_plane, _, [mut secured, mut open, mut witness, mut shielded]) = four(&lab).await;
    for attacker in [&mut secured, &mut open] {
        let is_open = attacker.address.octets()[3] == 11;
        let tries: Vec<Try> = [addresses(attacker), discovery(attacker), servers_and_tags(attacker)]
            .into_iter()
            .flatten()
            .collect();
        for (number, one) in (0..).zip(&tries) {
            for (from, kind, payload) in &one.frames {
                attacker.send(&ethernet(group_address(number), *from, *kind, payload));
            }
        }
        attacker.end();
        let arrived = witness.numbers();
        let behind_rules = shielded.numbers();
        for (number, one) in (0..).zip(&tries) {
            let passes = if is_open { one.open } else { one.secured };
            assert_eq!(arrived.contains(&number), passes, "{}, without port security: {is_open}", one.name);
            let kind = one.frames[0].1;
            let filtered = ![IPV4, IPV6, ARP].contains(&kind);
            assert!(
                !(filtered && behind_rules.contains(&number)),
                "{} reaches a port whose rules know nothing like it",
                one.name
            );
        }
        assert!(behind_rules.contains(&0) && behind_rules.contains(&1), "what the rules let in comes in");
    }
}

/// What the bridge has learned on the tap of a port.
fn learned(lab: &Lab, port: &DesiredPort) -> Vec<String> {
    let tap = format!("tap{}", &port.id.to_string()[..11]);
    let (_, all) = exec(&lab.prefix, &["bridge", "fdb", "show", "dynamic", "dev", &tap]);
    all.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_learns_no_foreign_mac_and_not_without_bound() {
    let Some(lab) = Lab::new("learn") else { return };
    let (_plane, desired, [mut secured, mut open, mut witness, _]) = four(&lab).await;
    // the bridge hears these itself, and would learn their sender past the chains of what it forwards
    for last in 0..16 {
        let reserved = [1, 0x80, 0xc2, 0, 0, last];
        secured.send(&ethernet(reserved, witness.mac, 0x8809, &[0; 46]));
        open.send(&ethernet(reserved, witness.mac, 0x8809, &[0; 46]));
    }
    for number in 0..3_000_u16 {
        let [high, low] = number.to_be_bytes();
        let words = arp(1, open.mac, open.address, open.address);
        open.send(&ethernet(group_address(0), [2, 7, 7, 7, high, low], ARP, &words));
        if number % 200 == 199 {
            open.send(&ethernet(group_address(LAST), [2, 7, 7, 7, 0, 0], ARP, &words));
            witness.numbered(); // a tap's queue is short
        }
    }
    let own = |nic: &Nic| nic.mac.map(|b| format!("{b:02x}")).join(":");
    assert!(!learned(&lab, &desired.ports[0]).contains(&own(&witness)), "learned from a reserved address");
    let count = learned(&lab, &desired.ports[1]).len();
    assert!((1_000..1_100).contains(&count), "{count} MACs of one guest");
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_of_two_networks_never_meet() {
    let Some(lab) = Lab::new("pieces") else { return };
    let plane = lab.open().await;
    let open = open_group();
    let (one, two) = (tenant(7), tenant(8)); // the same addresses twice
    let ports = vec![port(&one, 10, &[&open]), port(&one, 11, &[&open]), port(&two, 10, &[&open])];
    let mut desired = state(one, ports, vec![open]);
    desired.networks.push(two);
    plane.apply(desired.clone()).await.unwrap();
    let mut nics = Vec::new();
    for port in &desired.ports {
        nics.push(Nic::plug(&plane, port).await);
    }
    let [mut near, mut far, mut stranger] = <[Nic; 3]>::try_from(nics).ok().unwrap();
    let to = far.address;
    let whole = |letter: u8| udp(1, 2, &[letter; 64]);
    let first = |nic: &Nic, letter| ipv4(nic.address, to, 0x2000, UDP, &whole(letter)[..32]);
    let second = |nic: &Nic, letter| ipv4(nic.address, to, 4, UDP, &whole(letter)[32..]);
    let frame = |nic: &Nic, packet: &[u8]| ethernet(group_address(1), nic.mac, IPV4, packet);
    let begin = frame(&near, &first(&near, b'v'));
    near.send(&begin);
    let foreign_end = frame(&stranger, &second(&stranger, b'x'));
    stranger.send(&foreign_end);
    near.end();
    assert!(far.numbers().is_empty(), "put together out of two networks");
    let end = frame(&near, &second(&near, b'v'));
    near.send(&end);
    near.end();
    let arrived = far.numbered();
    assert!(!arrived.is_empty(), "an own datagram in fragments");
    assert!(arrived.iter().all(|(_, frame)| frame.ends_with(b"vvvvvvvv")), "{arrived:?}");
}

/// Whether a forged datagram of `attacker` is seen.
fn forges(attacker: &mut Nic, witness: &mut Nic) -> bool {
    let forged = ipv4(FOREIGN, ALL, 0, UDP, &udp(1, 2, b"hello"));
    attacker.send(&ethernet(group_address(1), attacker.mac, IPV4, &forged));
    attacker.end();
    !witness.numbers().is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_somebody_flushed_are_back_with_the_next_word() {
    let Some(lab) = Lab::new("flush") else { return };
    let (plane, desired, [mut secured, _, mut witness, shielded]) = four(&lab).await;
    assert!(!forges(&mut secured, &mut witness));
    let flush = || assert!(exec(&lab.prefix, &["nft", "flush", "ruleset"]).0);
    flush();
    assert!(forges(&mut secured, &mut witness), "the attack works where nothing filters");
    plane.apply(desired.clone()).await.unwrap();
    assert!(!forges(&mut secured, &mut witness), "after the same desired state");

    drop(shielded);
    flush();
    let mut again = Nic::plug(&plane, &desired.ports[3]).await;
    assert!(!forges(&mut again, &mut witness), "a new tap is behind its filter");

    flush();
    drop(plane);
    let plane = lab.open().await;
    plane.recover().await.unwrap();
    assert!(!forges(&mut again, &mut witness), "after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_rules_cannot_be_set_nothing_is_carried() {
    let Some(lab) = Lab::new("refused") else { return };
    let (plane, mut desired, [mut secured, _, mut witness, _]) = four(&lab).await;
    // somebody else owns a table of our name, so that ours cannot be set; what was set is gone
    let mut owner = Command::new("ip")
        .args(["netns", "exec", &lab.prefix, "nft", "-i"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut words = owner.stdin.take().unwrap();
    words.write_all(b"flush ruleset\nadd table bridge kogge { flags owner; }\n").unwrap();
    words.flush().unwrap();
    let owned = || {
        let (_, tables) = exec(&lab.prefix, &["nft", "list", "tables"]);
        tables.trim() == "table bridge kogge"
    };
    assert!(eventually(owned));
    assert!(plane.apply(desired.clone()).await.is_err());
    assert!(!plane.observe().await.unwrap().ports.iter().any(|port| port.up), "every tap is switched off");
    // a change of another kind opens nothing either
    desired.security_groups.push(group(vec![rule(kogge_node_api::Direction::Ingress, None, None)]));
    assert!(plane.apply(desired.clone()).await.is_err());
    assert!(!plane.observe().await.unwrap().ports.iter().any(|port| port.up));

    drop(words);
    owner.wait().unwrap();
    plane.apply(desired.clone()).await.unwrap();
    assert!(plane.observe().await.unwrap().ports.iter().filter(|port| port.up).count() == 2);
    assert!(!forges(&mut secured, &mut witness));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_change_leaves_the_rules_from_before() {
    let Some(lab) = Lab::new("before") else { return };
    let (plane, desired, [mut secured, _, mut witness, _]) = four(&lab).await;
    let mut wrong = desired.clone();
    wrong.ports[0].port_security = false; // would open it, together with what the kernel refuses
    wrong.ports[3].id = wrong.ports[1].id; // two ports of one name
    wrong.ports[3].port_security = false;
    assert!(plane.apply(wrong).await.is_err());
    assert!(!forges(&mut secured, &mut witness));
    assert!(plane.observe().await.unwrap().ports[0].up, "nobody was cut off");
}
