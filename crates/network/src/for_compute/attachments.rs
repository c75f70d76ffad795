//! Which port belongs to which server. Only compute says so, through these functions; what a tenant writes into
//! `device_id` and `device_owner` is never asked.

use kogge_auth::Caller;
use kogge_db::Record as _;
use kogge_db::Tx;
use kogge_ids::{PortId, ProjectId, ServerId};

use crate::error::{Error, Result};
use crate::model::holder::Holder;
use crate::service::permit;
use crate::service::ports::{PortView, target};
use crate::store::ports;
use crate::store::rows::Port;
use crate::{Networking, policy};

/// The server that a port is plugged into.
#[derive(Debug, Clone, Copy)]
pub struct Attachment<'a> {
    /// Its id.
    pub server: ServerId,
    /// Its project; ports of others are not plugged in.
    pub project: &'a ProjectId,
    /// Its availability zone, for `device_owner`.
    pub zone: &'a str,
}

/// A port that was plugged into a server.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The port.
    pub port: PortView,
    /// It stands on an external network that is neither of the port's project nor shared with it: what compute's
    /// policy `network:attach_external_network` is about.
    pub foreign_external: bool,
}

impl Networking {
    /// Plugs an existing port of the caller into a server.
    ///
    /// # Errors
    /// `PortNotFound`, `PolicyNotAuthorized` (also for a port without filter, where the caller may not switch the
    /// filter off), `PortNotUsable` where the port is of another project than the server, `PortInUse`.
    pub async fn bind_port_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: PortId,
        to: Attachment<'_>,
    ) -> Result<Bound> {
        let (mut row, network, shared) = self.own_port(tx, caller, id, &policy::UPDATE_PORT).await?;
        let server = to.server.to_string();
        if row.project_id.project() != Some(to.project.as_str()) {
            return Err(Error::port_not_usable(id, server));
        }
        if !row.device_id.is_empty() && row.device_id != server {
            return Err(Error::port_in_use(id, row.network_id, &row.device_id));
        }
        if !row.is_filtered() {
            let asked = target(row.project_id.project(), &row.device_owner, &network, shared);
            permit(caller, &policy::CREATE_PORT_PORT_SECURITY_ENABLED, &asked)?;
        }
        if !ports::plug_into_server(tx, id, to.server, to.project).await? {
            return Err(Error::port_in_use(id, row.network_id, &row.device_id));
        }
        row.holder = Holder::Server;
        row.holder_id = Some(server.clone());
        row.device_id = server;
        row.device_owner = format!("compute:{}", to.zone);
        self.save_port(tx, &mut row).await?;
        let foreign_external =
            network.external && Some(network.project_id.as_str()) != row.project_id.project() && !shared;
        Ok(Bound { port: self.port_view(&mut tx.into(), row).await?, foreign_external })
    }

    /// Says on which host the ports of a server are; `None` for nowhere.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_port_host_in(&self, tx: &mut Tx, server: ServerId, host: Option<&str>) -> Result<()> {
        let host = host.unwrap_or("");
        for mut row in self.ports_held_by(tx, server).await? {
            if row.host != host {
                row.host = host.to_owned();
                row.up = false;
                self.save_port(tx, &mut row).await?;
            }
        }
        Ok(())
    }

    /// Gives the ports of a server back: those that compute made are deleted, the user's are unplugged.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_device_ports_in(&self, tx: &mut Tx, server: ServerId) -> Result<()> {
        for row in self.ports_held_by(tx, server).await? {
            self.give_back(tx, row).await?;
        }
        Ok(())
    }

    /// Gives one port of a server back, as [`Networking::delete_device_ports_in`].
    ///
    /// # Errors
    /// `PortNotFound` where the server has no such port.
    pub async fn detach_port_in(&self, tx: &mut Tx, server: ServerId, id: PortId) -> Result<()> {
        match Port::lock(tx, &id).await? {
            Some(row) if row.is_held_by(Holder::Server, server) => self.give_back(tx, row).await,
            _ => Err(Error::port_not_found(id)),
        }
    }

    /// The locked ports of a server.
    async fn ports_held_by(&self, tx: &mut Tx, server: ServerId) -> Result<Vec<Port>> {
        let found = ports::held_by(&mut (&mut *tx).into(), &[Holder::Server], &[server.to_string()]).await?;
        let mut locked = Vec::with_capacity(found.len());
        for row in found {
            // it may be gone or given back since it was read
            let row = Port::lock(tx, &row.id).await?;
            locked.extend(row.filter(|row| row.is_held_by(Holder::Server, server)));
        }
        Ok(locked)
    }

    async fn give_back(&self, tx: &mut Tx, mut row: Port) -> Result<()> {
        if row.made_by_device {
            ports::remove(tx, row.id).await?;
            return Ok(());
        }
        row.holder = Holder::Nobody;
        row.holder_id = None;
        row.device_id = String::new();
        row.device_owner = String::new();
        row.host = String::new();
        row.up = false;
        self.save_port(tx, &mut row).await
    }
}
