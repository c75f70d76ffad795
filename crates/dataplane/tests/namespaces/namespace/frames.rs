//! Ethernet frames by hand, as an attacker writes them.

use std::net::{Ipv4Addr, Ipv6Addr};

pub(crate) type Mac = [u8; 6];

/// Ethertypes.
pub(crate) const IPV4: u16 = 0x0800;
pub(crate) const ARP: u16 = 0x0806;
pub(crate) const IPV6: u16 = 0x86dd;
/// IP protocols and IPv6 headers.
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;
pub(crate) const FRAGMENT: u8 = 44;
pub(crate) const OPTIONS: u8 = 60;
/// All nodes on the link.
pub(crate) const EVERYBODY: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// A MAC out of its text.
pub(crate) fn mac(text: &str) -> Mac {
    let bytes: Vec<u8> = text.split(':').map(|b| u8::from_str_radix(b, 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// The link-local address of a MAC.
pub(crate) fn link_local(m: Mac) -> Ipv6Addr {
    let id = [m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]];
    let mut all = [0; 16];
    all[..2].copy_from_slice(&[0xfe, 0x80]);
    all[8..].copy_from_slice(&id);
    Ipv6Addr::from(all)
}

pub(crate) fn ethernet(to: Mac, from: Mac, kind: u16, payload: &[u8]) -> Vec<u8> {
    [&to[..], &from, &kind.to_be_bytes(), payload].concat()
}

/// An IPv4 packet; `part` is the field of flags and offset.
pub(crate) fn ipv4(from: Ipv4Addr, to: Ipv4Addr, part: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut head = vec![0x45, 0];
    head.extend(u16::try_from(20 + payload.len()).unwrap().to_be_bytes());
    head.extend(77_u16.to_be_bytes());
    head.extend(part.to_be_bytes());
    head.extend([64, protocol, 0, 0]);
    head.extend(from.octets());
    head.extend(to.octets());
    let sum = checksum(&head);
    head[10..12].copy_from_slice(&sum.to_be_bytes());
    head.extend(payload);
    head
}

pub(crate) fn ipv6(from: Ipv6Addr, to: Ipv6Addr, next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend([next, 255]);
    packet.extend(from.octets());
    packet.extend(to.octets());
    packet.extend(payload);
    packet
}

/// A datagram without checksum, as IPv4 allows.
pub(crate) fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    [&from.to_be_bytes()[..], &to.to_be_bytes(), &length.to_be_bytes(), &[0, 0], payload].concat()
}

/// The same with the checksum that IPv6 wants.
pub(crate) fn udp6(from: Ipv6Addr, to: Ipv6Addr, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    summed(from, to, UDP, udp(ports.0, ports.1, payload), 6)
}

/// An ICMPv6 message whose body follows the checksum.
pub(crate) fn icmpv6(from: Ipv6Addr, to: Ipv6Addr, kind: u8, body: &[u8]) -> Vec<u8> {
    summed(from, to, ICMPV6, [&[kind, 0, 0, 0], body].concat(), 2)
}

/// Neighbour solicitation (135) or advertisement (136) about `target`.
pub(crate) fn about(from: Ipv6Addr, to: Ipv6Addr, kind: u8, target: Ipv6Addr) -> Vec<u8> {
    let flags = if kind == 136 { [0x20, 0, 0, 0] } else { [0; 4] };
    icmpv6(from, to, kind, &[&flags[..], &target.octets()].concat())
}

/// The body of a router advertisement.
pub(crate) const ADVERT: [u8; 12] = [64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];

/// A destination options header that says nothing.
pub(crate) fn options(next: u8) -> Vec<u8> {
    vec![next, 0, 1, 4, 0, 0, 0, 0]
}

/// A fragment header: what follows, where it belongs (in bytes), whether there is more, and of which packet.
pub(crate) fn fragment(next: u8, at: u16, more: bool, packet: u8) -> Vec<u8> {
    let field = at | u16::from(more);
    [&[next, 0][..], &field.to_be_bytes(), &[0, 0, 0, packet]].concat()
}

/// ARP: 1 asks, 2 answers.
pub(crate) fn arp(kind: u8, mac: Mac, from: Ipv4Addr, about: Ipv4Addr) -> Vec<u8> {
    [&[0, 1, 8, 0, 6, 4, 0, kind][..], &mac, &from.octets(), &[0; 6], &about.octets()].concat()
}

/// A DHCP message: 1 from a client, 2 from a server.
pub(crate) fn dhcp(kind: u8, client: Mac) -> Vec<u8> {
    let mut message = vec![0; 240];
    message[..3].copy_from_slice(&[kind, 1, 6]);
    message[28..34].copy_from_slice(&client);
    message[236..].copy_from_slice(&[99, 130, 83, 99]);
    message.extend([53, 1, kind, 255]);
    message
}

fn summed(from: Ipv6Addr, to: Ipv6Addr, protocol: u8, mut packet: Vec<u8>, at: usize) -> Vec<u8> {
    let mut all = [from.octets(), to.octets()].concat();
    all.extend(u32::try_from(packet.len()).unwrap().to_be_bytes());
    all.extend([0, 0, 0, protocol]);
    all.extend(&packet);
    let sum = checksum(&all);
    packet[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    packet
}

fn checksum(bytes: &[u8]) -> u16 {
    let words =
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |b| u32::from(*b)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
