//! What views show of the ports of servers. A list of servers reads it for thousands: of each port only what is shown.

use std::collections::HashMap;
use std::net::IpAddr;

use kogge_ids::{NetworkId, PortId, SecurityGroupId, ServerId, SubnetId};

use super::{by_id, distinct};
use crate::Networking;
use crate::error::Result;
use crate::store::{allocations, groups, networks, ports, routers};
use kogge_db::Source;

/// What is shown of a port of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPort {
    /// Its id.
    pub id: PortId,
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
    /// Its addresses.
    pub fixed_ips: Vec<(SubnetId, IpAddr)>,
    /// The floating IPs that lead to them, in the same order.
    pub floating_ips: Vec<IpAddr>,
    /// Its security groups: id and name.
    pub security_groups: Vec<(SecurityGroupId, String)>,
}

impl Networking {
    /// What is shown of the ports of some servers, oldest first, in a constant number of queries.
    ///
    /// # Errors
    /// The database's.
    pub async fn shown_ports(&self, servers: &[ServerId]) -> Result<HashMap<ServerId, Vec<ShownPort>>> {
        let source: &mut Source<'_> = &mut self.db().into();
        let rows = ports::seen(source, servers).await?;
        let ids: Vec<PortId> = rows.iter().map(|row| row.id).collect();
        let of: Vec<NetworkId> = distinct(rows.iter().map(|row| row.network_id));
        let nets = by_id(networks::by_ids(source, &of).await?, |network| network.id);
        let mut addresses = allocations::of_ports(source, &ids).await?;
        let floating = by_id(routers::floating_of_ports(source, &ids).await?, |floating| {
            (floating.port_id, floating.fixed_ip_address)
        });
        let mut of_port = ports::groups_of(source, &ids).await?;
        let named: Vec<SecurityGroupId> = distinct(of_port.values().flatten().copied());
        let names = by_id(groups::by_ids(source, &named).await?, |group| group.id);
        let mut found: HashMap<ServerId, Vec<ShownPort>> = HashMap::with_capacity(servers.len());
        for row in rows {
            let network = nets.get(&row.network_id);
            let held = addresses.remove(&row.id).unwrap_or_default();
            let lead =
                |ip: IpAddr| floating.get(&(Some(row.id), Some(ip))).map(|found| found.floating_ip_address);
            let named = |id| (id, names.get(&id).map(|group| group.name.clone()).unwrap_or_default());
            found.entry(row.server).or_default().push(ShownPort {
                id: row.id,
                network_id: row.network_id,
                network_name: network.map(|network| network.name.clone()).unwrap_or_default(),
                mtu: network.and_then(|network| u32::try_from(network.mtu).ok()).unwrap_or(1500),
                mac: row.mac,
                status: row.status,
                floating_ips: held.iter().filter_map(|ip| lead(ip.ip_address)).collect(),
                fixed_ips: held.into_iter().map(|ip| (ip.subnet_id, ip.ip_address)).collect(),
                security_groups: of_port.remove(&row.id).unwrap_or_default().into_iter().map(named).collect(),
            });
        }
        Ok(found)
    }
}
