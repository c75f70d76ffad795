//! Subnets.

use std::net::IpAddr;

use ipnet::IpNet;
use kogge_auth::{Caller, Target};
use kogge_db::record::Json;
use kogge_db::{Record as _, Tx};
use kogge_ids::{NetworkId, SubnetId};

use super::ipam::{Claim, is_auto};
use super::{owner, permit, permit_fields, spelled};
use crate::error::{Error, Result};
use crate::model::address::{self, Pool, Route, check_pools, default_gateway, default_pools, fits, overlap};
use crate::model::commands::{NewPort, NewSubnet, SubnetChange};
use crate::model::holder::Holder;
use crate::store::rows::{Network, Port, Subnet};
use crate::store::{allocations, networks as store, ports};
use crate::{Networking, policy};

/// What policies may ask of a subnet; `shared` is its network, in one way or another.
pub(crate) fn target<'a>(subnet: &'a Subnet, network: &'a Network, shared: bool) -> Target<'a> {
    Target::project(&subnet.project_id)
        .attr("network:project_id", network.project_id.as_str())
        .attr("shared", spelled(shared))
        .attr("router:external", spelled(network.external && shared))
}

impl Networking {
    /// Creates a subnet.
    ///
    /// # Errors
    /// `NetworkNotFound`, `PolicyNotAuthorized`, `OverQuota`, `InvalidInput` and the faults of pools and ranges.
    pub(crate) async fn create_subnet_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewSubnet,
    ) -> Result<Subnet> {
        let id = new.network_id.ok_or_else(|| Error::network_not_found(""))?;
        let network = self.visible_network(&mut (&mut *tx).into(), caller, id).await?;
        let project = owner(caller, new.project_id.clone())?;
        let wished = Target::project(&project).attr("network:project_id", network.project_id.as_str());
        permit(caller, &policy::CREATE_SUBNET, &wished)?;
        permit_fields(caller, "create_subnet", &new.fields, &wished)?;
        self.charge(tx, &project, "subnet", 1).await?;
        // from here on nobody else adds a subnet to this network
        store::touch(tx, id).await?;
        let (cidr, pool) = self.range_of(tx, caller, &project, &new).await?;
        let present = self.subnets_in(tx, id).await?;
        let row = self.subnet_row(&project, &network, cidr, pool, &new)?;
        fits_network(&row, &network, &present)?;
        if !row.insert(tx).await? {
            return Err(Error::invalid("the subnet could not be added; try again"));
        }
        self.give_auto_addresses(tx, &network, &row).await?;
        self.ensure_dhcp_port(tx, &network).await?;
        self.update_gateway_ports(tx, &network).await?;
        Ok(row)
    }

    pub(crate) async fn subnets_in(&self, tx: &mut Tx, network: NetworkId) -> Result<Vec<Subnet>> {
        Ok(store::subnets_of(&mut tx.into(), &[network]).await?.remove(&network).unwrap_or_default())
    }

    fn subnet_row(
        &self,
        project: &str,
        network: &Network,
        cidr: IpNet,
        pool: Option<kogge_ids::SubnetPoolId>,
        new: &NewSubnet,
    ) -> Result<Subnet> {
        let now = self.clock().now();
        let gateway = new.gateway_ip.unwrap_or_else(|| default_gateway(&cidr));
        let row = Subnet {
            id: SubnetId::random(),
            project_id: project.to_owned(),
            name: new.name.clone(),
            description: new.description.clone(),
            network_id: network.id,
            ip_version: new.ip_version,
            cidr,
            gateway_ip: gateway,
            allocation_pools: Json(
                new.allocation_pools.clone().unwrap_or_else(|| default_pools(&cidr, gateway)),
            ),
            dns_nameservers: Json(new.dns_nameservers.clone()),
            host_routes: Json(new.host_routes.clone()),
            enable_dhcp: new.enable_dhcp,
            ipv6_ra_mode: new.ipv6_ra_mode.clone(),
            ipv6_address_mode: new.ipv6_address_mode.clone(),
            subnetpool_id: pool,
            service_types: Json(new.service_types.clone()),
            dns_publish_fixed_ip: new.dns_publish_fixed_ip,
            tags: Json(Vec::new()),
            created_at: now,
            updated_at: now,
            revision_number: 0,
        };
        check_range(&row)?;
        check_ipv6(&row)?;
        self.check_content(&row, new.allocation_pools.is_some())?;
        Ok(row)
    }

    /// What create and update check alike.
    fn check_content(&self, row: &Subnet, own_pools: bool) -> Result<()> {
        let config = self.config();
        if row.dns_nameservers.len() > config.max_dns_nameservers {
            return Err(Error::dns_exhausted(row.id, config.max_dns_nameservers));
        }
        if row.host_routes.len() > config.max_host_routes {
            return Err(Error::host_routes_exhausted(row.id, config.max_host_routes));
        }
        for dns in row.dns_nameservers.iter() {
            same_version(row, "dns_nameserver", *dns)?;
        }
        for Route { destination, nexthop } in row.host_routes.iter() {
            same_version(row, "nexthop", *nexthop)?;
            same_version(row, "destination", destination.network())?;
        }
        if let Some(gateway) = row.gateway_ip {
            same_version(row, "gateway_ip", gateway)?;
            if row.cidr.contains(&gateway) && !fits(&row.cidr, gateway, true) {
                return Err(Error::invalid("Gateway is not valid on subnet"));
            }
        }
        if own_pools {
            check_pools(&row.allocation_pools, &row.cidr)?;
        }
        gateway_outside_pools(row.gateway_ip, &row.allocation_pools)
    }

    /// Whether the caller may change these fields of a subnet.
    pub(crate) fn may_update_subnet(
        &self,
        caller: &Caller,
        row: &Subnet,
        network: &Network,
        change: &SubnetChange,
    ) -> Result<()> {
        permit_fields(caller, "update_subnet", &change.fields, &target(row, network, false))
    }

    /// Changes a subnet.
    ///
    /// # Errors
    /// `GatewayIpInUse` and as for create.
    pub(crate) async fn update_subnet_in(
        &self,
        tx: &mut Tx,
        mut row: Subnet,
        network: &Network,
        change: SubnetChange,
    ) -> Result<Subnet> {
        if let Some(gateway) = change.gateway_ip.filter(|gateway| *gateway != row.gateway_ip) {
            gateway_free(tx, &row).await?;
            row.gateway_ip = gateway;
        }
        if change.enable_dhcp == Some(false)
            && (row.ipv6_ra_mode.is_some() || row.ipv6_address_mode.is_some())
        {
            return Err(Error::invalid("Cannot disable enable_dhcp with ipv6 attributes set"));
        }
        let own_pools = change.allocation_pools.is_some();
        row.allocation_pools = change.allocation_pools.map_or(row.allocation_pools, Json);
        row.name = change.name.unwrap_or(row.name);
        row.description = change.description.unwrap_or(row.description);
        row.dns_nameservers = change.dns_nameservers.map_or(row.dns_nameservers, Json);
        row.host_routes = change.host_routes.map_or(row.host_routes, Json);
        row.enable_dhcp = change.enable_dhcp.unwrap_or(row.enable_dhcp);
        row.service_types = change.service_types.map_or(row.service_types, Json);
        row.dns_publish_fixed_ip = change.dns_publish_fixed_ip.unwrap_or(row.dns_publish_fixed_ip);
        self.check_content(&row, own_pools)?;
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        row.save(tx).await?;
        self.ensure_dhcp_port(tx, network).await?;
        Ok(row)
    }

    /// Deletes a subnet; DHCP ports and addresses that guests made themselves do not keep it.
    ///
    /// # Errors
    /// `SubnetInUse`.
    pub(crate) async fn delete_subnet_in(&self, tx: &mut Tx, row: &Subnet, network: &Network) -> Result<()> {
        let id = row.id;
        let users = ports::on_subnet(&mut (&mut *tx).into(), id).await?;
        let keeps =
            |port: &&Port| port.holder != Holder::Dhcp && (!is_auto(row) || port.holder.is_router_leg());
        if users.iter().any(|port| keeps(&port)) {
            return Err(Error::subnet_in_use(id, "One or more ports have an IP allocation from this subnet"));
        }
        allocations::release_subnet(tx, id).await?;
        Subnet::delete(tx, &id).await?;
        store::touch(tx, network.id).await?;
        self.ensure_dhcp_port(tx, network).await
    }

    /// Ports that were there before the subnet get the address that their guests will make.
    async fn give_auto_addresses(&self, tx: &mut Tx, network: &Network, subnet: &Subnet) -> Result<()> {
        if !is_auto(subnet) {
            return Ok(());
        }
        for port in ports::of_network(&mut (&mut *tx).into(), network.id).await? {
            let skip = matches!(port.holder, Holder::RouterInterface | Holder::FloatingIp);
            if let Some(ip) = address::eui64(&subnet.cidr, &port.mac_address).filter(|_| !skip) {
                allocations::take(tx, subnet, ip, port.id).await?;
            }
        }
        Ok(())
    }

    /// Makes the DHCP port of a network have one address on every subnet with DHCP, and none where it is off.
    pub(crate) async fn ensure_dhcp_port(&self, tx: &mut Tx, network: &Network) -> Result<()> {
        let subnets = self.subnets_in(tx, network.id).await?;
        let served: Vec<&Subnet> = subnets.iter().filter(|subnet| subnet.enable_dhcp).collect();
        let all = ports::of_network(&mut (&mut *tx).into(), network.id).await?;
        let port = all.into_iter().find(|port| port.holder == Holder::Dhcp);
        let port = match (port, served.is_empty()) {
            (None, true) => return Ok(()),
            (Some(port), true) => {
                ports::remove(tx, port.id).await?;
                return Ok(());
            }
            (Some(port), false) => port,
            (None, false) => self.insert_dhcp_port(tx, network).await?,
        };
        let held = allocations::of_ports(&mut (&mut *tx).into(), &[port.id])
            .await?
            .remove(&port.id)
            .unwrap_or_default();
        for ip in held.iter().filter(|ip| !served.iter().any(|subnet| subnet.id == ip.subnet_id)) {
            allocations::release(tx, port.id, ip.ip_address).await?;
        }
        for subnet in served.into_iter().filter(|subnet| !held.iter().any(|ip| ip.subnet_id == subnet.id)) {
            let one = std::slice::from_ref(subnet);
            let claim = Claim::of(&port, network, one);
            let wish = crate::model::commands::FixedIpWish { subnet_id: Some(subnet.id), ip_address: None };
            // a full subnet has no room for DHCP; its guests are served all the same by the router's address
            match claim.take(tx, Some(&[wish])).await {
                Ok(_)
                | Err(Error::IpAddressGenerationFailure { .. } | Error::IpAddressAlreadyAllocated { .. }) => {
                }
                Err(error) => return Err(error),
            }
        }
        let left = allocations::of_ports(&mut (&mut *tx).into(), &[port.id]).await?;
        if left.is_empty() {
            ports::remove(tx, port.id).await?;
        }
        Ok(())
    }

    async fn insert_dhcp_port(&self, tx: &mut Tx, network: &Network) -> Result<Port> {
        let draft = NewPort::of(Holder::Dhcp, network.id, format_args!("dhcp-{}", network.id));
        self.insert_port(tx, network, Some(&network.project_id), &draft).await
    }
}

fn same_version(row: &Subnet, name: &str, ip: IpAddr) -> Result<()> {
    if ip.is_ipv4() == (row.ip_version == 4) {
        return Ok(());
    }
    Err(Error::invalid(format!("{name} '{ip}' does not match the ip_version '{}'", row.ip_version)))
}

fn gateway_outside_pools(gateway: Option<IpAddr>, pools: &[Pool]) -> Result<()> {
    let Some(gateway) = gateway else { return Ok(()) };
    match pools.iter().find(|pool| pool.contains(gateway)) {
        Some(pool) => Err(Error::gateway_in_pool(gateway, pool)),
        None => Ok(()),
    }
}

fn check_range(row: &Subnet) -> Result<()> {
    let cidr = row.cidr;
    if cidr.network().is_ipv4() != (row.ip_version == 4) {
        return Err(Error::invalid(format!(
            "cidr '{cidr}' does not match the ip_version '{}'",
            row.ip_version
        )));
    }
    if cidr.prefix_len() == 0 {
        return Err(Error::invalid("0 is not allowed as CIDR prefix length"));
    }
    if !row.enable_dhcp {
        return Ok(());
    }
    if cidr.network().is_multicast() {
        return Err(Error::invalid("Multicast IP subnet is not supported if enable_dhcp is True"));
    }
    if cidr.network().is_loopback() {
        return Err(Error::invalid("Loopback IP subnet is not supported if enable_dhcp is True"));
    }
    if cidr.prefix_len() >= cidr.max_prefix_len() - 1 {
        return Err(Error::invalid(
            "Subnet has a prefix length that is incompatible with DHCP service enabled",
        ));
    }
    Ok(())
}

fn check_ipv6(row: &Subnet) -> Result<()> {
    let (ra, mode) = (row.ipv6_ra_mode.as_deref(), row.ipv6_address_mode.as_deref());
    for (value, name) in [(ra, "ipv6_ra_mode"), (mode, "ipv6_address_mode")] {
        if value.is_some() && row.ip_version == 4 {
            return Err(Error::invalid(format!("{name} is not valid when ip_version is 4")));
        }
    }
    if (ra.is_some() || mode.is_some()) && !row.enable_dhcp {
        return Err(Error::invalid(
            "ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False",
        ));
    }
    if let (Some(ra), Some(mode)) = (ra, mode)
        && ra != mode
    {
        return Err(Error::invalid(format!(
            "ipv6_ra_mode set to '{ra}' with ipv6_address_mode set to '{mode}' is not valid. If both attributes are \
             set, they must be the same value"
        )));
    }
    if is_auto(row) && row.cidr.prefix_len() != 64 {
        return Err(Error::invalid(format!(
            "Invalid CIDR {} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the \
             prefix to be /64",
            row.cidr
        )));
    }
    Ok(())
}

fn fits_network(row: &Subnet, network: &Network, present: &[Subnet]) -> Result<()> {
    let least = address::least_mtu(row.ip_version);
    if network.mtu < least {
        return Err(Error::mtu_conflict(network.id, least));
    }
    if present.iter().any(|other| overlap(&other.cidr, &row.cidr)) {
        return Err(Error::invalid(format!(
            "Requested subnet with cidr: {} for network: {} overlaps with another subnet",
            row.cidr, network.id
        )));
    }
    let other_pool =
        |other: &&Subnet| other.ip_version == row.ip_version && other.subnetpool_id != row.subnetpool_id;
    if present.iter().any(|other| other_pool(&other)) {
        return Err(Error::pool_affinity());
    }
    Ok(())
}

/// A gateway that a router stands on cannot be changed.
async fn gateway_free(tx: &mut Tx, row: &Subnet) -> Result<()> {
    let Some(gateway) = row.gateway_ip else { return Ok(()) };
    let Some(holder) = allocations::holder(tx, row.network_id, gateway).await? else { return Ok(()) };
    match Port::get(tx, &holder).await? {
        Some(port) if port.holder.is_router_leg() => Err(Error::gateway_in_use(gateway, port.id)),
        _ => Ok(()),
    }
}
