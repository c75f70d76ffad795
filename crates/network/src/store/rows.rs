//! The rows. A row is the model: what is computed from several rows stands in [`crate::model`].

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use kogge_clock::Timestamp;
use kogge_ids::{
    AddressScopeId, FloatingIpId, NetworkId, PortId, RouterId, SecurityGroupId, SecurityGroupRuleId,
    SubnetId, SubnetPoolId,
};
use serde::{Deserialize, Serialize};

use kogge_db::record::Json;
use kogge_db::{record, text_columns};

use super::owner::Owner;
use crate::model::address::{Pool, Route};
use crate::model::dhcp_option::DhcpOption;
use crate::model::holder::Holder;

text_columns!(Holder);

record! {
    /// A network.
    pub Network in "networks" touches "networks" by id {
        /// Its id.
        id: NetworkId,
        /// The project it belongs to.
        project_id: String,
        /// Its name.
        name: String,
        /// What the user says about it.
        description: String,
        /// False cuts all its ports off.
        admin_state_up: bool,
        /// MTU in bytes.
        mtu: i64,
        /// DNS domain of its guests, with trailing dot, or empty.
        dns_domain: String,
        /// What new ports start with.
        port_security_enabled: bool,
        /// Joined to the world.
        external: bool,
        /// The external network that `auto` topologies use.
        is_default: bool,
        /// `vxlan`, `vlan`, `flat` …
        network_type: String,
        /// Name of the physical network of a provider network.
        physical_network: Option<String>,
        /// VLAN or tunnel number as users know it.
        segmentation_id: Option<i64>,
        /// Our own number of the network, unique in the cloud, 1 to 16777215.
        segment: i64,
        /// Availability zone hints.
        az_hints: Json<Vec<String>>,
        /// Made by get-me-a-network.
        auto_allocated: bool,
        /// Tags.
        tags: Json<Vec<String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Rises with every change.
        revision_number: i64,
    }
}

record! {
    /// A subnet.
    pub Subnet in "subnets" touches "networks" by network_id {
        /// Its id.
        id: SubnetId,
        /// The project it belongs to.
        project_id: String,
        /// Its name.
        name: String,
        /// What the user says about it.
        description: String,
        /// Its network.
        network_id: NetworkId,
        /// 4 or 6.
        ip_version: i64,
        /// Its range.
        cidr: IpNet,
        /// Its gateway.
        gateway_ip: Option<IpAddr>,
        /// Where addresses are taken from.
        allocation_pools: Json<Vec<Pool>>,
        /// Name servers for guests.
        dns_nameservers: Json<Vec<IpAddr>>,
        /// Routes for guests.
        host_routes: Json<Vec<Route>>,
        /// Whether DHCP answers.
        enable_dhcp: bool,
        /// How routers advertise.
        ipv6_ra_mode: Option<String>,
        /// How guests get addresses.
        ipv6_address_mode: Option<String>,
        /// The pool its range was taken from.
        subnetpool_id: Option<SubnetPoolId>,
        /// Device owners that may have addresses of it; empty for all.
        service_types: Json<Vec<String>>,
        /// Whether fixed addresses are published in DNS.
        dns_publish_fixed_ip: bool,
        /// Tags.
        tags: Json<Vec<String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Rises with every change.
        revision_number: i64,
    }
}

record! {
    /// A subnet pool.
    pub SubnetPool in "subnet_pools" {
        /// Its id.
        id: SubnetPoolId,
        /// The project it belongs to.
        project_id: String,
        /// Its name.
        name: String,
        /// What the user says about it.
        description: String,
        /// 4 or 6.
        ip_version: i64,
        /// Its ranges, aggregated.
        prefixes: Json<Vec<IpNet>>,
        /// How much a project may take: addresses (IPv4) or /64 ranges (IPv6).
        default_quota: Option<i64>,
        /// Length of a range where the user wishes none.
        default_prefixlen: i64,
        /// Shortest length.
        min_prefixlen: i64,
        /// Longest length.
        max_prefixlen: i64,
        /// The pool of `use_default_subnetpool`.
        is_default: bool,
        /// For all projects.
        shared: bool,
        /// Its address scope.
        address_scope_id: Option<AddressScopeId>,
        /// Tags.
        tags: Json<Vec<String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Rises with every change.
        revision_number: i64,
    }
}

record! {
    /// An address scope.
    pub AddressScope in "address_scopes" {
        /// Its id.
        id: AddressScopeId,
        /// The project it belongs to.
        project_id: String,
        /// Its name.
        name: String,
        /// 4 or 6.
        ip_version: i64,
        /// For all projects.
        shared: bool,
    }
}

/// An allowed address pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressPair {
    /// Address or range, as the user wrote it.
    pub ip_address: String,
    /// MAC address; the port's own where the user gave none.
    pub mac_address: String,
}

record! {
    /// A port.
    pub Port in "ports" touches "ports" by id {
        /// Its id.
        id: PortId,
        /// The project it belongs to; none for ports of gateways and floating IPs.
        project_id: Owner,
        /// Its name.
        name: String,
        /// What the user says about it.
        description: String,
        /// Its network.
        network_id: NetworkId,
        /// MAC address, lower case with colons.
        mac_address: String,
        /// False cuts it off.
        admin_state_up: bool,
        /// What holds it; written only by what plugs ports in.
        holder: Holder,
        /// The server, router, floating IP or network of [`Port::holder`].
        holder_id: Option<String>,
        /// What its project says that it is plugged into, or empty. Proves nothing: see [`Port::holder`].
        device_id: String,
        /// What kind of thing that is, by the same word.
        device_owner: String,
        /// What somebody who may choose chose. What counts is [`Port::is_filtered`].
        port_security_enabled: bool,
        /// Further addresses it may use.
        allowed_address_pairs: Json<Vec<AddressPair>>,
        /// Options for DHCP.
        extra_dhcp_opts: Json<Vec<DhcpOption>>,
        /// Host name.
        dns_name: String,
        /// `normal` …
        vnic_type: String,
        /// Whether the guest may do as it likes with a virtual function, as an administrator said; kept and shown.
        trusted: Option<bool>,
        /// The host it is bound to, or empty.
        host: String,
        /// What compute wants to remember.
        binding_profile: Json<BTreeMap<String, serde_json::Value>>,
        /// Made by the device (compute) and to be deleted with it.
        made_by_device: bool,
        /// Observed: plugged in, traffic flows.
        up: bool,
        /// [`crate::model::status::port`] of the rest of the row.
        status: String,
        /// Tags.
        tags: Json<Vec<String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Rises with every change.
        revision_number: i64,
    }
}

impl Port {
    /// Whether traffic of the port is filtered: by what the port is now, and where a guest may stand behind it, by the
    /// choice of somebody who may switch the filter off.
    #[must_use]
    pub const fn is_filtered(&self) -> bool {
        !self.holder.is_ours() && self.port_security_enabled
    }

    /// True where this thing holds the port.
    #[must_use]
    pub fn is_held_by(&self, holder: Holder, id: impl std::fmt::Display) -> bool {
        self.holder == holder && self.holder_id.as_deref() == Some(id.to_string().as_str())
    }
}

record! {
    /// A security group.
    pub SecurityGroup in "security_groups" touches "security_groups" by id {
        /// Its id.
        id: SecurityGroupId,
        /// The project it belongs to.
        project_id: String,
        /// Its name.
        name: String,
        /// What the user says about it.
        description: String,
        /// False: each direction needs its own rules.
        stateful: bool,
        /// The project's `default` group.
        is_default: bool,
        /// Tags.
        tags: Json<Vec<String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Rises with every change.
        revision_number: i64,
    }
}

record! {
    /// A security group rule.
    pub SecurityGroupRule in "security_group_rules" touches "security_groups" by security_group_id {
        /// Its id.
        id: SecurityGroupRuleId,
        /// The project it belongs to.
        project_id: String,
        /// Its group.
        security_group_id: SecurityGroupId,
        /// `ingress` or `egress`.
        direction: String,
        /// `IPv4` or `IPv6`.
        ethertype: String,
        /// Protocol name or number, as the user wrote it.
        protocol: Option<String>,
        /// Lowest port, or ICMP type.
        port_range_min: Option<i64>,
        /// Highest port, or ICMP code.
        port_range_max: Option<i64>,
        /// The other side's range, as the user wrote it.
        remote_ip_prefix: Option<String>,
        /// The other side's group.
        remote_group_id: Option<SecurityGroupId>,
        /// What the user says about it.
        description: String,
        /// Equal for equal rules.
        fingerprint: String,
        /// When it was made.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Rises with every change.
        revision_number: i64,
    }
}

record! {
    /// A template: a rule that new security groups start with.
    pub DefaultRule in "default_security_group_rules" {
        /// Its id.
        id: SecurityGroupRuleId,
        /// `ingress` or `egress`.
        direction: String,
        /// `IPv4` or `IPv6`.
        ethertype: String,
        /// Protocol name or number.
        protocol: Option<String>,
        /// Lowest port, or ICMP type.
        port_range_min: Option<i64>,
        /// Highest port, or ICMP code.
        port_range_max: Option<i64>,
        /// The other side's range.
        remote_ip_prefix: Option<String>,
        /// The other side's group, or `PARENT` for the new group itself.
        remote_group_id: Option<String>,
        /// For the `default` group of projects.
        used_in_default_sg: bool,
        /// For all other groups.
        used_in_non_default_sg: bool,
        /// What the admin says about it.
        description: String,
    }
}

record! {
    /// A router. Its interfaces are the ports that it holds.
    pub Router in "routers" touches "routers" by id {
        /// Its id.
        id: RouterId,
        /// The project it belongs to.
        project_id: String,
        /// Its name.
        name: String,
        /// What the user says about it.
        description: String,
        /// False stops all forwarding.
        admin_state_up: bool,
        /// Its port in the external network.
        gateway_port_id: Option<PortId>,
        /// The external network.
        gateway_network_id: Option<NetworkId>,
        /// Whether guests without floating IP go out under the router's address.
        enable_snat: bool,
        /// Static routes.
        routes: Json<Vec<Route>>,
        /// Availability zone hints.
        az_hints: Json<Vec<String>>,
        /// Tags.
        tags: Json<Vec<String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Rises with every change.
        revision_number: i64,
    }
}

record! {
    /// A floating IP.
    pub FloatingIp in "floating_ips" touches "routers" by router_id {
        /// Its id.
        id: FloatingIpId,
        /// The project it belongs to.
        project_id: String,
        /// What the user says about it.
        description: String,
        /// The external network.
        floating_network_id: NetworkId,
        /// The address outside.
        floating_ip_address: IpAddr,
        /// The port that holds this address.
        floating_port_id: PortId,
        /// The port it leads to.
        port_id: Option<PortId>,
        /// The address it leads to.
        fixed_ip_address: Option<IpAddr>,
        /// The router it goes over.
        router_id: Option<RouterId>,
        /// Host name.
        dns_name: String,
        /// DNS domain.
        dns_domain: String,
        /// Tags.
        tags: Json<Vec<String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Rises with every change.
        revision_number: i64,
    }
}

record! {
    /// A sharing policy of a network.
    pub RbacPolicy in "network_rbac" {
        /// Its id.
        id: String,
        /// The project that shares.
        project_id: String,
        /// `network`.
        object_type: String,
        /// The network.
        object_id: NetworkId,
        /// `access_as_shared` or `access_as_external`.
        action: String,
        /// The project that may use it, or `*`.
        target_project: String,
    }
}
