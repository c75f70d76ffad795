//! Networks and ports, as compute needs them.

use std::collections::HashMap;
use std::net::IpAddr;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::Tx;
use kogge_ids::{NetworkId, PortId, ProjectId, SecurityGroupId, ServerId, SubnetId};
use kogge_network::commands::{FixedIpWish, NewPort};
use kogge_network::{Attachment, DevicePort, Kind, ListQuery, NetworkView, ShownPort};
use kogge_node_api::NodeError;

use crate::error::{Error, Result};
use crate::model::hostname::dns_label;
use crate::model::server::{Nic, Server};
use crate::{Compute, policy};

/// A port that a server is to have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WantedPort<'a> {
    pub(crate) server: ServerId,
    pub(crate) zone: &'a str,
    pub(crate) groups: &'a [SecurityGroupId],
    pub(crate) hostname: &'a str,
    pub(crate) project: &'a ProjectId,
}

/// A port of a server.
#[derive(Debug, Clone)]
pub(crate) struct Attached {
    pub(crate) id: PortId,
    pub(crate) network: NetworkId,
    pub(crate) network_name: String,
    pub(crate) mac: String,
    pub(crate) mtu: u32,
    pub(crate) status: String,
    pub(crate) fixed_ips: Vec<(SubnetId, IpAddr)>,
    pub(crate) floating_ips: Vec<IpAddr>,
    pub(crate) groups: Vec<(SecurityGroupId, String)>,
}

/// A security group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: SecurityGroupId,
    pub(crate) name: String,
}

impl Compute {
    /// Makes a port for a server.
    pub(crate) async fn make_port(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        network: NetworkId,
        fixed_ip: Option<IpAddr>,
        wanted: &WantedPort<'_>,
    ) -> Result<PortId> {
        let new = NewPort {
            project_id: Some(wanted.project.to_string()),
            network_id: Some(network),
            fixed_ips: fixed_ip
                .map(|address| vec![FixedIpWish { subnet_id: None, ip_address: Some(address) }]),
            security_groups: (!wanted.groups.is_empty()).then(|| wanted.groups.to_vec()),
            dns_name: dns_label(wanted.hostname),
            ..NewPort::of_server(wanted.server, wanted.zone)
        };
        let made = self.network().create_port_in(tx, caller, new).await;
        made.map(|port| port.row.id).map_err(|error| from_network(error, wanted.server))
    }

    /// Plugs a port of the caller into a server.
    pub(crate) async fn claim_port(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        port: PortId,
        wanted: &WantedPort<'_>,
    ) -> Result<()> {
        let to = Attachment { server: wanted.server, project: wanted.project, zone: wanted.zone };
        let bound = self.network().bind_port_in(tx, caller, port, to).await;
        let bound = bound.map_err(|error| match error.name() {
            "PortNotFound" => Error::NotFound(format!("Port id {port} could not be found.")),
            "PortInUse" => Error::Conflict(format!("Port {port} is still in use.")),
            _ => from_network(error, wanted.server),
        })?;
        if bound.foreign_external {
            self.allow_external(caller, &bound.port.row.network_id.to_string())?;
        }
        Ok(())
    }

    /// Asks whether the caller may join servers to external networks that are neither its own nor shared with it.
    fn allow_external(&self, caller: &Caller, network: &str) -> Result<()> {
        if caller.may(&policy::ATTACH_EXTERNAL_NETWORK, &Target::own(caller)) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "It is not allowed to create an interface on external network {network}"
        )))
    }

    /// Gives ports of a server back.
    pub(crate) async fn drop_ports(&self, tx: &mut Tx, server: ServerId, ports: &[PortId]) -> Result<()> {
        for port in ports {
            match self.network().detach_port_in(tx, server, *port).await {
                Ok(()) => {}
                // its owner deleted it
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) => return Err(from_network(error, server)),
            }
        }
        Ok(())
    }

    /// Gives back all that a server still has.
    pub(crate) async fn drop_all_ports(&self, tx: &mut Tx, server: ServerId) -> Result<()> {
        let dropped = self.network().delete_device_ports_in(tx, server).await;
        dropped.map_err(|error| from_network(error, server))
    }

    /// Says on which host the ports of a server are.
    pub(crate) async fn host_ports(&self, tx: &mut Tx, server: ServerId, host: &str) -> Result<()> {
        let set = self.network().set_port_host_in(tx, server, Some(host)).await;
        set.map_err(|error| from_network(error, server))
    }

    /// Says that the ports of a server are on no host.
    pub(crate) async fn unhost_ports(&self, tx: &mut Tx, server: ServerId) -> Result<()> {
        let set = self.network().set_port_host_in(tx, server, None).await;
        set.map_err(|error| from_network(error, server))
    }

    /// The ports of some servers, in a constant number of queries.
    pub(crate) async fn attached(&self, servers: &[ServerId]) -> Result<HashMap<ServerId, Vec<Attached>>> {
        let found = self.network().shown_ports(servers).await.map_err(Error::internal)?;
        let attached =
            |(server, ports): (_, Vec<ShownPort>)| (server, ports.into_iter().map(attachment).collect());
        Ok(found.into_iter().map(attached).collect())
    }

    /// `network_data.json` of a server.
    pub(crate) async fn network_data(&self, server: ServerId, nics: &[Nic]) -> Result<String> {
        let mut found = self.network().ports_of_servers(&[server]).await.map_err(Error::internal)?;
        let mut ports = found.remove(&server).unwrap_or_default();
        ports.sort_by_key(|port| nics.iter().position(|nic| nic.port == port.id));
        Ok(self.network().network_data_json(&ports).to_string())
    }

    /// The ports of a server in the guest's order, as of a transaction.
    pub(crate) async fn ports_in_order(&self, tx: &mut Tx, server: &Server) -> Result<Vec<DevicePort>> {
        let mut found =
            self.network().ports_of_servers_in(tx, &[server.id]).await.map_err(Error::internal)?;
        let mut ports = found.remove(&server.id).unwrap_or_default();
        ports.sort_by_key(|port| server.nics.iter().position(|nic| nic.port == port.id));
        Ok(ports)
    }

    /// The networks that the caller may see.
    pub(crate) async fn networks_of(&self, caller: &Caller, rule: &Rule) -> Result<Vec<NetworkView>> {
        caller.allow_on_own(rule)?;
        self.network().list_networks(caller, &ListQuery::default()).await.map_err(plain)
    }

    /// A network that the caller may see.
    pub(crate) async fn network_by_id(&self, caller: &Caller, id: &str, rule: &Rule) -> Result<NetworkView> {
        caller.allow_on_own(rule)?;
        let missing = || Error::NotFound("Network not found".to_owned());
        let id: NetworkId = id.parse().map_err(|_| missing())?;
        self.network().networks(caller, &[id]).await.map_err(plain)?.pop().ok_or_else(missing)
    }

    /// Makes the networking of a host what it should be, now.
    pub(crate) async fn sync_network(&self, host: &str) -> std::result::Result<(), NodeError> {
        self.network()
            .sync_host(host)
            .await
            .map_err(|error| NodeError::failed("preparing the host's networking", error))
    }

    /// The networks that a server is joined to where the request names none: the project's own.
    pub(crate) async fn boot_networks(&self, caller: &Caller) -> Result<Vec<NetworkId>> {
        let all = self.network().networks_for_boot(caller).await.map_err(Error::internal)?;
        let usable = all.iter().filter(|network| network.own && !network.external && network.has_subnet);
        Ok(usable.map(|network| network.id).collect())
    }

    /// The network of `networks: auto`; it is made where there is none yet.
    pub(crate) async fn auto_network(&self, caller: &Caller) -> Result<NetworkId> {
        let mut tx = self.db().begin().await?;
        let found = self.network().auto_allocate_in(&mut tx, caller).await;
        let network = found.map_err(|error| {
            let project = caller.project_id().map_or("", ProjectId::as_str);
            Error::Invalid(format!(
                "Unable to automatically allocate a network for project {project}: {error}"
            ))
        })?;
        tx.commit().await?;
        Ok(network)
    }

    /// Checks that a caller may join a server to a network.
    pub(crate) async fn check_network(&self, caller: &Caller, id: &str) -> Result<NetworkId> {
        let missing = || Error::NotFound(format!("Network {id} could not be found."));
        let id: NetworkId = id.parse().map_err(|_| missing())?;
        let found = self.network().networks(caller, &[id]).await.map_err(Error::internal)?;
        let network = found.first().ok_or_else(missing)?;
        let own = caller.project_id().is_some_and(|project| project.as_str() == network.row.project_id);
        if network.row.external && !own && !network.shared {
            self.allow_external(caller, &id.to_string())?;
        }
        if network.subnets.is_empty() {
            return Err(Error::Invalid(format!(
                "Network {id} requires a subnet in order to boot instances on."
            )));
        }
        Ok(id)
    }

    /// A security group of the caller, by name or id.
    pub(crate) async fn group(&self, caller: &Caller, name: &str) -> Result<Group> {
        let found = self.network().find_security_group(caller, name).await;
        let row = found.map_err(|error| match error.kind() {
            Kind::NotFound => Error::NotFound(format!(
                "Security group {name} not found for project {}.",
                caller.project_id().map_or("", ProjectId::as_str)
            )),
            Kind::BadRequest => Error::Conflict(error.to_string()),
            _ => Error::internal(error),
        })?;
        Ok(Group { id: row.id, name: row.name })
    }

    /// Makes these the security groups of a port.
    pub(crate) async fn set_port_groups(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        port: PortId,
        groups: Vec<SecurityGroupId>,
    ) -> Result<()> {
        let set = self.network().set_port_security_groups_in(tx, caller, port, groups).await;
        set.map(drop).map_err(plain)
    }
}

fn attachment(port: ShownPort) -> Attached {
    Attached {
        id: port.id,
        network: port.network_id,
        network_name: port.network_name,
        mac: port.mac,
        mtu: port.mtu,
        status: port.status,
        fixed_ips: port.fixed_ips,
        floating_ips: port.floating_ips,
        groups: port.security_groups,
    }
}

/// An error of the network in Nova's words.
fn from_network(error: kogge_network::Error, server: ServerId) -> Error {
    match error.name() {
        "OverQuota" => Error::Forbidden("Maximum number of ports exceeded".to_owned()),
        "IpAddressInUse" | "IpAddressAlreadyAllocated" => {
            Error::Invalid(format!("Fixed IP address is already in use on instance {server}. {error}"))
        }
        "IpAddressGenerationFailure" => Error::Invalid(format!("No fixed IP addresses available. {error}")),
        _ => plain(error),
    }
}

/// An error of the network as it is.
pub(crate) fn plain(error: kogge_network::Error) -> Error {
    let message = error.to_string();
    match error.kind() {
        Kind::BadRequest | Kind::PreconditionFailed => Error::Invalid(message),
        Kind::Forbidden => Error::Forbidden(message),
        Kind::NotFound => Error::NotFound(message),
        Kind::Conflict => Error::Conflict(message),
        Kind::Unavailable => Error::Unavailable(message),
        Kind::Internal => Error::internal(error),
    }
}
