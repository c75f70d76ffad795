//! DHCP of one network without sockets: a packet in, an answer out.

use std::net::{Ipv6Addr, SocketAddrV4};

use kogge_ids::NetworkId;
use kogge_node_api::DesiredNetworking;

use super::leases::Leases;
use super::{v4, v6};
use crate::layout::Layout;

/// What the DHCP servers of a network answer.
#[derive(Debug, Clone)]
pub struct DhcpAnswers(Leases);

impl DhcpAnswers {
    /// For the network `id` of a desired state; `None` where there is no such network.
    #[must_use]
    pub fn new(desired: &DesiredNetworking, id: NetworkId) -> Option<Self> {
        let network = desired.networks.iter().find(|network| network.id == id)?;
        Some(Self(Leases::new(&Layout::new(desired), network)))
    }

    /// The answer to a DHCPv4 packet and where it goes; `None` for what is malformed, not for us, or from a stranger.
    #[must_use]
    pub fn v4(&self, packet: &[u8]) -> Option<(Vec<u8>, SocketAddrV4)> {
        v4::answer(&self.0, packet).map(|reply| (reply.bytes, reply.to))
    }

    /// The answer to a DHCPv6 packet from the link-local address `from`; `None` as for [`DhcpAnswers::v4`].
    #[must_use]
    pub fn v6(&self, packet: &[u8], from: Ipv6Addr) -> Option<Vec<u8>> {
        v6::answer(&self.0, packet, from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{network, port};

    fn discover(mac: [u8; 6]) -> Vec<u8> {
        let mut packet = vec![0; 240];
        packet[..3].copy_from_slice(&[1, 1, 6]);
        packet[28..34].copy_from_slice(&mac);
        packet[236..240].copy_from_slice(&[99, 130, 83, 99]);
        packet.extend([53, 1, 1, 255]);
        packet
    }

    #[test]
    fn a_guest_gets_its_address_and_a_stranger_silence() {
        let network = network(7);
        let ports = vec![port(&network, "fa:16:3e:00:00:0a", "10.0.0.10")];
        let id = network.id;
        let desired = DesiredNetworking { networks: vec![network], ports, ..DesiredNetworking::default() };
        let answers = DhcpAnswers::new(&desired, id).unwrap();
        let (offer, to) = answers.v4(&discover([0xfa, 0x16, 0x3e, 0, 0, 0x0a])).unwrap();
        assert_eq!((offer[0], &offer[16..20]), (2, &[10, 0, 0, 10][..]));
        assert_eq!(to, "10.0.0.10:68".parse().unwrap());
        assert_eq!(answers.v4(&discover([0xfa, 0x16, 0x3e, 0, 0, 0x0b])), None);
        assert!(DhcpAnswers::new(&DesiredNetworking::default(), id).is_none());
    }
}
