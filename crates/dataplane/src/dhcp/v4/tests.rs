//! DHCPv4 conversations.

use dhcproto::{Decodable, Decoder};
use proptest::prelude::*;

use super::*;

const MAC: [u8; 6] = [0xfa, 0x16, 0x3e, 0, 0, 0x0a];

fn leases() -> Leases {
    let lease = Lease {
        address: "10.0.0.10/24".parse().unwrap(),
        server: Ipv4Addr::new(10, 0, 0, 2),
        gateway: Some(Ipv4Addr::new(10, 0, 0, 1)),
        routes: vec![
            ("169.254.169.254/32".parse().unwrap(), Ipv4Addr::new(10, 0, 0, 2)),
            ("0.0.0.0/0".parse().unwrap(), Ipv4Addr::new(10, 0, 0, 1)),
        ],
        dns: vec![Ipv4Addr::new(9, 9, 9, 9)],
        mtu: 1450,
        hostname: "guest".to_owned(),
        domain: "example.test".to_owned(),
    };
    Leases { v4: [(Mac(MAC), lease)].into(), ..Leases::default() }
}

fn request(kind: MessageType, change: impl FnOnce(&mut Message)) -> Vec<u8> {
    let none = Ipv4Addr::UNSPECIFIED;
    let mut message = Message::new_with_id(77, none, none, none, none, &MAC);
    message.opts_mut().insert(DhcpOption::MessageType(kind));
    change(&mut message);
    message.to_vec().unwrap()
}

fn read(reply: &Reply) -> Message {
    Message::decode(&mut Decoder::new(&reply.bytes)).unwrap()
}

fn kind(packet: &[u8]) -> Option<MessageType> {
    answer(&leases(), packet).map(|reply| read(&reply).opts().msg_type().unwrap())
}

#[test]
fn a_discovering_guest_is_offered_its_address_with_all_options() {
    let reply = answer(&leases(), &request(MessageType::Discover, |_| ())).unwrap();
    assert_eq!(reply.to.to_string(), "10.0.0.10:68");
    let message = read(&reply);
    assert_eq!((message.xid(), message.yiaddr()), (77, Ipv4Addr::new(10, 0, 0, 10)));
    let options = message.opts();
    assert_eq!(options.msg_type(), Some(MessageType::Offer));
    for code in [1, 3, 6, 12, 15, 26, 51, 54, 58, 59, 121, 249] {
        assert!(options.get(OptionCode::from(code)).is_some(), "option {code}");
    }
    assert_eq!(options.get(OptionCode::InterfaceMtu), Some(&DhcpOption::InterfaceMtu(1450)));
}

#[test]
fn a_guest_that_wants_broadcast_gets_it() {
    let packet = request(MessageType::Discover, |m| {
        m.set_flags(Flags::default().set_broadcast());
    });
    assert_eq!(answer(&leases(), &packet).unwrap().to.ip(), &Ipv4Addr::BROADCAST);
}

#[test]
fn the_right_address_is_acknowledged_and_a_wrong_one_refused() {
    let asking = |last: u8| {
        request(MessageType::Request, |m| {
            m.opts_mut().insert(DhcpOption::RequestedIpAddress(Ipv4Addr::new(10, 0, 0, last)));
        })
    };
    assert_eq!(kind(&asking(10)), Some(MessageType::Ack));
    assert_eq!(kind(&asking(11)), Some(MessageType::Nak));
    assert_eq!(answer(&leases(), &asking(11)).unwrap().to.ip(), &Ipv4Addr::BROADCAST);
}

#[test]
fn a_renewal_is_answered_at_the_guests_address() {
    let packet = request(MessageType::Request, |m| {
        m.set_ciaddr(Ipv4Addr::new(10, 0, 0, 10)).set_flags(Flags::default().set_broadcast());
    });
    let reply = answer(&leases(), &packet).unwrap();
    assert_eq!(reply.to.to_string(), "10.0.0.10:68");
    assert_eq!(read(&reply).opts().msg_type(), Some(MessageType::Ack));
}

#[test]
fn a_request_to_another_server_is_none_of_ours() {
    let packet = request(MessageType::Request, |m| {
        m.opts_mut().insert(DhcpOption::ServerIdentifier(Ipv4Addr::new(10, 0, 0, 99)));
    });
    assert_eq!(kind(&packet), None);
}

#[test]
fn strangers_relays_answers_and_releases_get_silence() {
    let stranger = request(MessageType::Discover, |m| {
        m.set_chaddr(&[2, 0, 0, 0, 0, 1]);
    });
    let relayed = request(MessageType::Discover, |m| {
        m.set_giaddr(Ipv4Addr::new(10, 0, 0, 9));
    });
    let reply = request(MessageType::Discover, |m| {
        m.set_opcode(Opcode::BootReply);
    });
    for packet in [stranger, relayed, reply, request(MessageType::Release, |_| ()), Vec::new()] {
        assert_eq!(kind(&packet), None);
    }
}

#[test]
fn an_oversized_hardware_address_is_ignored_and_does_not_panic() {
    let mut packet = request(MessageType::Discover, |_| ());
    packet[2] = 255;
    assert_eq!(kind(&packet), None);
}

#[test]
fn routes_are_written_as_rfc_3442_says() {
    let bytes = classless(&leases().v4[&Mac(MAC)]);
    assert_eq!(bytes, [32, 169, 254, 169, 254, 10, 0, 0, 2, 0, 10, 0, 0, 1]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = answer(&leases(), &bytes);
    }

    #[test]
    fn a_valid_request_with_arbitrary_damage_never_panics(
        damage in proptest::collection::vec((0_usize..300, any::<u8>()), 0..40),
        cut in 0_usize..400,
    ) {
        let mut packet = request(MessageType::Discover, |m| {
            m.opts_mut().insert(DhcpOption::Hostname("x".repeat(40)));
        });
        for (at, byte) in damage {
            if let Some(slot) = packet.get_mut(at) {
                *slot = byte;
            }
        }
        packet.truncate(cut);
        let _ = answer(&leases(), &packet);
    }
}
