//! A port of a server, as its guest has to know it.

use std::net::IpAddr;

use ipnet::IpNet;
use kogge_ids::{NetworkId, PortId, SecurityGroupId, ServerId, SubnetId};

use super::address::Route;

/// An address of a port, with what a guest has to know of its subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortAddress {
    /// The subnet.
    pub subnet_id: SubnetId,
    /// The address.
    pub address: IpAddr,
    /// The subnet's range.
    pub cidr: IpNet,
    /// Its gateway.
    pub gateway: Option<IpAddr>,
    /// Its name servers.
    pub dns: Vec<IpAddr>,
    /// Its host routes.
    pub host_routes: Vec<Route>,
    /// Whether DHCP answers.
    pub dhcp: bool,
    /// `ipv6_address_mode`, or else `ipv6_ra_mode`.
    pub ipv6_mode: Option<String>,
    /// The floating IP that leads to it.
    pub floating_ip: Option<IpAddr>,
}

/// A port of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePort {
    /// Its id.
    pub id: PortId,
    /// The server.
    pub server: ServerId,
    /// Its network.
    pub network_id: NetworkId,
    /// The network's name.
    pub network_name: String,
    /// MAC address.
    pub mac: String,
    /// MTU in bytes.
    pub mtu: u32,
    /// `ACTIVE`, `DOWN`.
    pub status: String,
    /// False cuts it off.
    pub admin_state_up: bool,
    /// `normal` …
    pub vnic_type: String,
    /// The host it is bound to, or empty.
    pub host: String,
    /// True where compute made it and it goes with the server.
    pub made_by_device: bool,
    /// Its addresses.
    pub addresses: Vec<PortAddress>,
    /// Its security groups: id and name.
    pub security_groups: Vec<(SecurityGroupId, String)>,
}
