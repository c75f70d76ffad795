//! DHCPv4 (RFC 2131): one request in, at most one answer out.

mod request;

use std::net::{Ipv4Addr, SocketAddrV4};

use dhcproto::Encodable;
use dhcproto::v4::{DhcpOption, Flags, Message, MessageType, Opcode, OptionCode, UnknownOption};

use request::Request;

use super::leases::{Lease, Leases};
use crate::mac::Mac;

/// How long a lease lasts, in seconds: a day, as Neutron's default. The address is fixed, so it only says how soon a
/// guest notices changed options.
const LEASE_TIME: u32 = 86_400;
/// Where clients listen.
const CLIENT_PORT: u16 = 68;
/// Microsoft's number for option 121.
const CLASSLESS_ROUTES_MS: u8 = 249;

/// An answer and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The packet.
    pub(crate) bytes: Vec<u8>,
    /// The guest's address, or everybody's.
    pub(crate) to: SocketAddrV4,
}

/// The answer to `packet`; `None` for what is malformed, not for us, or from nobody we know.
pub(crate) fn answer(leases: &Leases, packet: &[u8]) -> Option<Reply> {
    let request = Request::read(packet)?;
    let lease = leases.v4.get(&Mac(request.mac))?;
    let kind = verdict(lease, &request)?;
    let reply = reply(lease, &request, kind);
    Some(Reply {
        bytes: reply.to_vec().ok()?,
        to: SocketAddrV4::new(target(lease, &request, kind), CLIENT_PORT),
    })
}

/// What kind of answer a request gets.
fn verdict(lease: &Lease, request: &Request) -> Option<MessageType> {
    match request.kind {
        MessageType::Discover => Some(MessageType::Offer),
        MessageType::Inform => Some(MessageType::Ack),
        // it took another server's offer
        MessageType::Request if request.server.is_some_and(|server| server != lease.server) => None,
        MessageType::Request => {
            let wanted = request.wanted.unwrap_or(request.ciaddr);
            Some(if wanted == lease.address.addr() { MessageType::Ack } else { MessageType::Nak })
        }
        _ => None, // release and decline change nothing: the address is the guest's
    }
}

/// Where the answer goes. A guest's MAC is a permanent neighbour, so it is reached before it has its address.
fn target(lease: &Lease, request: &Request, kind: MessageType) -> Ipv4Addr {
    let has_it = request.ciaddr == lease.address.addr();
    let to_all = kind == MessageType::Nak || (request.broadcast() && !has_it);
    if to_all { Ipv4Addr::BROADCAST } else { lease.address.addr() }
}

fn reply(lease: &Lease, request: &Request, kind: MessageType) -> Message {
    let none = Ipv4Addr::UNSPECIFIED;
    let inform = request.kind == MessageType::Inform;
    let (known, given) = match kind {
        MessageType::Nak => (none, none),
        _ if inform => (request.ciaddr, none),
        _ => (request.ciaddr, lease.address.addr()),
    };
    let mut reply = Message::new_with_id(request.xid, known, given, none, none, &request.mac);
    reply.set_opcode(Opcode::BootReply).set_flags(Flags::from(request.flags));
    let options = reply.opts_mut();
    options.insert(DhcpOption::MessageType(kind));
    options.insert(DhcpOption::ServerIdentifier(lease.server));
    if kind != MessageType::Nak {
        if !inform {
            options.insert(DhcpOption::AddressLeaseTime(LEASE_TIME));
            options.insert(DhcpOption::Renewal(LEASE_TIME / 2));
            options.insert(DhcpOption::Rebinding(LEASE_TIME / 8 * 7));
        }
        for option in settings(lease) {
            options.insert(option);
        }
    }
    reply
}

/// What a guest is told beside its address.
fn settings(lease: &Lease) -> Vec<DhcpOption> {
    let mut options = vec![
        DhcpOption::SubnetMask(lease.address.netmask()),
        DhcpOption::BroadcastAddr(lease.address.broadcast()),
        DhcpOption::InterfaceMtu(lease.mtu),
    ];
    options.extend(lease.gateway.map(|gateway| DhcpOption::Router(vec![gateway])));
    if !lease.dns.is_empty() {
        options.push(DhcpOption::DomainNameServer(lease.dns.clone()));
    }
    if !lease.hostname.is_empty() {
        options.push(DhcpOption::Hostname(lease.hostname.clone()));
    }
    if !lease.domain.is_empty() {
        options.push(DhcpOption::DomainName(lease.domain.clone()));
    }
    if !lease.routes.is_empty() {
        options.push(DhcpOption::ClasslessStaticRoute(lease.routes.clone()));
        let encoded = classless(lease);
        if encoded.len() <= 255 {
            options.push(DhcpOption::Unknown(UnknownOption::new(
                OptionCode::from(CLASSLESS_ROUTES_MS),
                encoded,
            )));
        }
    }
    options
}

/// Routes as RFC 3442 writes them: prefix length, the significant bytes of the destination, the router.
fn classless(lease: &Lease) -> Vec<u8> {
    let mut out = Vec::new();
    for (to, via) in &lease.routes {
        out.push(to.prefix_len());
        let significant = usize::from(to.prefix_len().div_ceil(8));
        out.extend(to.network().octets().iter().take(significant));
        out.extend(via.octets());
    }
    out
}

#[cfg(test)]
mod tests;
