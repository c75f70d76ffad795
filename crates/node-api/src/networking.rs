//! Networking as a node should have it. A node is told what changes of it ([`crate::NetworkingChange`]) and holds the whole,
//! so that making it true is a pure function of it.

use std::net::IpAddr;

use ipnet::IpNet;
use kogge_ids::{NetworkId, PortId, RouterId, SecurityGroupId, ServerId, SubnetId};
use serde::{Deserialize, Serialize};

/// Everything of networking that one node needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredNetworking {
    /// Networks with a port or router on this node.
    pub networks: Vec<DesiredNetwork>,
    /// Routers that live on this node.
    pub routers: Vec<DesiredRouter>,
    /// Ports of instances on this node. DHCP and router ports are part of subnets and routers.
    pub ports: Vec<DesiredPort>,
    /// Security groups that these ports use, and those they refer to.
    pub security_groups: Vec<DesiredSecurityGroup>,
}

impl DesiredNetworking {
    /// True where there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
            && self.routers.is_empty()
            && self.ports.is_empty()
            && self.security_groups.is_empty()
    }
}

/// A network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredNetwork {
    /// Its id.
    pub id: NetworkId,
    /// Segmentation id, unique in the cloud; 1 to 16777215.
    pub segment: u32,
    /// MTU in bytes.
    pub mtu: u32,
    /// Tenant or external.
    pub kind: NetworkKind,
    /// Its subnets.
    pub subnets: Vec<DesiredSubnet>,
    /// DNS domain of the guests, without trailing dot.
    pub dns_domain: String,
}

/// What a network is joined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkKind {
    /// Isolated; only routers lead out.
    Tenant,
    /// Joined to the world through the host.
    External,
}

/// A subnet of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredSubnet {
    /// Its id.
    pub id: SubnetId,
    /// Its range.
    pub cidr: IpNet,
    /// The gateway that guests are told.
    pub gateway: Option<IpAddr>,
    /// Whether DHCP is answered (IPv4) or addresses are handed out as `ipv6` says.
    pub dhcp: bool,
    /// The address and MAC of the DHCP port, where there is one.
    pub dhcp_port: Option<(IpAddr, String)>,
    /// Name servers for guests.
    pub dns: Vec<IpAddr>,
    /// Additional routes for guests.
    pub host_routes: Vec<HostRoute>,
    /// How IPv6 addresses are made; `None` for IPv4 or where the user brings an own router.
    pub ipv6: Option<Ipv6Mode>,
}

/// A route that guests are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRoute {
    /// Where to.
    pub destination: IpNet,
    /// Over which address.
    pub next_hop: IpAddr,
}

/// `ipv6_ra_mode`/`ipv6_address_mode` of a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ipv6Mode {
    /// Addresses by router advertisement.
    Slaac,
    /// Addresses by router advertisement, options by DHCPv6.
    Stateless,
    /// Addresses by DHCPv6.
    Stateful,
}

/// A port of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredPort {
    /// Its id.
    pub id: PortId,
    /// Its network.
    pub network: NetworkId,
    /// The server it belongs to; the metadata service answers for this server.
    pub server: Option<ServerId>,
    /// MAC address, lower case with colons.
    pub mac: String,
    /// The addresses it may use.
    pub fixed_ips: Vec<FixedIp>,
    /// False cuts the port off.
    pub admin_up: bool,
    /// False lets everything through: no anti-spoofing and no security groups.
    pub port_security: bool,
    /// Further addresses it may use.
    pub allowed_pairs: Vec<AddressPair>,
    /// Its security groups; none lets nothing in or out but DHCP, ARP and neighbour discovery.
    pub security_groups: Vec<SecurityGroupId>,
    /// Host name for DHCP.
    pub hostname: String,
}

/// An address on a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedIp {
    /// The subnet.
    pub subnet: SubnetId,
    /// The address.
    pub address: IpAddr,
}

/// An allowed address pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressPair {
    /// Address or range.
    pub cidr: IpNet,
    /// MAC address; the port's own where absent.
    pub mac: Option<String>,
}

/// A security group with its rules and present members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredSecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// False: stateless rules.
    pub stateful: bool,
    /// What is let through; everything else is not.
    pub rules: Vec<FirewallRule>,
    /// Addresses of all ports in the group in the whole cloud; filled for groups that some rule refers to.
    pub members: Vec<IpAddr>,
}

/// A rule that lets traffic through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRule {
    /// Into or out of the guest.
    pub direction: Direction,
    /// IPv4 or IPv6.
    pub ethertype: Ethertype,
    /// IP protocol number; `None` is any.
    pub protocol: Option<u8>,
    /// Lowest destination port, or ICMP type.
    pub port_min: Option<u16>,
    /// Highest destination port, or ICMP code.
    pub port_max: Option<u16>,
    /// The other side.
    pub remote: Remote,
}

/// Direction as seen from the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the guest.
    Ingress,
    /// Out of the guest.
    Egress,
}

/// Internet protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ethertype {
    /// IPv4.
    IPv4,
    /// IPv6.
    IPv6,
}

/// The other side of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remote {
    /// Anybody.
    Any,
    /// A range.
    Cidr(IpNet),
    /// Members of a group.
    Group(SecurityGroupId),
}

/// A router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredRouter {
    /// Its id.
    pub id: RouterId,
    /// False stops all forwarding.
    pub admin_up: bool,
    /// Its legs in tenant networks.
    pub interfaces: Vec<RouterInterface>,
    /// Its way out.
    pub gateway: Option<RouterGateway>,
    /// Floating IPs behind it.
    pub floating_ips: Vec<FloatingIp>,
    /// Static routes.
    pub routes: Vec<HostRoute>,
}

/// A leg of a router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterInterface {
    /// Its port.
    pub port: PortId,
    /// The network it stands in.
    pub network: NetworkId,
    /// MAC address.
    pub mac: String,
    /// Addresses with prefix length.
    pub addresses: Vec<IpNet>,
}

/// A router's way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterGateway {
    /// Its port.
    pub port: PortId,
    /// The external network.
    pub network: NetworkId,
    /// MAC address.
    pub mac: String,
    /// Addresses with prefix length.
    pub addresses: Vec<IpNet>,
    /// Gateways of the external subnets.
    pub next_hops: Vec<IpAddr>,
    /// Whether guests without floating IP go out under the router's address.
    pub snat: bool,
}

/// A floating IP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloatingIp {
    /// The address outside.
    pub external: IpAddr,
    /// The guest's address.
    pub fixed: IpAddr,
}

/// What the node made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedNetworking {
    /// The generation that was applied last; 0 where the node does not know what it was told, and has to be told the
    /// whole.
    #[serde(default)]
    pub generation: u64,
    /// The ports that the change spoke of; all of them after a repair.
    pub ports: Vec<ObservedPort>,
}

/// A port as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedPort {
    /// The port.
    pub id: PortId,
    /// True where a guest is plugged in and traffic flows.
    pub up: bool,
}
