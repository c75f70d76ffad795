//! Routers, their gateways and static routes.

use std::net::IpAddr;

use ipnet::IpNet;
use kogge_auth::{Caller, Target};
use kogge_db::{Paged, Tx};
use kogge_ids::{PortId, RouterId};

use super::ipam::Claim;
use super::{check_revision, owner, permit, permit_change, permit_fields, scope};
use crate::error::{Error, Result};
use crate::model::address::overlap;
use crate::model::commands::{FixedIpWish, GatewayWish, NewPort, NewRouter, RouterChange};
use crate::model::holder::Holder;
use crate::store::allocations::{self, FixedIp};
use crate::store::filter::{ListQuery, Source};
use crate::store::record::Json;
use crate::store::rows::{Network, Port, Route, Router, Subnet};
use crate::store::{networks, ports, routers as store};
use crate::{Networking, policy};

/// A router with the addresses of its gateway.
#[derive(Debug, Clone)]
pub struct RouterView {
    /// The row.
    pub row: Router,
    /// Its addresses in the external network.
    pub gateway_ips: Vec<FixedIp>,
}

/// What a router stands on: its own addresses and the ranges it is connected with.
#[derive(Default)]
pub(crate) struct Legs {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) ranges: Vec<(Subnet, bool)>,
}

impl Networking {
    /// Creates a router.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`, `OverQuota`, and the faults of a gateway.
    pub async fn create_router_in(&self, tx: &mut Tx, caller: &Caller, new: NewRouter) -> Result<RouterView> {
        let project = owner(caller, new.project_id.clone())?;
        let wished = Target::project(&project);
        permit(caller, &policy::CREATE_ROUTER, &wished)?;
        permit_fields(caller, "create_router", &new.fields, &wished)?;
        self.charge(tx, &project, "router", 1).await?;
        let now = self.clock().now();
        let mut row = Router {
            id: RouterId::random(),
            project_id: project,
            name: new.name,
            description: new.description,
            admin_state_up: new.admin_state_up,
            gateway_port_id: None,
            gateway_network_id: None,
            enable_snat: true,
            routes: Json(Vec::new()),
            az_hints: Json(new.az_hints),
            tags: Json(Vec::new()),
            created_at: now,
            updated_at: now,
            revision_number: 1,
        };
        row.insert(tx).await?;
        if let Some(wish) = new.external_gateway_info {
            self.set_gateway(tx, caller, &mut row, &wish).await?;
            row.save(tx).await?;
        }
        self.router_view(&mut tx.into(), row).await
    }

    pub(crate) async fn router_view(&self, source: &mut Source<'_>, row: Router) -> Result<RouterView> {
        let id = row.id;
        let mut views = self.complete_routers(source, vec![row]).await?;
        views.pop().ok_or_else(|| Error::router_not_found(id))
    }

    async fn complete_routers(&self, source: &mut Source<'_>, rows: Vec<Router>) -> Result<Vec<RouterView>> {
        let gateways: Vec<PortId> = rows.iter().filter_map(|row| row.gateway_port_id).collect();
        let mut addresses = allocations::of_ports(source, &gateways).await?;
        let view = |row: Router| RouterView {
            gateway_ips: row.gateway_port_id.and_then(|id| addresses.remove(&id)).unwrap_or_default(),
            row,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// The router, if the caller may see it.
    ///
    /// # Errors
    /// `RouterNotFound`.
    pub async fn router(&self, caller: &Caller, id: RouterId) -> Result<RouterView> {
        let missing = || Error::router_not_found(id);
        let mut source: Source<'_> = self.db().into();
        let row = Router::get(&mut source, &id).await?.ok_or_else(missing)?;
        if !caller.may(&policy::GET_ROUTER, &Target::project(&row.project_id)) {
            return Err(missing());
        }
        self.router_view(&mut source, row).await
    }

    /// One page of the routers that the caller may see.
    ///
    /// # Errors
    /// 400 for unknown filters.
    pub async fn list_routers(&self, caller: &Caller, query: &ListQuery) -> Result<Paged<RouterView>> {
        let mut source: Source<'_> = self.db().into();
        let page = store::list(&mut source, scope(caller), query).await??;
        let items = self.complete_routers(&mut source, page.items).await?;
        Ok(Paged { items, more: page.more })
    }

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

    /// Changes a router.
    ///
    /// # Errors
    /// `RouterNotFound`, `PolicyNotAuthorized`, `InvalidRoutes`, and the faults of a gateway.
    pub async fn update_router_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RouterId,
        change: RouterChange,
        revision: Option<i64>,
    ) -> Result<RouterView> {
        let mut row = self.own_router(tx, caller, id, &policy::UPDATE_ROUTER).await?;
        permit_fields(caller, "update_router", &change.fields, &Target::project(&row.project_id))?;
        check_revision(revision, row.revision_number)?;
        match change.external_gateway_info {
            Some(Some(wish)) => self.set_gateway(tx, caller, &mut row, &wish).await?,
            Some(None) => self.clear_gateway(tx, &mut row).await?,
            None => {}
        }
        row.routes = change.routes.map_or(row.routes, Json);
        self.routes_fit(tx, &row).await?;
        row.name = change.name.unwrap_or(row.name);
        row.description = change.description.unwrap_or(row.description);
        row.admin_state_up = change.admin_state_up.unwrap_or(row.admin_state_up);
        self.save_router(tx, &mut row).await?;
        self.router_view(&mut tx.into(), row).await
    }

    pub(crate) async fn save_router(&self, tx: &mut Tx, row: &mut Router) -> Result<()> {
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        Ok(row.save(tx).await?)
    }

    /// Adds static routes; those that are there already stay.
    ///
    /// # Errors
    /// As for an update.
    pub async fn add_routes_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RouterId,
        more: Vec<Route>,
    ) -> Result<RouterView> {
        let mut row = self.own_router(tx, caller, id, &policy::ADD_EXTRAROUTES).await?;
        let most = self.config().max_routes;
        if more.len() > most {
            return Err(Error::routes_exhausted(id, most));
        }
        for route in more {
            if !row.routes.contains(&route) {
                row.routes.0.push(route);
            }
        }
        self.routes_fit(tx, &row).await?;
        self.save_router(tx, &mut row).await?;
        self.router_view(&mut tx.into(), row).await
    }

    /// Removes static routes; those that are not there are no fault.
    ///
    /// # Errors
    /// As for an update.
    pub async fn remove_routes_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RouterId,
        less: Vec<Route>,
    ) -> Result<RouterView> {
        let mut row = self.own_router(tx, caller, id, &policy::REMOVE_EXTRAROUTES).await?;
        row.routes.0.retain(|route| !less.contains(route));
        self.save_router(tx, &mut row).await?;
        self.router_view(&mut tx.into(), row).await
    }

    /// Deletes a router without interfaces, with its gateway.
    ///
    /// # Errors
    /// `RouterNotFound`, `PolicyNotAuthorized`, `RouterInUse`, `RouterExternalGatewayInUseByFloatingIp`.
    pub async fn delete_router_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RouterId,
        revision: Option<i64>,
    ) -> Result<()> {
        let mut row = self.own_router(tx, caller, id, &policy::DELETE_ROUTER).await?;
        check_revision(revision, row.revision_number)?;
        let attached: Vec<String> =
            self.interfaces(tx, id).await?.iter().map(|port| port.id.to_string()).collect();
        if !attached.is_empty() {
            return Err(Error::router_in_use(
                id,
                format!("has ports still attached: {}", attached.join(", ")),
            ));
        }
        self.clear_gateway(tx, &mut row).await?;
        store::remove(tx, id).await?;
        Ok(())
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

    async fn routes_fit(&self, tx: &mut Tx, row: &Router) -> Result<()> {
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
    async fn set_gateway(
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
        let taken = claim.take(tx, wishes).await?;
        if taken.is_empty() {
            let message = format!("No IPs available for external network {}", network.id);
            return Err(Error::bad_request("router", message));
        }
        row.gateway_port_id = Some(port.id);
        row.gateway_network_id = Some(network.id);
        Ok(())
    }

    /// Removes the gateway, if there is one and no floating IP needs it.
    async fn clear_gateway(&self, tx: &mut Tx, row: &mut Router) -> Result<()> {
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
