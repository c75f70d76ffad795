//! DHCPv6 (RFC 8415): one request in, at most one answer out.

mod request;

use std::net::Ipv6Addr;

use dhcproto::Encodable;
use dhcproto::v6::{
    DhcpOption, DhcpOptions, IAAddr, IANA, Message, MessageType, OptionCode, Status, StatusCode,
    UnknownOption,
};

use request::Request;

use super::leases::{Lease6, Leases};
use crate::mac::Mac;

/// How long an address is preferred and valid, in seconds.
const LIFETIME: u32 = 86_400;
/// OPTION_DOMAIN_LIST.
const DOMAIN_LIST: u16 = 24;

/// The answer to `packet` from the link-local address `from`; `None` for what is malformed, not for us, or from
/// nobody we know. A guest is known by the MAC in its link-local address, which anti-spoofing guarantees.
pub(crate) fn answer(leases: &Leases, packet: &[u8], from: Ipv6Addr) -> Option<Vec<u8>> {
    let request = Request::read(packet)?;
    let lease = leases.v6.get(&Mac::of_link_local(from)?)?;
    let own = server_id(leases.server?);
    if request.server.as_ref().is_some_and(|server| *server != own) {
        return None;
    }
    let kind = kind(&request)?;
    if request.client.is_none() && request.kind != MessageType::InformationRequest {
        return None;
    }
    let mut reply = Message::new_with_id(kind, request.xid);
    let options = reply.opts_mut();
    options.insert(DhcpOption::ServerId(own));
    if let Some(client) = &request.client {
        options.insert(DhcpOption::ClientId(client.clone()));
    }
    if request.rapid_commit && request.kind == MessageType::Solicit {
        options.insert(DhcpOption::RapidCommit);
    }
    addresses(lease, &request, options);
    settings(lease, options);
    reply.to_vec().ok()
}

/// The kind of answer that a request gets.
fn kind(request: &Request) -> Option<MessageType> {
    match request.kind {
        MessageType::Solicit if !request.rapid_commit => Some(MessageType::Advertise),
        MessageType::Solicit
        | MessageType::Request
        | MessageType::Confirm
        | MessageType::Renew
        | MessageType::Rebind
        | MessageType::Release
        | MessageType::Decline
        | MessageType::InformationRequest => Some(MessageType::Reply),
        _ => None,
    }
}

/// The service's identifier: DUID-LL (type 3) of its MAC.
fn server_id(mac: Mac) -> Vec<u8> {
    let mut duid = vec![0, 3, 0, 1];
    duid.extend(mac.0);
    duid
}

fn addresses(lease: &Lease6, request: &Request, options: &mut DhcpOptions) {
    match request.kind {
        MessageType::InformationRequest => return,
        MessageType::Release | MessageType::Decline => {
            return options.insert(status(Status::Success, "kept: the address is fixed"));
        }
        MessageType::Confirm => {
            let mut asked = request.associations.iter().flat_map(|association| &association.addresses);
            let fits = asked.all(|address| lease.addresses.contains(address));
            let verdict = if fits { Status::Success } else { Status::NotOnLink };
            return options.insert(status(verdict, ""));
        }
        _ => {}
    }
    // the guest's addresses all go into its first association; it has one interface
    for (nth, association) in request.associations.iter().enumerate() {
        let own: &[Ipv6Addr] = if nth == 0 { &lease.addresses } else { &[] };
        let mut inner = DhcpOptions::new();
        for address in own {
            inner.insert(address_option(*address, LIFETIME));
        }
        for stale in association.addresses.iter().filter(|address| !own.contains(address)) {
            inner.insert(address_option(*stale, 0));
        }
        if own.is_empty() {
            inner.insert(status(Status::NoAddrsAvail, "no address is handed out here"));
        }
        let (t1, t2) = (LIFETIME / 2, LIFETIME / 8 * 7);
        options.insert(DhcpOption::IANA(IANA { id: association.id, t1, t2, opts: inner }));
    }
}

fn address_option(addr: Ipv6Addr, life: u32) -> DhcpOption {
    DhcpOption::IAAddr(IAAddr { addr, preferred_life: life, valid_life: life, opts: DhcpOptions::new() })
}

fn status(status: Status, words: &str) -> DhcpOption {
    DhcpOption::StatusCode(StatusCode { status, msg: words.to_owned() })
}

fn settings(lease: &Lease6, options: &mut DhcpOptions) {
    if !lease.dns.is_empty() {
        options.insert(DhcpOption::DomainNameServers(lease.dns.clone()));
    }
    if let Some(encoded) = domain_list(&lease.domain) {
        options.insert(DhcpOption::Unknown(UnknownOption::new(OptionCode::from(DOMAIN_LIST), encoded)));
    }
}

/// A domain as DNS writes it: labels with their lengths.
pub(super) fn domain_list(domain: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for label in domain.split('.').filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).ok().filter(|len| *len < 64)?);
        out.extend(label.bytes());
    }
    if out.is_empty() {
        return None;
    }
    out.push(0);
    Some(out)
}

#[cfg(test)]
mod tests {
    use dhcproto::{Decodable, Decoder};
    use proptest::prelude::*;

    use super::*;

    const MAC: Mac = Mac([0xfa, 0x16, 0x3e, 0, 0, 0x0a]);

    fn leases() -> Leases {
        let lease = Lease6 {
            addresses: vec!["fd00:10::a".parse().unwrap()],
            dns: vec!["fd00::53".parse().unwrap()],
            domain: "example.test".to_owned(),
        };
        Leases { v6: [(MAC, lease)].into(), server: Some(Mac([2, 0, 0, 0, 0, 1])), ..Leases::default() }
    }

    fn packet(kind: MessageType) -> Message {
        let mut message = Message::new_with_id(kind, [1, 2, 3]);
        message.opts_mut().insert(DhcpOption::ClientId(vec![0, 4, 9, 9]));
        message.opts_mut().insert(DhcpOption::IANA(IANA { id: 5, t1: 0, t2: 0, opts: DhcpOptions::new() }));
        message
    }

    fn ask(message: &Message) -> Option<Message> {
        let bytes = answer(&leases(), &message.to_vec().unwrap(), MAC.link_local())?;
        Some(Message::decode(&mut Decoder::new(&bytes)).unwrap())
    }

    #[test]
    fn a_soliciting_guest_is_advertised_its_address_and_a_request_confirmed() {
        for (asked, answered) in
            [(MessageType::Solicit, MessageType::Advertise), (MessageType::Request, MessageType::Reply)]
        {
            let reply = ask(&packet(asked)).unwrap();
            assert_eq!((reply.msg_type(), reply.xid()), (answered, [1, 2, 3]));
            let association = Request::read(&reply.to_vec().unwrap()).unwrap().associations.remove(0);
            assert_eq!((association.id, &association.addresses), (5, &leases().v6[&MAC].addresses));
            assert!(reply.opts().get(OptionCode::DomainNameServers).is_some());
        }
    }

    #[test]
    fn an_information_request_gets_options_without_addresses() {
        let mut message = Message::new_with_id(MessageType::InformationRequest, [1, 2, 3]);
        message.opts_mut().insert(DhcpOption::ClientId(vec![0, 4, 9, 9]));
        let reply = ask(&message).unwrap();
        assert!(reply.opts().get(OptionCode::IANA).is_none());
        assert!(reply.opts().get(OptionCode::from(DOMAIN_LIST)).is_some());
    }

    #[test]
    fn strangers_and_requests_to_other_servers_get_silence() {
        let bytes = packet(MessageType::Solicit).to_vec().unwrap();
        assert!(answer(&leases(), &bytes, "fe80::1".parse().unwrap()).is_none());
        let mut other = packet(MessageType::Request);
        other.opts_mut().insert(DhcpOption::ServerId(vec![0, 3, 0, 1, 9, 9, 9, 9, 9, 9]));
        assert!(ask(&other).is_none());
    }

    #[test]
    fn a_domain_is_written_as_labels() {
        assert_eq!(domain_list("ab.c").unwrap(), [2, b'a', b'b', 1, b'c', 0]);
        assert_eq!(domain_list(""), None);
        assert_eq!(domain_list(&"x".repeat(64)), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = answer(&leases(), &bytes, MAC.link_local());
        }
    }
}
