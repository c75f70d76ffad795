//! Network interfaces and security groups of servers.

use std::net::IpAddr;

use kogge_auth::Caller;
use kogge_ids::{NetworkId, PortId, ServerId};

use super::change::Guard;
use super::labels::touch;
use crate::error::{Error, Result};
use crate::lower::network::{Attached, WantedPort};
use crate::model::bounds;
use crate::model::server::{Nic, Server};
use crate::model::state::VmState;
use crate::{Compute, policy};

const ATTACHABLE: &[VmState] = &[VmState::Active, VmState::Paused, VmState::Stopped];

/// An interface to be attached.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewInterface {
    pub(crate) network: Option<String>,
    pub(crate) port: Option<String>,
    pub(crate) fixed_ip: Option<IpAddr>,
    pub(crate) tag: Option<String>,
}

/// An address in use is a conflict here, though not where a server is made: so does Nova.
fn taken(error: Error, server: ServerId, address: Option<IpAddr>) -> Error {
    match (error, address) {
        (Error::Invalid(why), Some(address)) if why.contains("already in use") => {
            Error::Conflict(format!("Fixed IP address {address} is already in use on instance {server}."))
        }
        (error, _) => error,
    }
}

impl Compute {
    /// The interfaces of a server, in the guest's order.
    pub(crate) async fn interfaces(
        &self,
        caller: &Caller,
        id: &str,
        one: bool,
    ) -> Result<(Server, Vec<Attached>)> {
        let rule = if one { &policy::INTERFACES_SHOW } else { &policy::INTERFACES_LIST };
        let server = self.server(caller, id, rule).await?;
        let details = self.detail(server).await?;
        Ok((details.server, details.ports))
    }

    /// Joins a server to a network, or plugs a port in.
    pub(crate) async fn attach_interface(
        &self,
        caller: &Caller,
        id: &str,
        new: NewInterface,
    ) -> Result<PortId> {
        let guard = Guard::new("attach_interface", ATTACHABLE);
        let known = self.server(caller, id, &policy::INTERFACES_CREATE).await?;
        guard.check(caller, &known)?;
        let network = match (&new.network, &new.port) {
            (Some(network), _) => Some(self.check_network(caller, network).await?),
            (None, Some(_)) => None,
            (None, None) => Some(self.only_network(caller, &known).await?),
        };
        let mut changing = self.open(caller, id, &policy::INTERFACES_CREATE, guard).await?;
        let server = &mut changing.server;
        server.forget_given_back();
        if server.nics.len() + server.intent.leaving.len() >= bounds::INTERFACES {
            let why =
                format!("Maximum number of ports exceeded: a server has {} at most.", bounds::INTERFACES);
            return Err(Error::Forbidden(why));
        }
        let zone = server.spec.zone.clone().unwrap_or_else(|| self.config().default_zone.clone());
        let (hostname, project) = (server.hostname.clone(), server.project.clone());
        let wanted = WantedPort {
            server: server.id,
            zone: &zone,
            groups: &[],
            hostname: &hostname,
            project: &project,
        };
        let nic = match network {
            Some(network) => {
                let made = self.make_port(&mut changing.tx, caller, network, new.fixed_ip, &wanted).await;
                let made = made.map_err(|error| taken(error, server.id, new.fixed_ip))?;
                Nic { port: made, own: true, tag: new.tag.clone() }
            }
            None => {
                let port = new.port.as_deref().unwrap_or_default();
                let missing = || Error::NotFound(format!("Port id {port} could not be found."));
                let port: PortId = port.parse().map_err(|_| missing())?;
                if server.holds(port) {
                    return Err(Error::Conflict(format!("Port {port} is still in use.")));
                }
                self.claim_port(&mut changing.tx, caller, port, &wanted).await?;
                Nic { port, own: false, tag: new.tag.clone() }
            }
        };
        if let Some(host) = server.placed.host.clone() {
            self.host_ports(&mut changing.tx, server.id, &host).await?;
        }
        server.nics.push(nic);
        touch(server, changing.now);
        let changed = self.close(caller, changing, Some("attach_interface")).await?;
        let port = changed.nics.last().map(|nic| nic.port);
        port.ok_or_else(|| Error::internal("an interface was attached but is not there"))
    }

    /// The one network that a server without any named could be joined to.
    async fn only_network(&self, caller: &Caller, server: &Server) -> Result<NetworkId> {
        match self.boot_networks(caller).await?.as_slice() {
            [network] => Ok(*network),
            [] => Err(Error::Invalid(format!(
                "No specific network was requested and none are available for project '{}'.",
                server.project
            ))),
            _ => Err(Error::Invalid(
                "More than one possible network found. Specify network ID(s) to select which one(s) to connect to."
                    .to_owned(),
            )),
        }
    }

    /// Takes an interface away. A port that compute made is deleted, another one only let go: once the guest has it no
    /// more where there is one, for until then its traffic is the server's.
    pub(crate) async fn detach_interface(&self, caller: &Caller, id: &str, port: &str) -> Result<()> {
        let guard = Guard::new("detach_interface", ATTACHABLE);
        let rule = &policy::INTERFACES_DELETE;
        let missing = || Error::NotFound(format!("Port id {port} could not be found."));
        let mut changing = self.open(caller, id, rule, guard).await?;
        let wanted: PortId = port.parse().map_err(|_| missing())?;
        let server = &mut changing.server;
        server.forget_given_back();
        if server.intent.leaving.contains(&wanted) {
            // asked for already; Nova takes it again too
            return Ok(());
        }
        let at = server.nics.iter().position(|nic| nic.port == wanted).ok_or_else(missing)?;
        let nic = server.nics.remove(at);
        if server.placed.host.is_some() {
            server.intent.leaving.push(nic.port);
        } else {
            self.drop_ports(&mut changing.tx, server.id, &[nic.port]).await?;
        }
        touch(server, changing.now);
        self.close(caller, changing, Some("detach_interface")).await.map(drop)
    }

    /// Puts all ports of a server into a security group, or takes them out.
    pub(crate) async fn change_group(&self, caller: &Caller, id: &str, group: &str, add: bool) -> Result<()> {
        let rule = if add { &policy::GROUPS_ADD } else { &policy::GROUPS_REMOVE };
        let action = if add { "addSecurityGroup" } else { "removeSecurityGroup" };
        let guard = Guard { heeds_lock: false, ..Guard::new(action, &[]) };
        let known = self.server(caller, id, rule).await?;
        guard.check(caller, &known)?;
        let ports = self.detail(known).await?.ports;
        let group = self.group(caller, group).await?;
        let member = ports.iter().any(|port| port.groups.iter().any(|(one, _)| *one == group.id));
        if ports.is_empty() {
            return Err(Error::Invalid(
                "Network requires port_security_enabled and subnet associated in order to apply security groups."
                    .to_owned(),
            ));
        }
        if add && member {
            return Err(Error::Invalid(format!(
                "Security group {} is already associated with the instance {id}",
                group.name
            )));
        }
        if !add && !member {
            return Err(Error::NotFound(format!(
                "Security group {} not associated with the instance {id}",
                group.name
            )));
        }
        let mut tx = self.db().begin().await?;
        for port in &ports {
            let mut groups: Vec<_> = port.groups.iter().map(|(id, _)| *id).collect();
            groups.retain(|one| *one != group.id);
            if add {
                groups.push(group.id);
            }
            self.set_port_groups(&mut tx, caller, port.id, groups).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
