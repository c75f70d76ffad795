//! Floating IPs, for compute's proxies of old: what a change asks here it asks of a body, too.

use std::net::IpAddr;

use kogge_auth::{Caller, Target};
use kogge_db::{ListQuery, Record as _, Source, Tx};
use kogge_ids::{FloatingIpId, NetworkId, PortId, ServerId};
use kogge_resource::List as _;

use super::{by_id, distinct};
use crate::error::Result;
use crate::model::holder::Holder;
use crate::resources::floating_ips::FloatingIps;
use crate::service::scope;
use crate::store::ports;
use crate::store::rows::{FloatingIp, Port};
use crate::{Networking, policy};

/// What compute shows of a floating IP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFloatingIp {
    /// Its id.
    pub id: FloatingIpId,
    /// The address outside.
    pub address: IpAddr,
    /// The address inside that it leads to.
    pub fixed: Option<IpAddr>,
    /// Name of its network, or its id where it has none.
    pub pool: String,
    /// The server whose port it leads to.
    pub server: Option<ServerId>,
}

impl Networking {
    /// The floating IPs that the caller may see and the query asks for, in a constant number of queries.
    ///
    /// # Errors
    /// 400 for unknown filters.
    pub async fn list_floating_ips(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Vec<ShownFloatingIp>> {
        let source: &mut Source<'_> = &mut self.db().into();
        let list = FloatingIps::LIST;
        let select = scope(caller).of(FloatingIp::select(), list.own);
        let mut rows = FloatingIp::page(source, select, list.filters, query, list.sort).await?.items;
        rows.retain(|row| caller.may(&policy::GET_FLOATINGIP, &Target::project(&row.project_id)));
        let held: Vec<PortId> = rows.iter().filter_map(|row| row.port_id).collect();
        let held = by_id(ports::by_ids(source, &held).await?, |port| port.id);
        let pools: Vec<NetworkId> = distinct(rows.iter().map(|row| row.floating_network_id));
        let pools = by_id(self.networks(caller, &pools).await?, |network| network.row.id);
        let pool = |id: NetworkId| {
            let name = pools.get(&id).map(|network| network.row.name.clone());
            name.filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_string())
        };
        let shown = |row: FloatingIp| ShownFloatingIp {
            id: row.id,
            address: row.floating_ip_address,
            fixed: row.fixed_ip_address,
            pool: pool(row.floating_network_id),
            server: row.port_id.and_then(|port| held.get(&port)).and_then(server_of),
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Lets a floating IP of the caller lead to an address of a port.
    ///
    /// # Errors
    /// As for an update: `FloatingIPNotFound`, `PolicyNotAuthorized`, `PortNotFound`, `BadRequest`,
    /// `ExternalGatewayForFloatingIPNotFound`, `FloatingIPPortAlreadyAssociated`.
    pub async fn lead_floating_ip_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: FloatingIpId,
        (port, fixed): (PortId, IpAddr),
    ) -> Result<()> {
        let mut row = self.own_floating_ip(tx, caller, id, &policy::UPDATE_FLOATINGIP).await?;
        self.lead(tx, caller, &mut row, Some((port, Some(fixed)))).await?;
        self.save_floating_ip(tx, &mut row).await
    }

    /// Lets a floating IP of the caller lead nowhere, if it leads to a port of this server; false where it does not.
    ///
    /// # Errors
    /// `FloatingIPNotFound`, `PolicyNotAuthorized`.
    pub async fn part_floating_ip_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: FloatingIpId,
        server: ServerId,
    ) -> Result<bool> {
        let mut row = self.own_floating_ip(tx, caller, id, &policy::UPDATE_FLOATINGIP).await?;
        let Some(port) = row.port_id else { return Ok(false) };
        let held = Port::get(&mut *tx, &port).await?;
        if held.as_ref().and_then(server_of) != Some(server) {
            return Ok(false);
        }
        self.lead(tx, caller, &mut row, None).await?;
        self.save_floating_ip(tx, &mut row).await?;
        Ok(true)
    }

    /// Deletes a floating IP of the caller.
    ///
    /// # Errors
    /// `FloatingIPNotFound`, `PolicyNotAuthorized`.
    pub async fn delete_floating_ip_in(&self, tx: &mut Tx, caller: &Caller, id: FloatingIpId) -> Result<()> {
        let row = self.own_floating_ip(tx, caller, id, &policy::DELETE_FLOATINGIP).await?;
        self.remove_floating_ip(tx, &row).await
    }
}

/// The server that holds a port.
fn server_of(port: &Port) -> Option<ServerId> {
    port.holder_id.as_ref().filter(|_| port.holder == Holder::Server)?.parse().ok()
}
