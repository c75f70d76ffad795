//! What is asked of the service: canonical bodies as types. `Option<Option<T>>` tells absent, null and set apart.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use kogge_ids::{AddressScopeId, NetworkId, PortId, SecurityGroupId, ServerId, SubnetId, SubnetPoolId};
use serde::{Deserialize, Deserializer};

use super::address::{Pool, Route};
use super::dhcp_option::DhcpOption;
use super::holder::Holder;

/// Declares commands. What a body does not say is the default: that of the type, or the one that stands behind the
/// field.
macro_rules! commands {
    (@default) => { Default::default() };
    (@default $value:expr) => { $value };
    ($($(#[$doc:meta])* $name:ident { $($(#[$note:meta])* $field:ident: $type:ty $(= $default:expr)?,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(default)]
        #[expect(missing_docs, reason = "the API's own words")]
        pub struct $name {
            $($(#[$note])* pub $field: $type,)*
            /// Field rules to ask.
            #[serde(skip)]
            pub fields: Vec<String>,
        }

        impl Command for $name {
            fn asks(&mut self, rules: Vec<String>) {
                self.fields = rules;
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: commands!(@default $($default)?),)* fields: Vec::new() }
            }
        }
    )*};
}

/// A command whose body asked field rules.
pub(crate) trait Command {
    /// Takes the names of the rules.
    fn asks(&mut self, rules: Vec<String>);
}

/// Reads present-but-null as `Some(None)`.
fn patch<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

commands! {
    /// A new network.
    NewNetwork {
        project_id: Option<String>,
        name: String,
        description: String,
        admin_state_up: bool = true,
        shared: bool,
        #[serde(rename = "router:external")]
        external: bool,
        is_default: bool,
        mtu: i64,
        dns_domain: String,
        port_security_enabled: bool = true,
        #[serde(rename = "provider:network_type")]
        network_type: Option<String>,
        #[serde(rename = "provider:physical_network")]
        physical_network: Option<String>,
        #[serde(rename = "provider:segmentation_id")]
        segmentation_id: Option<i64>,
        #[serde(rename = "availability_zone_hints")]
        az_hints: Vec<String>,
        /// Made by get-me-a-network.
        #[serde(skip)]
        auto_allocated: bool,
    }

    /// A change of a network.
    NetworkChange {
        name: Option<String>,
        description: Option<String>,
        admin_state_up: Option<bool>,
        shared: Option<bool>,
        #[serde(rename = "router:external")]
        external: Option<bool>,
        is_default: Option<bool>,
        mtu: Option<i64>,
        dns_domain: Option<String>,
        port_security_enabled: Option<bool>,
        #[serde(rename = "provider:network_type")]
        network_type: Option<String>,
        #[serde(rename = "provider:physical_network")]
        physical_network: Option<String>,
        #[serde(rename = "provider:segmentation_id")]
        segmentation_id: Option<i64>,
    }

    /// A new subnet.
    NewSubnet {
        project_id: Option<String>,
        name: String,
        description: String,
        network_id: Option<NetworkId>,
        ip_version: i64,
        cidr: Option<IpNet>,
        prefixlen: Option<u8>,
        subnetpool_id: Option<SubnetPoolId>,
        use_default_subnetpool: bool,
        #[serde(deserialize_with = "patch")]
        gateway_ip: Option<Option<IpAddr>>,
        allocation_pools: Option<Vec<Pool>>,
        dns_nameservers: Vec<IpAddr>,
        host_routes: Vec<Route>,
        enable_dhcp: bool,
        ipv6_ra_mode: Option<String>,
        ipv6_address_mode: Option<String>,
        service_types: Vec<String>,
        dns_publish_fixed_ip: bool,
    }

    /// A change of a subnet.
    SubnetChange {
        name: Option<String>,
        description: Option<String>,
        #[serde(deserialize_with = "patch")]
        gateway_ip: Option<Option<IpAddr>>,
        allocation_pools: Option<Vec<Pool>>,
        dns_nameservers: Option<Vec<IpAddr>>,
        host_routes: Option<Vec<Route>>,
        enable_dhcp: Option<bool>,
        service_types: Option<Vec<String>>,
        dns_publish_fixed_ip: Option<bool>,
    }

    /// A new subnet pool.
    NewSubnetPool {
        project_id: Option<String>,
        name: String,
        description: String,
        prefixes: Vec<IpNet>,
        default_quota: Option<i64>,
        default_prefixlen: Option<i64>,
        min_prefixlen: Option<i64>,
        max_prefixlen: Option<i64>,
        is_default: bool,
        shared: bool,
        address_scope_id: Option<AddressScopeId>,
    }

    /// A change of a subnet pool.
    SubnetPoolChange {
        name: Option<String>,
        description: Option<String>,
        prefixes: Option<Vec<IpNet>>,
        default_quota: Option<i64>,
        default_prefixlen: Option<i64>,
        min_prefixlen: Option<i64>,
        max_prefixlen: Option<i64>,
        is_default: Option<bool>,
        #[serde(deserialize_with = "patch")]
        address_scope_id: Option<Option<AddressScopeId>>,
    }
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

commands! {
    /// A new port.
    NewPort {
        project_id: Option<String>,
        name: String,
        description: String,
        network_id: Option<NetworkId>,
        mac_address: Option<String>,
        admin_state_up: bool = true,
        /// `None` takes one address of each IP version; an empty list takes none.
        fixed_ips: Option<Vec<FixedIpWish>>,
        device_id: String,
        device_owner: String,
        /// `None` takes the project's default group.
        security_groups: Option<Vec<SecurityGroupId>>,
        port_security_enabled: Option<bool>,
        allowed_address_pairs: Vec<PairWish>,
        extra_dhcp_opts: Option<Vec<DhcpOption>>,
        dns_name: String,
        #[serde(rename = "binding:vnic_type")]
        vnic_type: String = "normal".to_owned(),
        trusted: Option<bool>,
        #[serde(rename = "binding:host_id")]
        host: String,
        #[serde(rename = "binding:profile")]
        binding_profile: BTreeMap<String, serde_json::Value>,
        /// What holds it: set by what plugs ports in, never by a body.
        #[serde(skip)]
        holder: Holder,
        /// The id of that thing.
        #[serde(skip)]
        holder_id: Option<String>,
        /// To be deleted with the device.
        #[serde(skip)]
        made_by_device: bool,
    }

    /// A change of a port.
    PortChange {
        name: Option<String>,
        description: Option<String>,
        #[serde(deserialize_with = "patch")]
        mac_address: Option<Option<String>>,
        admin_state_up: Option<bool>,
        fixed_ips: Option<Vec<FixedIpWish>>,
        device_id: Option<String>,
        device_owner: Option<String>,
        security_groups: Option<Vec<SecurityGroupId>>,
        port_security_enabled: Option<bool>,
        allowed_address_pairs: Option<Vec<PairWish>>,
        extra_dhcp_opts: Option<Vec<DhcpOption>>,
        dns_name: Option<String>,
        #[serde(rename = "binding:vnic_type")]
        vnic_type: Option<String>,
        trusted: Option<bool>,
        #[serde(rename = "binding:host_id")]
        host: Option<String>,
        #[serde(rename = "binding:profile")]
        binding_profile: Option<BTreeMap<String, serde_json::Value>>,
    }
}

impl NewPort {
    /// The draft of a port that a thing of this service holds.
    #[must_use]
    pub(crate) fn of(holder: Holder, id: impl std::fmt::Display, device_id: impl std::fmt::Display) -> Self {
        Self {
            holder,
            holder_id: Some(id.to_string()),
            device_id: device_id.to_string(),
            device_owner: holder.device_owner().to_owned(),
            ..Self::default()
        }
    }

    /// The draft of a port that compute makes for a server of availability zone `zone`; it goes with the server.
    #[must_use]
    pub fn of_server(server: ServerId, zone: &str) -> Self {
        Self {
            device_owner: format!("compute:{zone}"),
            made_by_device: true,
            ..Self::of(Holder::Server, server, server)
        }
    }
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

commands! {
    /// A new router.
    NewRouter {
        project_id: Option<String>,
        name: String,
        description: String,
        admin_state_up: bool = true,
        external_gateway_info: Option<GatewayWish>,
        #[serde(rename = "availability_zone_hints")]
        az_hints: Vec<String>,
    }

    /// A change of a router.
    RouterChange {
        name: Option<String>,
        description: Option<String>,
        admin_state_up: Option<bool>,
        #[serde(deserialize_with = "patch")]
        external_gateway_info: Option<Option<GatewayWish>>,
        routes: Option<Vec<Route>>,
    }

    /// A new floating IP.
    NewFloatingIp {
        project_id: Option<String>,
        description: String,
        floating_network_id: Option<NetworkId>,
        floating_ip_address: Option<IpAddr>,
        subnet_id: Option<SubnetId>,
        port_id: Option<PortId>,
        fixed_ip_address: Option<IpAddr>,
        dns_name: String,
        dns_domain: String,
    }

    /// A change of a floating IP.
    FloatingIpChange {
        description: Option<String>,
        #[serde(deserialize_with = "patch")]
        port_id: Option<Option<PortId>>,
        #[serde(deserialize_with = "patch")]
        fixed_ip_address: Option<Option<IpAddr>>,
    }

    /// A new security group.
    NewSecurityGroup {
        project_id: Option<String>,
        name: String,
        description: String,
        stateful: bool = true,
    }

    /// A change of a security group.
    SecurityGroupChange {
        name: Option<String>,
        description: Option<String>,
        stateful: Option<bool>,
    }

    /// A new rule of a security group, or a new template (which has no group).
    NewRule {
        project_id: Option<String>,
        security_group_id: String,
        direction: String = "ingress".to_owned(),
        ethertype: String = "IPv4".to_owned(),
        protocol: Option<String>,
        port_range_min: Option<i64>,
        port_range_max: Option<i64>,
        remote_ip_prefix: Option<String>,
        remote_group_id: Option<String>,
        description: String,
        used_in_default_sg: bool,
        used_in_non_default_sg: bool = true,
    }
}
