//! Router advertisements (RFC 4861, 8106): what a router's leg says about its IPv6 subnets.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use kogge_node_api::{DesiredNetwork, Ipv6Mode, RouterInterface};

use crate::mac::Mac;

/// How long the router, its prefixes and its name servers are to be used without another word, in seconds.
const LIFETIME: u32 = 1_800;
/// How long a prefix is valid, in seconds.
const PREFIX_LIFETIME: u32 = 86_400;

/// What is advertised on one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advert {
    mac: Mac,
    mtu: u32,
    managed: bool,
    other: bool,
    prefixes: Vec<(Ipv6Net, bool)>,
    dns: Vec<Ipv6Addr>,
    domain: String,
}

impl Advert {
    /// What `leg` says in `network`; `None` where no subnet of the leg wants advertisements.
    pub(crate) fn new(network: &DesiredNetwork, leg: &RouterInterface) -> Option<Self> {
        let mac = leg.mac.parse().ok()?;
        let mut advert = Self {
            mac,
            mtu: network.mtu,
            managed: false,
            other: false,
            prefixes: Vec::new(),
            dns: Vec::new(),
            domain: network.dns_domain.clone(),
        };
        for subnet in &network.subnets {
            let (IpNet::V6(cidr), Some(mode)) = (subnet.cidr, subnet.ipv6) else { continue };
            if !leg.addresses.iter().any(|own| subnet.cidr.contains(&own.addr())) {
                continue;
            }
            advert.managed |= mode == Ipv6Mode::Stateful;
            advert.other |= mode != Ipv6Mode::Slaac;
            advert.prefixes.push((cidr.trunc(), mode != Ipv6Mode::Stateful));
            advert.dns.extend(subnet.dns.iter().filter_map(|dns| match dns {
                IpAddr::V6(dns) => Some(*dns),
                IpAddr::V4(_) => None,
            }));
        }
        (!advert.prefixes.is_empty()).then_some(advert)
    }

    /// The ICMPv6 message; the kernel fills in the checksum.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let flags = u8::from(self.managed) << 7 | u8::from(self.other) << 6;
        let mut out = vec![134, 0, 0, 0, 64, flags];
        out.extend(u16::try_from(LIFETIME).unwrap_or(u16::MAX).to_be_bytes());
        out.extend([0; 8]); // reachable time and retransmission timer: as the guest likes
        out.extend([1, 1]);
        out.extend(self.mac.0);
        out.extend([5, 1, 0, 0]);
        out.extend(self.mtu.to_be_bytes());
        for (prefix, autonomous) in &self.prefixes {
            out.extend([3, 4, prefix.prefix_len(), 0x80 | u8::from(*autonomous) << 6]);
            out.extend(PREFIX_LIFETIME.to_be_bytes());
            out.extend(PREFIX_LIFETIME.to_be_bytes());
            out.extend([0; 4]);
            out.extend(prefix.network().octets());
        }
        self.names(&mut out);
        out
    }

    fn names(&self, out: &mut Vec<u8>) {
        let servers = &self.dns[..self.dns.len().min(100)];
        if let Some(units) = u8::try_from(servers.len() * 2 + 1).ok().filter(|_| !servers.is_empty()) {
            out.extend([25, units, 0, 0]);
            out.extend(LIFETIME.to_be_bytes());
            out.extend(servers.iter().flat_map(Ipv6Addr::octets));
        }
        if let Some(mut list) = super::v6::domain_list(&self.domain) {
            list.resize(list.len().next_multiple_of(8), 0);
            if let Ok(units) = u8::try_from(list.len() / 8 + 1) {
                out.extend([31, units, 0, 0]);
                out.extend(LIFETIME.to_be_bytes());
                out.extend(list);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::network;
    use kogge_ids::PortId;

    fn advert(mode: Option<Ipv6Mode>) -> Option<Vec<u8>> {
        let mut network = network(7);
        network.subnets[0].cidr = "fd00:10::/64".parse().unwrap();
        network.subnets[0].ipv6 = mode;
        network.subnets[0].dns = vec!["fd00::53".parse().unwrap()];
        let leg = RouterInterface {
            port: PortId::random(),
            network: network.id,
            mac: "fa:16:3e:ff:00:01".to_owned(),
            addresses: vec!["fd00:10::1/64".parse().unwrap()],
        };
        Advert::new(&network, &leg).map(|advert| advert.bytes())
    }

    /// Flags of the message and of its prefix.
    fn flags(mode: Ipv6Mode) -> (u8, u8) {
        let bytes = advert(Some(mode)).unwrap();
        (bytes[5], bytes[16 + 8 + 8 + 3])
    }

    #[test]
    fn the_flags_say_how_addresses_are_made() {
        assert_eq!(flags(Ipv6Mode::Slaac), (0x00, 0xc0));
        assert_eq!(flags(Ipv6Mode::Stateless), (0x40, 0xc0));
        assert_eq!(flags(Ipv6Mode::Stateful), (0xc0, 0x80));
    }

    #[test]
    fn every_option_is_a_multiple_of_eight_bytes() {
        let bytes = advert(Some(Ipv6Mode::Slaac)).unwrap();
        let mut at = 16;
        let mut kinds = Vec::new();
        while at < bytes.len() {
            kinds.push(bytes[at]);
            at += usize::from(bytes[at + 1]) * 8;
        }
        assert_eq!(at, bytes.len());
        assert_eq!(kinds, [1, 5, 3, 25, 31], "source, MTU, prefix, name servers, domain");
    }

    #[test]
    fn a_subnet_whose_user_brings_an_own_router_is_not_advertised() {
        assert_eq!(advert(None), None);
    }
}
