//! The networking a node should have, out of the database in a constant number of queries.

use std::collections::{HashMap, HashSet};

use ipnet::IpNet;
use kogge_ids::{NetworkId, PortId, RouterId, SecurityGroupId, SubnetId};
use kogge_node_api as node;

use crate::Networking;
use crate::error::Result;
use crate::model::address::LEAST_MTU;
use crate::model::holder::Holder;
use crate::model::rule;
use crate::store::allocations::{self, FixedIp};
use crate::store::rows::{FloatingIp, Network, Port, Router, SecurityGroup, SecurityGroupRule, Subnet};
use crate::store::{groups, networks, ports, routers};
use kogge_db::Source;

/// Everything that the desired state of one host is made of.
#[derive(Default)]
struct Parts {
    ports: Vec<Port>,
    routers: Vec<Router>,
    router_ports: Vec<Port>,
    dhcp_ports: Vec<Port>,
    networks: Vec<Network>,
    subnets: HashMap<NetworkId, Vec<Subnet>>,
    addresses: HashMap<PortId, Vec<FixedIp>>,
    floating: Vec<FloatingIp>,
    port_groups: HashMap<PortId, Vec<SecurityGroupId>>,
}

/// The desired state of a host without the members of groups, which [`super::seats`] knows.
pub(super) struct Desired {
    pub(super) networking: node::HeldNetworking<()>,
    /// Ports of our own (DHCP, routers) that live on it.
    pub(super) own_ports: Vec<PortId>,
    /// Groups that rules refer to: the node has to know their members.
    pub(super) remote: HashSet<SecurityGroupId>,
}

impl Networking {
    /// Computes the whole networking of a host.
    pub(super) async fn desired(&self, host: &str) -> Result<Desired> {
        let mut source: Source<'_> = self.db().into();
        let parts = load(&mut source, host).await?;
        let (security_groups, remote) = guards(&mut source, &parts).await?;
        let own_ports = parts.dhcp_ports.iter().chain(&parts.router_ports).map(|port| port.id).collect();
        let domain = &self.config().dns_domain;
        let networking = node::HeldNetworking::of(node::DesiredNetworking {
            networks: parts.networks.iter().map(|network| parts.network(network, domain)).collect(),
            routers: parts.routers.iter().map(|router| parts.router(router)).collect(),
            ports: parts.ports.iter().map(|port| parts.port(port)).collect(),
            security_groups,
        });
        Ok(Desired { networking, own_ports, remote })
    }

    /// Those of these ports that are on a host.
    pub(super) async fn desired_ports(&self, host: &str, ids: &[PortId]) -> Result<Vec<node::DesiredPort>> {
        let mut source: Source<'_> = self.db().into();
        let mut ports = ports::by_ids(&mut source, ids).await?;
        ports.retain(|port| port.host == host && !port.holder.is_ours());
        let here: Vec<PortId> = ports.iter().map(|port| port.id).collect();
        let on: HashSet<NetworkId> = ports.iter().map(|port| port.network_id).collect();
        let on: Vec<NetworkId> = on.into_iter().collect();
        let parts = Parts {
            networks: networks::by_ids(&mut source, &on).await?,
            addresses: allocations::of_ports(&mut source, &here).await?,
            port_groups: ports::groups_of(&mut source, &here).await?,
            ports,
            ..Parts::default()
        };
        Ok(parts.ports.iter().map(|port| parts.port(port)).collect())
    }
}

async fn load(source: &mut Source<'_>, host: &str) -> Result<Parts> {
    let all = ports::on_host(source, host).await?;
    let ports: Vec<Port> = all.into_iter().filter(|port| !port.holder.is_ours()).collect();
    let routers = routers::on_host(source, host).await?;
    let ids: Vec<RouterId> = routers.iter().map(|router| router.id).collect();
    let devices: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let kinds = [Holder::RouterInterface, Holder::RouterGateway];
    let router_ports = ports::held_by(source, &kinds, &devices).await?;
    let on: HashSet<NetworkId> = ports.iter().chain(&router_ports).map(|port| port.network_id).collect();
    let on: Vec<NetworkId> = on.into_iter().collect();
    let dhcp_ports = ports::of_dhcp(source, &on).await?;
    let wanted: Vec<PortId> =
        ports.iter().chain(&router_ports).chain(&dhcp_ports).map(|port| port.id).collect();
    let guarded: Vec<PortId> = ports.iter().map(|port| port.id).collect();
    Ok(Parts {
        networks: networks::by_ids(source, &on).await?,
        subnets: networks::subnets_of(source, &on).await?,
        addresses: allocations::of_ports(source, &wanted).await?,
        floating: routers::floating_of_routers(source, &ids).await?,
        port_groups: ports::groups_of(source, &guarded).await?,
        ports,
        routers,
        router_ports,
        dhcp_ports,
    })
}

/// The groups of the host's ports and those that their rules refer to; and which these are.
async fn guards(
    source: &mut Source<'_>,
    parts: &Parts,
) -> Result<(Vec<node::DesiredSecurityGroup>, HashSet<SecurityGroupId>)> {
    let used: HashSet<SecurityGroupId> = parts.port_groups.values().flatten().copied().collect();
    let used: Vec<SecurityGroupId> = used.into_iter().collect();
    let rules = groups::rules_of(source, &used).await?;
    let remote: HashSet<SecurityGroupId> =
        rules.values().flatten().filter_map(|rule| rule.remote_group_id).collect();
    let all: Vec<SecurityGroupId> =
        used.iter().copied().chain(remote.iter().copied()).collect::<HashSet<_>>().into_iter().collect();
    let group = |row: SecurityGroup| {
        let rules = rules.get(&row.id).into_iter().flatten().filter_map(firewall_rule).collect();
        node::DesiredSecurityGroup { id: row.id, stateful: row.stateful, rules, members: Vec::new() }
    };
    Ok((groups::by_ids(source, &all).await?.into_iter().map(group).collect(), remote))
}

/// The rule for the node. One that cannot be read is left out: it then lets nothing through, rather than everything.
fn firewall_rule(row: &SecurityGroupRule) -> Option<node::FirewallRule> {
    let Some(parsed) = parsed(row) else {
        tracing::warn!(rule.id = %row.id, "a security group rule cannot be read and lets nothing through");
        return None;
    };
    Some(parsed)
}

fn parsed(row: &SecurityGroupRule) -> Option<node::FirewallRule> {
    let port = |value: Option<i64>| value.map(u16::try_from).transpose().ok();
    let protocol = match row.protocol.as_deref() {
        Some(protocol) => Some(rule::protocol_number(protocol, &row.ethertype)?),
        None => None,
    };
    let remote = match (row.remote_group_id, row.remote_ip_prefix.as_deref()) {
        (Some(group), _) => node::Remote::Group(group),
        (None, Some(range)) => node::Remote::Cidr(rule::prefix(range)?.trunc()),
        (None, None) => node::Remote::Any,
    };
    Some(node::FirewallRule {
        direction: match row.direction.as_str() {
            "ingress" => node::Direction::Ingress,
            "egress" => node::Direction::Egress,
            _ => return None,
        },
        ethertype: match row.ethertype.as_str() {
            "IPv4" => node::Ethertype::IPv4,
            "IPv6" => node::Ethertype::IPv6,
            _ => return None,
        },
        // 0 is "any IP protocol" in upstream's table (`ip`, `hopopt` of IPv4)
        protocol: protocol.filter(|number| *number != 0),
        port_min: port(row.port_range_min)?,
        port_max: port(row.port_range_max)?,
        remote,
    })
}

impl Parts {
    fn held(&self, port: PortId) -> &[FixedIp] {
        self.addresses.get(&port).map_or(&[], Vec::as_slice)
    }

    fn subnet(&self, id: SubnetId) -> Option<&Subnet> {
        self.subnets.values().flatten().find(|subnet| subnet.id == id)
    }

    fn network(&self, network: &Network, domain: &str) -> node::DesiredNetwork {
        let dhcp = self.dhcp_ports.iter().find(|port| port.network_id == network.id);
        let subnets = self.subnets.get(&network.id).into_iter().flatten();
        let domain = if network.dns_domain.is_empty() { domain } else { &network.dns_domain };
        node::DesiredNetwork {
            id: network.id,
            segment: u32::try_from(network.segment).unwrap_or_default(),
            // no link is made with less; nor has such a network an address for anybody
            mtu: u32::try_from(network.mtu.max(LEAST_MTU)).unwrap_or(1500),
            kind: if network.external { node::NetworkKind::External } else { node::NetworkKind::Tenant },
            subnets: subnets.map(|subnet| self.desired_subnet(subnet, dhcp)).collect(),
            dns_domain: domain.trim_end_matches('.').to_owned(),
        }
    }

    fn desired_subnet(&self, subnet: &Subnet, dhcp: Option<&Port>) -> node::DesiredSubnet {
        let dhcp_port = dhcp.and_then(|port| {
            let ip = self.held(port.id).iter().find(|ip| ip.subnet_id == subnet.id)?;
            Some((ip.ip_address, port.mac_address.clone()))
        });
        let mode = subnet.ipv6_address_mode.as_deref().or(subnet.ipv6_ra_mode.as_deref());
        node::DesiredSubnet {
            id: subnet.id,
            cidr: subnet.cidr,
            gateway: subnet.gateway_ip,
            dhcp: subnet.enable_dhcp,
            dhcp_port,
            dns: subnet.dns_nameservers.0.clone(),
            host_routes: subnet.host_routes.iter().map(route).collect(),
            ipv6: match mode {
                Some("slaac") => Some(node::Ipv6Mode::Slaac),
                Some("dhcpv6-stateless") => Some(node::Ipv6Mode::Stateless),
                Some("dhcpv6-stateful") => Some(node::Ipv6Mode::Stateful),
                _ => None,
            },
        }
    }

    fn port(&self, port: &Port) -> node::DesiredPort {
        let network = self.networks.iter().find(|network| network.id == port.network_id);
        let held = self.held(port.id);
        let hostname = match (&*port.dns_name, held.first()) {
            ("", Some(ip)) => format!("host-{}", ip.ip_address.to_string().replace(['.', ':'], "-")),
            (name, _) => name.to_owned(),
        };
        node::DesiredPort {
            id: port.id,
            network: port.network_id,
            server: port
                .holder_id
                .as_ref()
                .filter(|_| port.holder == Holder::Server)
                .and_then(|id| id.parse().ok()),
            mac: port.mac_address.clone(),
            fixed_ips: held
                .iter()
                .map(|ip| node::FixedIp { subnet: ip.subnet_id, address: ip.ip_address })
                .collect(),
            admin_up: port.admin_state_up && network.is_some_and(|network| network.admin_state_up),
            port_security: port.is_filtered(),
            allowed_pairs: port
                .allowed_address_pairs
                .iter()
                .filter_map(|pair| {
                    let cidr = rule::prefix(&pair.ip_address)?.trunc();
                    let mac = Some(pair.mac_address.clone()).filter(|mac| *mac != port.mac_address);
                    Some(node::AddressPair { cidr, mac })
                })
                .collect(),
            security_groups: self.port_groups.get(&port.id).cloned().unwrap_or_default(),
            hostname,
        }
    }

    fn router(&self, router: &Router) -> node::DesiredRouter {
        let legs = self.router_ports.iter();
        let interfaces = legs
            .filter(|port| port.is_held_by(Holder::RouterInterface, router.id) && port.admin_state_up)
            .map(|port| node::RouterInterface {
                port: port.id,
                network: port.network_id,
                mac: port.mac_address.clone(),
                addresses: self.with_prefix(port.id),
            })
            .collect();
        node::DesiredRouter {
            id: router.id,
            admin_up: router.admin_state_up,
            interfaces,
            gateway: self.gateway(router),
            floating_ips: self
                .floating
                .iter()
                .filter(|floating| floating.router_id == Some(router.id))
                .filter_map(|floating| {
                    Some(node::FloatingIp {
                        external: floating.floating_ip_address,
                        fixed: floating.fixed_ip_address?,
                    })
                })
                .collect(),
            routes: router.routes.iter().map(route).collect(),
        }
    }

    fn gateway(&self, router: &Router) -> Option<node::RouterGateway> {
        let id = router.gateway_port_id?;
        let port = self.router_ports.iter().find(|port| port.id == id)?;
        let hops = self.held(id).iter().filter_map(|ip| self.subnet(ip.subnet_id)?.gateway_ip).collect();
        Some(node::RouterGateway {
            port: id,
            network: port.network_id,
            mac: port.mac_address.clone(),
            addresses: self.with_prefix(id),
            next_hops: hops,
            snat: router.enable_snat,
        })
    }

    fn with_prefix(&self, port: PortId) -> Vec<IpNet> {
        let net = |ip: &FixedIp| IpNet::new(ip.ip_address, self.subnet(ip.subnet_id)?.cidr.prefix_len()).ok();
        self.held(port).iter().filter_map(net).collect()
    }
}

fn route(route: &crate::model::address::Route) -> node::HostRoute {
    node::HostRoute { destination: route.destination, next_hop: route.nexthop }
}

#[cfg(test)]
mod tests {
    use kogge_clock::Timestamp;
    use kogge_ids::SecurityGroupRuleId;

    use super::*;

    fn row(protocol: Option<&str>, range: Option<&str>) -> SecurityGroupRule {
        SecurityGroupRule {
            id: SecurityGroupRuleId::random(),
            project_id: String::new(),
            security_group_id: SecurityGroupId::random(),
            direction: "ingress".to_owned(),
            ethertype: "IPv4".to_owned(),
            protocol: protocol.map(str::to_owned),
            port_range_min: None,
            port_range_max: None,
            remote_ip_prefix: range.map(str::to_owned),
            remote_group_id: None,
            description: String::new(),
            fingerprint: String::new(),
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
            revision_number: 0,
        }
    }

    #[test]
    fn a_rule_that_cannot_be_read_lets_nothing_through() {
        assert!(firewall_rule(&row(Some("tcp"), Some("10.0.0.0/8"))).is_some());
        assert!(firewall_rule(&row(Some("teapot"), None)).is_none());
        assert!(firewall_rule(&row(None, Some("10.0.0"))).is_none());
        let mut wrong = row(Some("tcp"), None);
        wrong.port_range_min = Some(70_000);
        assert!(firewall_rule(&wrong).is_none());
        wrong.port_range_min = None;
        wrong.direction = "sideways".to_owned();
        assert!(firewall_rule(&wrong).is_none());
    }
}
