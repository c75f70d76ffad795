//! Addresses of servers, by the name of the network.

use std::net::IpAddr;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::lower::network::Attached;

/// An address.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Address<'a> {
    version: u8,
    addr: IpAddr,
    #[serde(rename = "OS-EXT-IPS:type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(rename = "OS-EXT-IPS-MAC:mac_addr", skip_serializing_if = "Option::is_none")]
    mac: Option<&'a str>,
}

/// Networks in the guest's order, each with its addresses: fixed ones, then floating ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Addresses<'a>(pub(crate) Vec<(&'a str, Vec<Address<'a>>)>);

impl Serialize for Addresses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (network, addresses) in &self.0 {
            map.serialize_entry(network, addresses)?;
        }
        map.end()
    }
}

/// The addresses of these ports. `extended` adds kind and MAC address.
pub(crate) fn of(ports: &[Attached], extended: bool) -> Addresses<'_> {
    let mut networks: Vec<(&str, Vec<Address<'_>>)> = Vec::new();
    for floating in [false, true] {
        for port in ports {
            let name = port.network_name.as_str();
            let at = networks.iter().position(|(found, _)| *found == name).unwrap_or_else(|| {
                networks.push((name, Vec::new()));
                networks.len() - 1
            });
            let address = |addr: IpAddr| Address {
                version: if addr.is_ipv4() { 4 } else { 6 },
                addr,
                kind: extended.then_some(if floating { "floating" } else { "fixed" }),
                mac: extended.then_some(port.mac.as_str()),
            };
            if floating {
                networks[at].1.extend(port.floating_ips.iter().copied().map(address));
            } else {
                networks[at].1.extend(port.fixed_ips.iter().map(|(_, addr)| address(*addr)));
            }
        }
    }
    Addresses(networks)
}
