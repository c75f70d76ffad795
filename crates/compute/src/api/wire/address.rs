//! Addresses of servers, by the name of the network.

use std::net::IpAddr;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::lower::network::Attached;

/// An address.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Address {
    version: u8,
    addr: IpAddr,
    #[serde(rename = "OS-EXT-IPS:type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(rename = "OS-EXT-IPS-MAC:mac_addr", skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
}

/// Networks in the guest's order, each with its addresses: fixed ones, then floating ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Addresses(pub(crate) Vec<(String, Vec<Address>)>);

impl Serialize for Addresses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (network, addresses) in &self.0 {
            map.serialize_entry(network, addresses)?;
        }
        map.end()
    }
}

/// The addresses of these ports. `extended` adds kind and MAC address.
pub(crate) fn of(ports: &[Attached], extended: bool) -> Addresses {
    let mut networks: Vec<(String, Vec<Address>)> = Vec::new();
    for floating in [false, true] {
        for port in ports {
            let at = match networks.iter().position(|(name, _)| *name == port.network_name) {
                Some(at) => at,
                None => {
                    networks.push((port.network_name.clone(), Vec::new()));
                    networks.len() - 1
                }
            };
            let fixed = port.fixed_ips.iter().map(|(_, address)| *address);
            let found: Vec<IpAddr> = if floating { port.floating_ips.clone() } else { fixed.collect() };
            networks[at].1.extend(found.into_iter().map(|addr| Address {
                version: if addr.is_ipv4() { 4 } else { 6 },
                addr,
                kind: extended.then_some(if floating { "floating" } else { "fixed" }),
                mac: extended.then(|| port.mac.clone()),
            }));
        }
    }
    Addresses(networks)
}
