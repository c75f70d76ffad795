//! Settings of the network service.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Settings of the network service; each has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// Greatest MTU of networks in bytes, and the MTU of those for which users wish none.
    pub mtu: i64,
    /// DNS domain of guests whose network has none, with trailing dot.
    pub dns_domain: String,
    /// Most name servers of a subnet.
    pub max_dns_nameservers: usize,
    /// Most host routes of a subnet.
    pub max_host_routes: usize,
    /// Most static routes of a router.
    pub max_routes: usize,
    /// Name of the availability zone.
    pub availability_zone: String,
    /// Limits per project that differ from the built-in ones: resource name to amount, -1 for none.
    pub quotas: BTreeMap<String, i64>,
    /// Range from which subnets of get-me-a-network topologies are cut where there is no default subnet pool.
    pub auto_range: IpNet,
    /// The external network made at the first start.
    pub public: PublicNetwork,
}

/// The external network made at the first start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublicNetwork {
    /// Whether it is made.
    pub enabled: bool,
    /// Its name.
    pub name: String,
    /// Its range.
    pub cidr: IpNet,
    /// The host's address in it; the first one where absent.
    pub gateway: Option<IpAddr>,
    /// First address for routers and floating IPs; the first free one where absent.
    pub pool_start: Option<IpAddr>,
    /// Last address for routers and floating IPs; the last free one where absent.
    pub pool_end: Option<IpAddr>,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            mtu: 1450,
            dns_domain: "openstacklocal.".to_owned(),
            max_dns_nameservers: 5,
            max_host_routes: 20,
            max_routes: 30,
            availability_zone: "nova".to_owned(),
            quotas: BTreeMap::new(),
            auto_range: net([10, 64, 0, 0], 16),
            public: PublicNetwork::default(),
        }
    }
}

impl Default for PublicNetwork {
    fn default() -> Self {
        Self {
            enabled: true,
            name: "public".to_owned(),
            cidr: net([172, 24, 4, 0], 24),
            gateway: None,
            pool_start: None,
            pool_end: None,
        }
    }
}

fn net(octets: [u8; 4], bits: u8) -> IpNet {
    ipnet::Ipv4Net::new(octets.into(), bits).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_usable_public_network() {
        let config = NetworkConfig::default();
        assert_eq!(config.public.cidr.to_string(), "172.24.4.0/24");
        assert_eq!(config.auto_range.to_string(), "10.64.0.0/16");
        assert!(serde_json::from_str::<NetworkConfig>(r#"{"mut": 1}"#).is_err());
        assert_eq!(serde_json::from_str::<NetworkConfig>("{}").unwrap(), config);
    }
}
