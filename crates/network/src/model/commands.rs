//! What is asked of the service: canonical bodies as types. `Option<Option<T>>` tells absent, null and set apart.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use kogge_ids::{AddressScopeId, NetworkId, PortId, SecurityGroupId, SubnetId, SubnetPoolId};
use serde::{Deserialize, Deserializer};

use super::address::Pool;
use crate::store::rows::{DhcpOption, Route};

/// Reads present-but-null as `Some(None)`.
fn patch<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A new network.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NewNetwork {
    pub project_id: Option<String>,
    pub name: String,
    pub description: String,
    pub admin_state_up: bool,
    pub shared: bool,
    #[serde(rename = "router:external")]
    pub external: bool,
    pub is_default: bool,
    pub mtu: i64,
    pub dns_domain: String,
    pub port_security_enabled: bool,
    #[serde(rename = "provider:network_type")]
    pub network_type: Option<String>,
    #[serde(rename = "provider:physical_network")]
    pub physical_network: Option<String>,
    #[serde(rename = "provider:segmentation_id")]
    pub segmentation_id: Option<i64>,
    #[serde(rename = "availability_zone_hints")]
    pub az_hints: Vec<String>,
    /// Made by get-me-a-network.
    #[serde(skip)]
    pub auto_allocated: bool,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

impl Default for NewNetwork {
    fn default() -> Self {
        Self {
            project_id: None,
            name: String::new(),
            description: String::new(),
            admin_state_up: true,
            shared: false,
            external: false,
            is_default: false,
            mtu: 0,
            dns_domain: String::new(),
            port_security_enabled: true,
            network_type: None,
            physical_network: None,
            segmentation_id: None,
            az_hints: Vec::new(),
            auto_allocated: false,
            fields: Vec::new(),
        }
    }
}

/// A change of a network.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NetworkChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub admin_state_up: Option<bool>,
    pub shared: Option<bool>,
    #[serde(rename = "router:external")]
    pub external: Option<bool>,
    pub is_default: Option<bool>,
    pub mtu: Option<i64>,
    pub dns_domain: Option<String>,
    pub port_security_enabled: Option<bool>,
    #[serde(rename = "provider:network_type")]
    pub network_type: Option<String>,
    #[serde(rename = "provider:physical_network")]
    pub physical_network: Option<String>,
    #[serde(rename = "provider:segmentation_id")]
    pub segmentation_id: Option<i64>,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A new subnet.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NewSubnet {
    pub project_id: Option<String>,
    pub name: String,
    pub description: String,
    pub network_id: Option<NetworkId>,
    pub ip_version: i64,
    pub cidr: Option<IpNet>,
    pub prefixlen: Option<u8>,
    pub subnetpool_id: Option<SubnetPoolId>,
    pub use_default_subnetpool: bool,
    #[serde(deserialize_with = "patch")]
    pub gateway_ip: Option<Option<IpAddr>>,
    pub allocation_pools: Option<Vec<Pool>>,
    pub dns_nameservers: Vec<IpAddr>,
    pub host_routes: Vec<Route>,
    pub enable_dhcp: bool,
    pub ipv6_ra_mode: Option<String>,
    pub ipv6_address_mode: Option<String>,
    pub service_types: Vec<String>,
    pub dns_publish_fixed_ip: bool,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A change of a subnet.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct SubnetChange {
    pub name: Option<String>,
    pub description: Option<String>,
    #[serde(deserialize_with = "patch")]
    pub gateway_ip: Option<Option<IpAddr>>,
    pub allocation_pools: Option<Vec<Pool>>,
    pub dns_nameservers: Option<Vec<IpAddr>>,
    pub host_routes: Option<Vec<Route>>,
    pub enable_dhcp: Option<bool>,
    pub service_types: Option<Vec<String>>,
    pub dns_publish_fixed_ip: Option<bool>,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A new subnet pool.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NewSubnetPool {
    pub project_id: Option<String>,
    pub name: String,
    pub description: String,
    pub prefixes: Vec<IpNet>,
    pub default_quota: Option<i64>,
    pub default_prefixlen: Option<i64>,
    pub min_prefixlen: Option<i64>,
    pub max_prefixlen: Option<i64>,
    pub is_default: bool,
    pub shared: bool,
    pub address_scope_id: Option<AddressScopeId>,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A change of a subnet pool.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct SubnetPoolChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub prefixes: Option<Vec<IpNet>>,
    pub default_quota: Option<i64>,
    pub default_prefixlen: Option<i64>,
    pub min_prefixlen: Option<i64>,
    pub max_prefixlen: Option<i64>,
    pub is_default: Option<bool>,
    #[serde(deserialize_with = "patch")]
    pub address_scope_id: Option<Option<AddressScopeId>>,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A wish for an address: by subnet, by address, or both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct FixedIpWish {
    pub subnet_id: Option<SubnetId>,
    pub ip_address: Option<IpAddr>,
}

/// A wished address pair; the MAC address is the port's own where absent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct PairWish {
    pub ip_address: String,
    pub mac_address: Option<String>,
}

/// A new port.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NewPort {
    pub project_id: Option<String>,
    pub name: String,
    pub description: String,
    pub network_id: Option<NetworkId>,
    pub mac_address: Option<String>,
    pub admin_state_up: bool,
    /// `None` takes one address of each IP version; an empty list takes none.
    pub fixed_ips: Option<Vec<FixedIpWish>>,
    pub device_id: String,
    pub device_owner: String,
    /// `None` takes the project's default group.
    pub security_groups: Option<Vec<SecurityGroupId>>,
    pub port_security_enabled: Option<bool>,
    pub allowed_address_pairs: Vec<PairWish>,
    pub extra_dhcp_opts: Option<Vec<DhcpOption>>,
    pub dns_name: String,
    #[serde(rename = "binding:vnic_type")]
    pub vnic_type: String,
    #[serde(rename = "binding:host_id")]
    pub host: String,
    #[serde(rename = "binding:profile")]
    pub binding_profile: BTreeMap<String, serde_json::Value>,
    /// To be deleted with the device.
    #[serde(skip)]
    pub made_by_device: bool,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

impl Default for NewPort {
    fn default() -> Self {
        Self {
            project_id: None,
            name: String::new(),
            description: String::new(),
            network_id: None,
            mac_address: None,
            admin_state_up: true,
            fixed_ips: None,
            device_id: String::new(),
            device_owner: String::new(),
            security_groups: None,
            port_security_enabled: None,
            allowed_address_pairs: Vec::new(),
            extra_dhcp_opts: None,
            dns_name: String::new(),
            vnic_type: "normal".to_owned(),
            host: String::new(),
            binding_profile: BTreeMap::new(),
            made_by_device: false,
            fields: Vec::new(),
        }
    }
}

/// A change of a port.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct PortChange {
    pub name: Option<String>,
    pub description: Option<String>,
    #[serde(deserialize_with = "patch")]
    pub mac_address: Option<Option<String>>,
    pub admin_state_up: Option<bool>,
    pub fixed_ips: Option<Vec<FixedIpWish>>,
    pub device_id: Option<String>,
    pub device_owner: Option<String>,
    pub security_groups: Option<Vec<SecurityGroupId>>,
    pub port_security_enabled: Option<bool>,
    pub allowed_address_pairs: Option<Vec<PairWish>>,
    pub extra_dhcp_opts: Option<Vec<DhcpOption>>,
    pub dns_name: Option<String>,
    #[serde(rename = "binding:vnic_type")]
    pub vnic_type: Option<String>,
    #[serde(rename = "binding:host_id")]
    pub host: Option<String>,
    #[serde(rename = "binding:profile")]
    pub binding_profile: Option<BTreeMap<String, serde_json::Value>>,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A router's way out.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct GatewayWish {
    pub network_id: NetworkId,
    pub enable_snat: Option<bool>,
    #[serde(default)]
    pub external_fixed_ips: Vec<FixedIpWish>,
}

/// A new router.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NewRouter {
    pub project_id: Option<String>,
    pub name: String,
    pub description: String,
    pub admin_state_up: bool,
    pub external_gateway_info: Option<GatewayWish>,
    #[serde(rename = "availability_zone_hints")]
    pub az_hints: Vec<String>,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

impl Default for NewRouter {
    fn default() -> Self {
        Self {
            project_id: None,
            name: String::new(),
            description: String::new(),
            admin_state_up: true,
            external_gateway_info: None,
            az_hints: Vec::new(),
            fields: Vec::new(),
        }
    }
}

/// A change of a router.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct RouterChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub admin_state_up: Option<bool>,
    #[serde(deserialize_with = "patch")]
    pub external_gateway_info: Option<Option<GatewayWish>>,
    pub routes: Option<Vec<Route>>,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A new floating IP.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NewFloatingIp {
    pub project_id: Option<String>,
    pub description: String,
    pub floating_network_id: Option<NetworkId>,
    pub floating_ip_address: Option<IpAddr>,
    pub subnet_id: Option<SubnetId>,
    pub port_id: Option<PortId>,
    pub fixed_ip_address: Option<IpAddr>,
    pub dns_name: String,
    pub dns_domain: String,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A change of a floating IP.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct FloatingIpChange {
    pub description: Option<String>,
    #[serde(deserialize_with = "patch")]
    pub port_id: Option<Option<PortId>>,
    #[serde(deserialize_with = "patch")]
    pub fixed_ip_address: Option<Option<IpAddr>>,
    /// Field rules to ask.
    #[serde(skip)]
    pub fields: Vec<String>,
}

/// A new security group.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NewSecurityGroup {
    pub project_id: Option<String>,
    pub name: String,
    pub description: String,
    pub stateful: bool,
}

impl Default for NewSecurityGroup {
    fn default() -> Self {
        Self { project_id: None, name: String::new(), description: String::new(), stateful: true }
    }
}

/// A change of a security group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct SecurityGroupChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub stateful: Option<bool>,
}

/// A new rule of a security group, or a new template (which has no group).
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the API's own words")]
pub struct NewRule {
    pub project_id: Option<String>,
    pub security_group_id: String,
    pub direction: String,
    pub ethertype: String,
    pub protocol: Option<String>,
    pub port_range_min: Option<i64>,
    pub port_range_max: Option<i64>,
    pub remote_ip_prefix: Option<String>,
    pub remote_group_id: Option<String>,
    pub description: String,
    pub used_in_default_sg: bool,
    pub used_in_non_default_sg: bool,
}

impl Default for NewRule {
    fn default() -> Self {
        Self {
            project_id: None,
            security_group_id: String::new(),
            direction: "ingress".to_owned(),
            ethertype: "IPv4".to_owned(),
            protocol: None,
            port_range_min: None,
            port_range_max: None,
            remote_ip_prefix: None,
            remote_group_id: None,
            description: String::new(),
            used_in_default_sg: false,
            used_in_non_default_sg: true,
        }
    }
}
