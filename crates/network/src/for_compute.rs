//! What compute calls: ports of servers, made, found and given back inside compute's own transactions.

mod addresses;
mod attachments;
mod departures;
mod floating;
mod shown;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use kogge_auth::Caller;
use kogge_db::Tx;
use kogge_ids::{NetworkId, PortId, SecurityGroupId, ServerId, SubnetId};

pub use attachments::{Attachment, Bound};
pub use floating::ShownFloatingIp;
pub use shown::ShownPort;

use crate::Networking;
use crate::error::{Error, Result};
use crate::model::commands::PortChange;
use crate::model::device_port::{DevicePort, PortAddress};
use crate::model::holder::Holder;
use crate::policy;
use crate::resources::networks::page_of;
use crate::service::networks::NetworkView;
use crate::service::ports::PortView;
use crate::store::allocations::FixedIp;
use crate::store::rows::{SecurityGroup, Subnet};
use crate::store::{allocations, groups, networks, ports, routers};
use kogge_db::filter::Whose;
use kogge_db::{ListQuery, Source};

/// A network that a server may be booted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootNetwork {
    /// Its id.
    pub id: NetworkId,
    /// Its name.
    pub name: String,
    /// Whether it has a subnet: without, a port gets no address.
    pub has_subnet: bool,
    /// Joined to the world: members may not attach servers to it.
    pub external: bool,
    /// Of another project and shared.
    pub shared: bool,
    /// Whether it belongs to the caller's project.
    pub own: bool,
}

impl Networking {
    /// The ports of some servers, oldest first, in a constant number of queries.
    ///
    /// # Errors
    /// The database's.
    pub async fn ports_of_servers(&self, servers: &[ServerId]) -> Result<HashMap<ServerId, Vec<DevicePort>>> {
        self.device_ports(&mut self.db().into(), servers).await
    }

    /// As [`Networking::ports_of_servers`], inside a transaction.
    ///
    /// # Errors
    /// The database's.
    pub async fn ports_of_servers_in(
        &self,
        tx: &mut Tx,
        servers: &[ServerId],
    ) -> Result<HashMap<ServerId, Vec<DevicePort>>> {
        self.device_ports(&mut tx.into(), servers).await
    }

    async fn device_ports(
        &self,
        source: &mut Source<'_>,
        servers: &[ServerId],
    ) -> Result<HashMap<ServerId, Vec<DevicePort>>> {
        let ids: Vec<String> = servers.iter().map(ToString::to_string).collect();
        let rows = ports::held_by(source, &[Holder::Server], &ids).await?;
        let ids: Vec<PortId> = rows.iter().map(|row| row.id).collect();
        let of: Vec<NetworkId> = distinct(rows.iter().map(|row| row.network_id));
        let nets = by_id(networks::by_ids(source, &of).await?, |network| network.id);
        let mut addresses = allocations::of_ports(source, &ids).await?;
        let wanted: Vec<SubnetId> = distinct(addresses.values().flatten().map(|ip| ip.subnet_id));
        let subnets = by_id(networks::subnets_by_ids(source, &wanted).await?, |subnet| subnet.id);
        let floating = by_id(routers::floating_of_ports(source, &ids).await?, |floating| {
            (floating.port_id, floating.fixed_ip_address)
        });
        let mut of_port = ports::groups_of(source, &ids).await?;
        let named: Vec<SecurityGroupId> = distinct(of_port.values().flatten().copied());
        let names: HashMap<SecurityGroupId, String> =
            groups::by_ids(source, &named).await?.into_iter().map(|group| (group.id, group.name)).collect();
        let mut found: HashMap<ServerId, Vec<DevicePort>> = HashMap::new();
        for row in rows {
            let Some(Ok(server)) = row.holder_id.as_ref().map(|id| id.parse::<ServerId>()) else { continue };
            let network = nets.get(&row.network_id);
            let lead =
                |ip: IpAddr| floating.get(&(Some(row.id), Some(ip))).map(|found| found.floating_ip_address);
            let held = addresses.remove(&row.id).unwrap_or_default();
            let address = |ip: &FixedIp| {
                let subnet = subnets.get(&ip.subnet_id)?;
                Some(port_address(subnet, ip.ip_address, lead(ip.ip_address)))
            };
            let addresses = held.iter().filter_map(address).collect();
            let port = DevicePort {
                id: row.id,
                server,
                network_id: row.network_id,
                network_name: network.map(|n| n.name.clone()).unwrap_or_default(),
                mtu: network.and_then(|n| u32::try_from(n.mtu).ok()).unwrap_or(1500),
                mac: row.mac_address,
                status: row.status,
                admin_state_up: row.admin_state_up,
                vnic_type: row.vnic_type,
                host: row.host,
                made_by_device: row.made_by_device,
                addresses,
                security_groups: of_port
                    .remove(&row.id)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|id| (id, names.get(&id).cloned().unwrap_or_default()))
                    .collect(),
            };
            found.entry(server).or_default().push(port);
        }
        Ok(found)
    }

    /// The networks that the caller may boot a server on, own ones first, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn networks_for_boot(&self, caller: &Caller) -> Result<Vec<BootNetwork>> {
        let Some(project) = crate::service::project_of(caller) else { return Ok(Vec::new()) };
        let mut query = crate::store::networks::everything();
        query.page.sort = vec![("created_at".to_owned(), kogge_db::Direction::Ascending)];
        let mut source: Source<'_> = self.db().into();
        let page = page_of(&mut source, Whose::Of(project), &query).await?;
        let views: Vec<NetworkView> = self.complete_networks(&mut source, caller, page.items).await?;
        let mut found: Vec<BootNetwork> = views
            .into_iter()
            .map(|view| BootNetwork {
                id: view.row.id,
                has_subnet: !view.subnets.is_empty(),
                external: view.row.external,
                own: view.row.project_id == project,
                shared: view.shared,
                name: view.row.name,
            })
            .collect();
        found.sort_by_key(|network| !network.own);
        Ok(found)
    }

    /// Networks by id that the caller may see; those it may not are left out.
    ///
    /// # Errors
    /// The database's.
    pub async fn networks(&self, caller: &Caller, ids: &[NetworkId]) -> Result<Vec<NetworkView>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.list_networks(caller, &ListQuery::by("id", ids.iter().map(ToString::to_string))).await
    }

    /// The networks that the caller may see and the query asks for.
    ///
    /// # Errors
    /// 400 for unknown filters.
    pub async fn list_networks(&self, caller: &Caller, query: &ListQuery) -> Result<Vec<NetworkView>> {
        let mut source: Source<'_> = self.db().into();
        let found = page_of(&mut source, crate::service::scope(caller), query).await?.items;
        self.complete_networks(&mut source, caller, found).await
    }

    /// The caller's security group with this id or name.
    ///
    /// # Errors
    /// `SecurityGroupNotFound`; `BadRequest` where several have the name.
    pub async fn find_security_group(&self, caller: &Caller, name: &str) -> Result<SecurityGroup> {
        let missing = || Error::security_group_not_found(name);
        let project = crate::service::project_of(caller).ok_or_else(missing)?;
        if let Ok(id) = name.parse::<SecurityGroupId>()
            && let Ok(view) = self.security_group(caller, id).await
        {
            return Ok(view.row);
        }
        // the list makes the default group where the project has none yet
        let mut query = ListQuery::by("name", [name.to_owned()]);
        query.filters.insert("project_id".to_owned(), vec![project.to_owned()]);
        let mut found = self.list_security_groups(caller, &query).await?.items;
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(missing()),
            (Some(view), true) => Ok(view.row),
            (Some(_), false) => {
                let message = format!(
                    "Multiple security groups found matching '{name}'. Use an ID to be more specific"
                );
                Err(Error::bad_request("security group", message))
            }
        }
    }

    /// Makes `groups` the security groups of a port.
    ///
    /// # Errors
    /// As for an update of the port.
    pub async fn set_port_security_groups_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: PortId,
        groups: Vec<SecurityGroupId>,
    ) -> Result<PortView> {
        let change = PortChange { security_groups: Some(groups), ..Default::default() };
        let (row, network, _) = self.own_port(tx, caller, id, &policy::UPDATE_PORT).await?;
        self.update_port_in(tx, caller, row, &network, change).await
    }

    /// `network_data.json` for a guest with these ports.
    #[must_use]
    pub fn network_data_json(&self, ports: &[DevicePort]) -> serde_json::Value {
        crate::model::network_data::network_data(ports)
    }
}

/// Things by what they are looked up by.
fn by_id<K: std::hash::Hash + Eq, T>(items: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, T> {
    items.into_iter().map(|item| (key(&item), item)).collect()
}

fn distinct<T: std::hash::Hash + Eq>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<HashSet<T>>().into_iter().collect()
}

fn port_address(subnet: &Subnet, address: IpAddr, floating_ip: Option<IpAddr>) -> PortAddress {
    PortAddress {
        subnet_id: subnet.id,
        address,
        cidr: subnet.cidr,
        gateway: subnet.gateway_ip,
        dns: subnet.dns_nameservers.0.clone(),
        host_routes: subnet.host_routes.0.clone(),
        dhcp: subnet.enable_dhcp,
        ipv6_mode: subnet.ipv6_address_mode.clone().or_else(|| subnet.ipv6_ra_mode.clone()),
        floating_ip,
    }
}
