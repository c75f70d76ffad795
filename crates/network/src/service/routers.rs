//! What routers stand on: gateways, legs, static routes.

use std::net::IpAddr;

use ipnet::IpNet;
use kogge_auth::{Caller, Target};
use kogge_db::{Record as _, Source, Tx};
use kogge_ids::{PortId, RouterId};

use super::ipam::Claim;
use super::permit_change;
use kogge_resource::Service as _;

use crate::error::{Error, Result};
use crate::model::address::Route;
use crate::model::address::overlap;
use crate::model::commands::{FixedIpWish, GatewayWish, NewPort};
use crate::model::holder::Holder;
use crate::resources::routers::gateway_ips;
use crate::store::allocations::FixedIp;
use crate::store::rows::{Network, Port, Router, Subnet};
use crate::store::{allocations, networks, ports, routers as store};
use crate::{Networking, policy};

/// What a router stands on: its own addresses and the ranges it is connected with.
#[derive(Default)]
pub(crate) struct Legs {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) ranges: Vec<(Subnet, bool)>,
}

impl Networking {
    /// The locked router, where `rule` lets the caller change it.
    pub(crate) async fn own_router(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RouterId,
        rule: &kogge_auth::Rule,
    ) -> Result<Router> {
        let missing = || Error::router_not_found(id);
        let row = Router::lock(tx, &id).await?.ok_or_else(missing)?;
        permit_change(caller, rule, &policy::GET_ROUTER, &Target::project(&row.project_id), missing)?;
        Ok(row)
    }

    pub(crate) async fn save_router(&self, tx: &mut Tx, row: &mut Router) -> Result<()> {
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        Ok(row.save(tx).await?)
    }

    /// Adds static routes; those that are there already stay. Answers the addresses of the gateway too.
    ///
    /// # Errors
    /// As for an update.
    pub(crate) async fn add_routes(
        &self,
        caller: &Caller,
        id: RouterId,
        more: Vec<Route>,
    ) -> Result<(Router, Vec<FixedIp>)> {
        let mut tx = self.begin().await?;
        let mut row = self.own_router(&mut tx, caller, id, &policy::ADD_EXTRAROUTES).await?;
        let most = self.config().max_routes;
        if more.len() > most {
            return Err(Error::routes_exhausted(id, most));
        }
        for route in more {
            if !row.routes.contains(&route) {
                row.routes.0.push(route);
            }
        }
        self.routes_fit(&mut tx, &row).await?;
        self.changed_routes(tx, row).await
    }

    /// Removes static routes; those that are not there are no fault. Answers the addresses of the gateway too.
    ///
    /// # Errors
    /// As for an update.
    pub(crate) async fn remove_routes(
        &self,
        caller: &Caller,
        id: RouterId,
        less: Vec<Route>,
    ) -> Result<(Router, Vec<FixedIp>)> {
        let mut tx = self.begin().await?;
        let mut row = self.own_router(&mut tx, caller, id, &policy::REMOVE_EXTRAROUTES).await?;
        row.routes.0.retain(|route| !less.contains(route));
        self.changed_routes(tx, row).await
    }

    async fn changed_routes(&self, mut tx: Tx, mut row: Router) -> Result<(Router, Vec<FixedIp>)> {
        self.save_router(&mut tx, &mut row).await?;
        let ips = gateway_ips(&mut tx, &row).await?;
        self.commit(tx).await?;
        Ok((row, ips))
    }

    /// The ports that are the router's interfaces.
    pub(crate) async fn interfaces(&self, tx: &mut Tx, id: RouterId) -> Result<Vec<Port>> {
        Ok(ports::held_by(&mut tx.into(), &[Holder::RouterInterface], &[id.to_string()]).await?)
    }

    /// What the router stands on; the flag marks subnets of the external network.
    pub(crate) async fn legs(&self, tx: &mut Tx, row: &Router) -> Result<Legs> {
        let mut source: Source<'_> = tx.into();
        let mut legs = Legs::default();
        let kinds = [Holder::RouterInterface, Holder::RouterGateway];
        let all = ports::held_by(&mut source, &kinds, &[row.id.to_string()]).await?;
        let ids: Vec<PortId> = all.iter().map(|port| port.id).collect();
        let held = allocations::of_ports(&mut source, &ids).await?;
        let mut inside = Vec::new();
        for port in &all {
            for ip in held.get(&port.id).into_iter().flatten() {
                legs.addresses.push(ip.ip_address);
                if port.holder.is_router_leg() {
                    inside.push(ip.subnet_id);
                }
            }
        }
        legs.ranges
            .extend(networks::subnets_by_ids(&mut source, &inside).await?.into_iter().map(|s| (s, false)));
        if let Some(external) = row.gateway_network_id {
            let of = networks::subnets_of(&mut source, &[external]).await?;
            legs.ranges.extend(of.into_values().flatten().map(|subnet| (subnet, true)));
        }
        Ok(legs)
    }

    pub(crate) async fn routes_fit(&self, tx: &mut Tx, row: &Router) -> Result<()> {
        if row.routes.is_empty() {
            return Ok(());
        }
        let most = self.config().max_routes;
        if row.routes.len() > most {
            return Err(Error::routes_exhausted(row.id, most));
        }
        let legs = self.legs(tx, row).await?;
        let shown = || serde_json::to_string(&row.routes.0).unwrap_or_default();
        for route in row.routes.iter() {
            if !legs.ranges.iter().any(|(subnet, _)| subnet.cidr.contains(&route.nexthop)) {
                return Err(Error::invalid_routes(shown(), "the nexthop is not connected with router"));
            }
            if legs.addresses.contains(&route.nexthop) {
                return Err(Error::invalid_routes(shown(), "the nexthop is used by router"));
            }
        }
        Ok(())
    }

    /// Makes `wish` the gateway: a new port, or other addresses on the present one.
    pub(crate) async fn set_gateway(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        row: &mut Router,
        wish: &GatewayWish,
    ) -> Result<()> {
        let network = self.visible_network(&mut (&mut *tx).into(), caller, wish.network_id).await?;
        if !network.external {
            let message = format!("Network {} is not an external network", network.id);
            return Err(Error::bad_request("router", message));
        }
        let subnets = self.subnets_in(tx, network.id).await?;
        not_the_gateway(wish, &subnets)?;
        row.enable_snat = wish.enable_snat.unwrap_or(true);
        let same = row.gateway_network_id == Some(network.id);
        match row.gateway_port_id.filter(|_| same) {
            Some(port) if !wish.external_fixed_ips.is_empty() => {
                let port = Port::get(&mut *tx, &port).await?.ok_or_else(|| Error::port_not_found(port))?;
                self.change_addresses(tx, &network, &port, &wish.external_fixed_ips).await
            }
            Some(_) => Ok(()),
            None => {
                self.clear_gateway(tx, row).await?;
                let legs = self.legs(tx, row).await?;
                apart(&legs, &subnets)?;
                self.new_gateway(tx, row, &network, &subnets, wish).await?;
                self.still_open(tx, caller, &network).await
            }
        }
    }

    async fn new_gateway(
        &self,
        tx: &mut Tx,
        row: &mut Router,
        network: &Network,
        subnets: &[Subnet],
        wish: &GatewayWish,
    ) -> Result<()> {
        let draft = NewPort::of(Holder::RouterGateway, row.id, row.id);
        let port = self.insert_port(tx, network, None, &draft).await?;
        let claim = Claim::of(&port, network, subnets);
        let wishes = Some(wish.external_fixed_ips.as_slice()).filter(|wishes| !wishes.is_empty());
        // a network without subnets has no address for it; with its first subnet it gets one
        claim.take(tx, wishes).await?;
        row.gateway_port_id = Some(port.id);
        row.gateway_network_id = Some(network.id);
        Ok(())
    }

    /// Removes the gateway, if there is one and no floating IP needs it.
    pub(crate) async fn clear_gateway(&self, tx: &mut Tx, row: &mut Router) -> Result<()> {
        let (Some(port), Some(network)) = (row.gateway_port_id, row.gateway_network_id) else {
            return Ok(());
        };
        if !store::floating_of_routers(&mut (&mut *tx).into(), &[row.id]).await?.is_empty() {
            return Err(Error::gateway_in_use_by_floating_ip(row.id, network));
        }
        row.gateway_port_id = None;
        row.gateway_network_id = None;
        row.enable_snat = true;
        row.save(tx).await?;
        ports::remove(tx, port).await?;
        Ok(())
    }

    /// Gateways get an address of an IP version that their external network has newly got.
    pub(crate) async fn update_gateway_ports(&self, tx: &mut Tx, network: &Network) -> Result<()> {
        if !network.external {
            return Ok(());
        }
        let subnets = self.subnets_in(tx, network.id).await?;
        let all = ports::of_network(&mut (&mut *tx).into(), network.id).await?;
        for port in all.iter().filter(|port| port.holder == Holder::RouterGateway) {
            let held = allocations::of_ports(&mut (&mut *tx).into(), &[port.id])
                .await?
                .remove(&port.id)
                .unwrap_or_default();
            for version in [4, 6] {
                let has = held.iter().any(|ip| ip.ip_address.is_ipv4() == (version == 4));
                let Some(subnet) =
                    subnets.iter().find(|s| s.ip_version == version && s.service_types.is_empty())
                else {
                    continue;
                };
                if !has {
                    let claim = Claim::of(port, network, &subnets);
                    let wish = FixedIpWish { subnet_id: Some(subnet.id), ip_address: None };
                    claim.add(tx, &[wish], held.clone()).await?;
                }
            }
        }
        Ok(())
    }
}

fn not_the_gateway(wish: &GatewayWish, subnets: &[Subnet]) -> Result<()> {
    for ip in wish.external_fixed_ips.iter().filter_map(|wish| wish.ip_address) {
        if subnets.iter().any(|subnet| subnet.gateway_ip == Some(ip)) {
            return Err(Error::bad_request(
                "router",
                format!("External IP {ip} is the same as the gateway IP"),
            ));
        }
    }
    Ok(())
}

/// A router does not stand on overlapping ranges.
pub(crate) fn apart(legs: &Legs, new: &[Subnet]) -> Result<()> {
    for (old, _) in &legs.ranges {
        for subnet in new {
            if old.id == subnet.id {
                let message = format!("Router already has a port on subnet {}", subnet.id);
                return Err(Error::bad_request("router", message));
            }
            let (one, other): (&IpNet, &IpNet) = (&old.cidr, &subnet.cidr);
            if overlap(one, other) {
                return Err(Error::bad_request(
                    "router",
                    format!(
                        "Cidr {other} of subnet {} overlaps with cidr {one} of subnet {}",
                        subnet.id, old.id
                    ),
                ));
            }
        }
    }
    Ok(())
}
