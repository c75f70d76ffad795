//! Making floating IPs, and where they lead.

use std::net::IpAddr;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::record::Json;
use kogge_db::{Record as _, Tx};
use kogge_ids::{FloatingIpId, PortId, RouterId};

use super::ipam::Claim;
use super::{is_admin, owner, permit, permit_change, permit_fields};
use crate::error::{Error, Result};
use crate::model::commands::{FixedIpWish, NewFloatingIp, NewPort};
use crate::model::holder::Holder;
use crate::store::rows::{FloatingIp, Network, Port, Router, Subnet};
use crate::store::{allocations, ports, routers as store};
use crate::{Networking, policy};

impl Networking {
    /// Makes a floating IP, and lets it lead somewhere where that was asked for.
    ///
    /// # Errors
    /// `PolicyNotAuthorized`, `OverQuota`, `NetworkNotFound`, `ExternalIpAddressExhausted`, and as for an update.
    pub async fn create_floating_ip_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewFloatingIp,
    ) -> Result<FloatingIp> {
        let project = owner(caller, new.project_id.clone())?;
        let wished = Target::project(&project);
        permit(caller, &policy::CREATE_FLOATINGIP, &wished)?;
        permit_fields(caller, "create_floatingip", &new.fields, &wished)?;
        self.charge(tx, &project, "floatingip", 1).await?;
        let network = new.floating_network_id.ok_or_else(|| Error::network_not_found(""))?;
        let network = self.visible_network(&mut (&mut *tx).into(), caller, network).await?;
        let id = FloatingIpId::random();
        let (port, address) = self.take_external(tx, &network, id, &new).await?;
        self.still_open(tx, caller, &network).await?;
        let now = self.clock().now();
        let mut row = FloatingIp {
            id,
            project_id: project,
            description: new.description,
            floating_network_id: network.id,
            floating_ip_address: address,
            floating_port_id: port.id,
            port_id: None,
            fixed_ip_address: None,
            router_id: None,
            dns_name: new.dns_name,
            dns_domain: new.dns_domain,
            tags: Json(Vec::new()),
            created_at: now,
            updated_at: now,
            revision_number: 1,
        };
        match (new.port_id, new.fixed_ip_address) {
            (None, Some(_)) => return Err(bad("fixed_ip_address cannot be specified without a port_id")),
            (None, None) => {}
            (Some(port), fixed) => self.associate(tx, caller, &mut row, port, fixed).await?,
        }
        if !row.insert(tx).await? {
            return Err(Error::changed_meanwhile());
        }
        Ok(row)
    }

    /// Lets a floating IP that was loaded for a change lead elsewhere, or nowhere.
    pub(crate) async fn lead(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        row: &mut FloatingIp,
        to: Option<(PortId, Option<IpAddr>)>,
    ) -> Result<()> {
        match to {
            Some((port, fixed)) => self.associate(tx, caller, row, port, fixed).await,
            None => {
                row.port_id = None;
                row.fixed_ip_address = None;
                row.router_id = None;
                Ok(())
            }
        }
    }

    /// Stores a change of a floating IP.
    pub(crate) async fn save_floating_ip(&self, tx: &mut Tx, row: &mut FloatingIp) -> Result<()> {
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        Ok(row.save(tx).await?)
    }

    /// Removes a floating IP: its address is free then.
    pub(crate) async fn remove_floating_ip(&self, tx: &mut Tx, row: &FloatingIp) -> Result<()> {
        FloatingIp::delete(tx, &row.id).await?;
        ports::remove(tx, row.floating_port_id).await?;
        Ok(())
    }

    /// The locked floating IP, where `rule` lets the caller change it.
    pub(crate) async fn own_floating_ip(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: FloatingIpId,
        rule: &Rule,
    ) -> Result<FloatingIp> {
        let missing = || Error::floating_ip_not_found(id);
        let row = FloatingIp::lock(tx, &id).await?.ok_or_else(missing)?;
        permit_change(caller, rule, &policy::GET_FLOATINGIP, &Target::project(&row.project_id), missing)?;
        Ok(row)
    }

    /// Takes an address of the external network for a port of our own.
    async fn take_external(
        &self,
        tx: &mut Tx,
        network: &Network,
        id: FloatingIpId,
        new: &NewFloatingIp,
    ) -> Result<(Port, IpAddr)> {
        if !network.external {
            return Err(bad(format!("Network {} is not a valid external network", network.id)));
        }
        let subnets: Vec<Subnet> = self.subnets_in(tx, network.id).await?;
        if !subnets.iter().any(|subnet| subnet.ip_version == 4) {
            return Err(bad(format!("Network {} does not contain any IPv4 subnet", network.id)));
        }
        let draft = NewPort::of(Holder::FloatingIp, id, id);
        let port = self.insert_port(tx, network, None, &draft).await?;
        let v4: Vec<Subnet> = subnets.into_iter().filter(|subnet| subnet.ip_version == 4).collect();
        let claim = Claim::of(&port, network, &v4);
        let wish = FixedIpWish { subnet_id: new.subnet_id, ip_address: new.floating_ip_address };
        let wishes = [wish];
        let wishes = Some(&wishes[..]).filter(|_| wish != FixedIpWish::default());
        let taken = claim.take(tx, wishes).await?;
        match taken.iter().find(|ip| ip.ip_address.is_ipv4()) {
            Some(ip) => Ok((port, ip.ip_address)),
            None => Err(Error::external_exhausted(network.id)),
        }
    }

    /// Makes a floating IP lead to an address of a port.
    async fn associate(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        row: &mut FloatingIp,
        port: PortId,
        fixed: Option<IpAddr>,
    ) -> Result<()> {
        let (target, ..) = self.own_port(tx, caller, port, &policy::GET_PORT).await?;
        if target.project_id.project() != Some(row.project_id.as_str()) && !is_admin(caller) {
            return Err(bad(format!(
                "Cannot process floating IP association with Port {port}, since that port is owned by a different project"
            )));
        }
        if target.holder.is_ours() && !target.holder.is_router_leg() {
            return Err(bad(format!("Port {port} is unable to be assigned a floating IP")));
        }
        let held =
            allocations::of_ports(&mut (&mut *tx).into(), &[port]).await?.remove(&port).unwrap_or_default();
        let v4: Vec<_> = held.iter().filter(|ip| ip.ip_address.is_ipv4()).collect();
        let chosen = match fixed {
            Some(ip) if !ip.is_ipv4() => {
                return Err(bad(format!(
                    "Cannot process floating IP association with {ip}, since that is not an IPv4 address"
                )));
            }
            Some(ip) => v4
                .iter()
                .find(|held| held.ip_address == ip)
                .ok_or_else(|| bad(format!("Port {port} does not have fixed ip {ip}")))?,
            None => match v4.as_slice() {
                [] => {
                    return Err(bad(format!(
                        "Cannot add floating IP to port {port} that has no fixed IPv4 addresses"
                    )));
                }
                [one] => one,
                _ => {
                    return Err(bad(format!(
                        "Port {port} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when \
                         assigning a floating IP"
                    )));
                }
            },
        };
        let router = self.router_between(tx, row, port, chosen.subnet_id).await?;
        self.only_one(tx, row, port, chosen.ip_address).await?;
        row.port_id = Some(port);
        row.fixed_ip_address = Some(chosen.ip_address);
        row.router_id = Some(router);
        Ok(())
    }

    async fn router_between(
        &self,
        tx: &mut Tx,
        row: &FloatingIp,
        port: PortId,
        subnet: kogge_ids::SubnetId,
    ) -> Result<RouterId> {
        let none = || Error::external_gateway_not_found(row.floating_network_id, subnet, port);
        let out = store::leading_out(tx, subnet, row.floating_network_id).await?;
        let gateway = Subnet::get(&mut *tx, &subnet).await?.and_then(|subnet| subnet.gateway_ip);
        let best = out.iter().find(|(_, leg)| Some(*leg) == gateway).or_else(|| out.first());
        let (router, _) = *best.ok_or_else(none)?;
        // from here on nobody takes its gateway or its leg away; somebody may just have done so
        Router::lock(tx, &router).await?;
        let still = store::leading_out(tx, subnet, row.floating_network_id).await?;
        if still.iter().any(|(id, _)| *id == router) { Ok(router) } else { Err(none()) }
    }

    async fn only_one(&self, tx: &mut Tx, row: &FloatingIp, port: PortId, fixed: IpAddr) -> Result<()> {
        let others = store::floating_of_ports(&mut tx.into(), &[port]).await?;
        let clash = others.iter().any(|other| {
            other.id != row.id
                && other.fixed_ip_address == Some(fixed)
                && other.floating_network_id == row.floating_network_id
        });
        if clash {
            let (address, network) = (row.floating_ip_address, row.floating_network_id);
            return Err(Error::floating_ip_associated(address, row.id, port, fixed, network));
        }
        Ok(())
    }
}

/// A wrong request about a floating IP.
pub(crate) fn bad(message: impl std::fmt::Display) -> Error {
    Error::bad_request("floatingip", message)
}
