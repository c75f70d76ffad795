//! Plugging subnets and ports into routers.

use kogge_auth::Caller;
use kogge_db::Record as _;
use kogge_db::Tx;
use kogge_ids::{NetworkId, PortId, RouterId, SubnetId};

use super::ipam::{Claim, is_auto};
use super::routers::apart;
use super::{is_admin, is_own, project_of};
use kogge_resource::Service as _;

use crate::error::{Error, Result};
use crate::model::commands::{FixedIpWish, NewPort};
use crate::model::holder::Holder;
use crate::store::allocations::{self, FixedIp};
use crate::store::rows::{Network, Port, Router, Subnet};
use crate::store::{networks, ports, routers};
use crate::{Networking, policy};
use kogge_db::Source;

/// A leg of a router that was added or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The router.
    pub router_id: RouterId,
    /// The project of the port.
    pub project_id: String,
    /// The port.
    pub port_id: PortId,
    /// Its network.
    pub network_id: NetworkId,
    /// Its subnets; never empty.
    pub subnet_ids: Vec<SubnetId>,
}

/// What is plugged in or out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InterfaceWish {
    /// By port.
    pub port_id: Option<PortId>,
    /// By subnet.
    pub subnet_id: Option<SubnetId>,
}

impl Networking {
    /// As [`Networking::add_router_interface_in`], in a transaction of its own.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn add_router_interface(
        &self,
        caller: &Caller,
        id: RouterId,
        wish: InterfaceWish,
    ) -> Result<Interface> {
        let mut tx = self.begin().await?;
        let leg = self.add_router_interface_in(&mut tx, caller, id, wish).await?;
        self.commit(tx).await?;
        Ok(leg)
    }

    /// Adds an interface by subnet or by port.
    ///
    /// # Errors
    /// `RouterNotFound`, `SubnetNotFound`, `PortNotFound`, `PortInUse`, and `BadRequest` for what overlaps.
    pub async fn add_router_interface_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RouterId,
        wish: InterfaceWish,
    ) -> Result<Interface> {
        let mut router = self.own_router(tx, caller, id, &policy::ADD_ROUTER_INTERFACE).await?;
        let added = match (wish.port_id, wish.subnet_id) {
            (Some(_), Some(_)) => return Err(bad("Cannot specify both subnet-id and port-id")),
            (None, None) => return Err(bad("Either subnet_id or port_id must be specified")),
            (Some(port), None) => self.plug_port(tx, caller, &router, port).await?,
            (None, Some(subnet)) => self.plug_subnet(tx, caller, &router, subnet).await?,
        };
        self.save_router(tx, &mut router).await?;
        Ok(added)
    }

    async fn plug_port(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        router: &Router,
        id: PortId,
    ) -> Result<Interface> {
        let (mut port, ..) = self.own_port(tx, caller, id, &policy::UPDATE_PORT).await?;
        if port.holder != Holder::Nobody || !port.device_id.is_empty() {
            return Err(Error::port_in_use(id, port.network_id, &port.device_id));
        }
        let held =
            allocations::of_ports(&mut (&mut *tx).into(), &[id]).await?.remove(&id).unwrap_or_default();
        if held.is_empty() {
            return Err(bad("Router port must have at least one fixed IP"));
        }
        if held.iter().filter(|ip| ip.ip_address.is_ipv4()).count() > 1 {
            return Err(bad("Cannot have multiple IPv4 subnets on router port"));
        }
        let ids: Vec<SubnetId> = held.iter().map(|ip| ip.subnet_id).collect();
        let subnets = networks::subnets_by_ids(&mut (&mut *tx).into(), &ids).await?;
        apart(&self.legs(tx, router).await?, &subnets)?;
        port.holder = Holder::RouterInterface;
        port.holder_id = Some(router.id.to_string());
        port.device_id = router.id.to_string();
        port.device_owner = port.holder.device_owner().to_owned();
        ports::set_groups(tx, id, &[]).await?;
        self.save_port(tx, &mut port).await?;
        Ok(interface(router.id, &port, ids))
    }

    async fn plug_subnet(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        router: &Router,
        id: SubnetId,
    ) -> Result<Interface> {
        let (subnet, network) = self.pluggable(tx, caller, id).await?;
        let Some(gateway) = subnet.gateway_ip else {
            return Err(bad("Subnet for router interface must have a gateway IP"));
        };
        apart(&self.legs(tx, router).await?, std::slice::from_ref(&subnet))?;
        let wish = FixedIpWish { subnet_id: Some(id), ip_address: Some(gateway) };
        let one = std::slice::from_ref(&subnet);
        if let Some((port, held)) = self.ipv6_leg(tx, router, &subnet).await? {
            let claim = Claim::of(&port, &network, one);
            claim.add(tx, &[wish], held).await?;
            return Ok(interface(router.id, &port, vec![id]));
        }
        let draft = NewPort::of(Holder::RouterInterface, router.id, router.id);
        let port = self.insert_port(tx, &network, Some(&router.project_id), &draft).await?;
        self.still_open(tx, caller, &network).await?;
        let claim = Claim::of(&port, &network, one);
        claim.take(tx, Some(&[wish])).await?;
        Ok(interface(router.id, &port, vec![id]))
    }

    /// The subnet, where the caller may plug it: of the own project, or of a network shared with it.
    async fn pluggable(&self, tx: &mut Tx, caller: &Caller, id: SubnetId) -> Result<(Subnet, Network)> {
        let mut source: Source<'_> = tx.into();
        let missing = || Error::subnet_not_found(id);
        let subnet = Subnet::get(&mut source, &id).await?.ok_or_else(missing)?;
        let network =
            self.visible_network(&mut source, caller, subnet.network_id).await.map_err(|_| missing())?;
        let own =
            is_own(caller, &subnet.project_id) || is_own(caller, &network.project_id) || is_admin(caller);
        if !own
            && !networks::shared(&mut source, &[network.id], project_of(caller)).await?.contains(&network.id)
        {
            return Err(bad(format!(
                "Cannot add interface to router because subnet {id} is not owned by project making the request"
            )));
        }
        if is_auto(&subnet) && subnet.ipv6_ra_mode.is_none() {
            return Err(bad(format!(
                "IPv6 subnet {id} configured to receive RAs from an external router cannot be added to Neutron Router."
            )));
        }
        Ok((subnet, network))
    }

    /// The router's port in the subnet's network that has IPv6 addresses: further IPv6 subnets join it.
    async fn ipv6_leg(
        &self,
        tx: &mut Tx,
        router: &Router,
        subnet: &Subnet,
    ) -> Result<Option<(Port, Vec<FixedIp>)>> {
        if subnet.ip_version != 6 {
            return Ok(None);
        }
        for port in self.interfaces(tx, router.id).await? {
            let held = allocations::of_ports(&mut (&mut *tx).into(), &[port.id])
                .await?
                .remove(&port.id)
                .unwrap_or_default();
            if port.network_id == subnet.network_id && held.iter().any(|ip| ip.ip_address.is_ipv6()) {
                return Ok(Some((port, held)));
            }
        }
        Ok(None)
    }

    /// As [`Networking::remove_router_interface_in`], in a transaction of its own.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn remove_router_interface(
        &self,
        caller: &Caller,
        id: RouterId,
        wish: InterfaceWish,
    ) -> Result<Interface> {
        let mut tx = self.begin().await?;
        let leg = self.remove_router_interface_in(&mut tx, caller, id, wish).await?;
        self.commit(tx).await?;
        Ok(leg)
    }

    /// Removes an interface by subnet or by port.
    ///
    /// # Errors
    /// `RouterInterfaceNotFound`, `RouterInterfaceNotFoundForSubnet`, `SubnetMismatchForPort`, and what still needs
    /// the interface.
    pub async fn remove_router_interface_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: RouterId,
        wish: InterfaceWish,
    ) -> Result<Interface> {
        let mut router = self.own_router(tx, caller, id, &policy::REMOVE_ROUTER_INTERFACE).await?;
        let legs = self.interfaces(tx, id).await?;
        let ids: Vec<PortId> = legs.iter().map(|port| port.id).collect();
        let mut held = allocations::of_ports(&mut (&mut *tx).into(), &ids).await?;
        let found = match (wish.port_id, wish.subnet_id) {
            (None, None) => return Err(bad("Either subnet_id or port_id must be specified")),
            (Some(port), subnet) => {
                let leg = legs
                    .into_iter()
                    .find(|leg| leg.id == port)
                    .ok_or_else(|| Error::router_interface_not_found(id, port))?;
                let ips = held.remove(&port).unwrap_or_default();
                if let Some(subnet) = subnet.filter(|subnet| !ips.iter().any(|ip| ip.subnet_id == *subnet)) {
                    return Err(Error::subnet_mismatch(port, subnet));
                }
                (leg, ips.clone(), ips)
            }
            (None, Some(subnet)) => {
                let on = |leg: &Port| {
                    held.get(&leg.id).is_some_and(|ips| ips.iter().any(|ip| ip.subnet_id == subnet))
                };
                let Some(leg) = legs.iter().find(|leg| on(leg)).cloned() else {
                    return Err(self.no_interface(tx, caller, id, subnet).await?);
                };
                let ips = held.remove(&leg.id).unwrap_or_default();
                let out = ips.iter().copied().filter(|ip| ip.subnet_id == subnet).collect();
                (leg, ips, out)
            }
        };
        let (port, all, out): (Port, Vec<FixedIp>, Vec<FixedIp>) = found;
        let subnets: Vec<SubnetId> = out.iter().map(|ip| ip.subnet_id).collect();
        self.not_needed(tx, &router, &subnets).await?;
        if out.len() == all.len() {
            ports::remove(tx, port.id).await?;
        } else {
            for ip in &out {
                allocations::release(tx, port.id, ip.ip_address).await?;
            }
        }
        self.save_router(tx, &mut router).await?;
        Ok(interface(id, &port, subnets))
    }

    /// The error for a router without leg in a subnet. Who does not see the subnet learns that there is none.
    async fn no_interface(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        router: RouterId,
        id: SubnetId,
    ) -> Result<Error> {
        let mut source: Source<'_> = tx.into();
        let Some(subnet) = Subnet::get(&mut source, &id).await? else {
            return Ok(Error::subnet_not_found(id));
        };
        let seen = self.visible_network(&mut source, caller, subnet.network_id).await.is_ok();
        Ok(if seen {
            Error::router_interface_not_found_for_subnet(router, id)
        } else {
            Error::subnet_not_found(id)
        })
    }

    /// No floating IP and no static route goes over these subnets.
    async fn not_needed(&self, tx: &mut Tx, router: &Router, subnets: &[SubnetId]) -> Result<()> {
        let mut source: Source<'_> = tx.into();
        let subnets = networks::subnets_by_ids(&mut source, subnets).await?;
        let floating = routers::floating_of_routers(&mut source, &[router.id]).await?;
        let held: Vec<PortId> = floating.iter().filter_map(|f| f.port_id).collect();
        let addresses = allocations::of_ports(&mut source, &held).await?;
        for subnet in &subnets {
            let leads_here = floating.iter().any(|f| {
                f.port_id.and_then(|port| addresses.get(&port)).is_some_and(|ips| {
                    ips.iter()
                        .any(|ip| ip.subnet_id == subnet.id && Some(ip.ip_address) == f.fixed_ip_address)
                })
            });
            if leads_here {
                return Err(Error::interface_in_use_by_floating_ip(subnet.id, router.id));
            }
            if router.routes.iter().any(|route| subnet.cidr.contains(&route.nexthop)) {
                return Err(Error::interface_in_use_by_route(subnet.id, router.id));
            }
        }
        Ok(())
    }
}

fn bad(message: impl std::fmt::Display) -> Error {
    Error::bad_request("router", message)
}

fn interface(router_id: RouterId, port: &Port, subnet_ids: Vec<SubnetId>) -> Interface {
    Interface {
        router_id,
        project_id: port.project_id.0.clone().unwrap_or_default(),
        port_id: port.id,
        network_id: port.network_id,
        subnet_ids,
    }
}
