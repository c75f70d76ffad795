//! Where floating IPs lead.

use std::net::IpAddr;

use kogge_auth::Caller;
use kogge_db::{Record as _, Tx};
use kogge_ids::{FloatingIpId, PortId, RouterId};

use super::ipam::Claim;
use super::is_admin;
use crate::error::{Error, Result};
use crate::model::commands::{FixedIpWish, NewFloatingIp, NewPort};
use crate::model::holder::Holder;
use crate::store::rows::{FloatingIp, Network, Port, Router, Subnet};
use crate::store::{allocations, routers as store};
use crate::{Networking, policy};

impl Networking {
    /// Takes an address of the external network for a port of our own.
    pub(crate) async fn take_external(
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
    pub(crate) async fn associate(
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
