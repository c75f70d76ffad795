//! Floating IPs, for the proxies that microversions below 2.36 have, and the actions of servers below 2.44.

use std::net::IpAddr;

use kogge_auth::Caller;
use kogge_ids::{NetworkId, PortId, ServerId};
use kogge_network::commands::NewFloatingIp;
use kogge_network::{DevicePort, Kind, ListQuery, NetworkView, ShownFloatingIp};

use super::network::plain;
use crate::error::{Error, Result};
use crate::service::servers::change::Guard;
use crate::{Compute, policy};

/// A change of addresses that heeds no state of the server: it is the network's.
const ANY_STATE: Guard = Guard { heeds_lock: false, ..Guard::new("associate_floating_ip", &[]) };

fn missing(id: &str) -> Error {
    Error::NotFound(format!("Floating IP not found for ID {id}"))
}

impl Compute {
    /// The floating IPs of the caller's project.
    pub(crate) async fn floating_ips(&self, caller: &Caller) -> Result<Vec<ShownFloatingIp>> {
        caller.allow_on_own(&policy::FLOATING_IPS_LIST)?;
        let query = ListQuery::by("project_id", caller.project_id().map(ToString::to_string));
        self.network().list_floating_ips(caller, &query).await.map_err(plain)
    }

    /// A floating IP that the caller may see.
    pub(crate) async fn floating_ip(&self, caller: &Caller, id: &str) -> Result<ShownFloatingIp> {
        caller.allow_on_own(&policy::FLOATING_IPS_SHOW)?;
        self.find_floating_ip(caller, id).await
    }

    async fn find_floating_ip(&self, caller: &Caller, id: &str) -> Result<ShownFloatingIp> {
        let query = ListQuery::by("id", [id.to_owned()]);
        let mut found = self.network().list_floating_ips(caller, &query).await.map_err(plain)?;
        found.pop().ok_or_else(|| missing(id))
    }

    /// The one floating IP with an address that the caller may see.
    async fn floating_ip_by_address(&self, caller: &Caller, address: IpAddr) -> Result<ShownFloatingIp> {
        let query = ListQuery::by("floating_ip_address", [address.to_string()]);
        let mut found = self.network().list_floating_ips(caller, &query).await.map_err(plain)?;
        let first = found.pop().ok_or_else(|| Error::NotFound("floating IP not found".to_owned()))?;
        if found.is_empty() {
            return Ok(first);
        }
        Err(Error::Conflict(format!("Multiple floating IPs are found for address {address}.")))
    }

    /// The external networks that the caller may see.
    pub(crate) async fn pools(&self, caller: &Caller) -> Result<Vec<NetworkView>> {
        let query = ListQuery::by("router:external", ["true".to_owned()]);
        self.network().list_networks(caller, &query).await.map_err(plain)
    }

    /// The pool with a name or id. Without any it is the default one, or the only one.
    async fn pool(&self, caller: &Caller, wanted: Option<&str>) -> Result<NetworkId> {
        let mut found = self.pools(caller).await?;
        match wanted {
            Some(wanted) => match wanted.parse::<NetworkId>() {
                Ok(id) => found.retain(|pool| pool.row.id == id),
                Err(_) => found.retain(|pool| pool.row.name == wanted),
            },
            None if found.iter().any(|pool| pool.row.is_default) => found.retain(|pool| pool.row.is_default),
            None => {}
        }
        match (found.as_slice(), wanted) {
            ([pool], _) => Ok(pool.row.id),
            ([_, ..], Some(name)) => {
                let why = format!("Multiple floating IP pools matches found for name '{name}'");
                Err(Error::Invalid(why))
            }
            _ => Err(Error::NotFound("Floating IP pool not found.".to_owned())),
        }
    }

    /// Takes a floating IP from a pool.
    pub(crate) async fn create_floating_ip(
        &self,
        caller: &Caller,
        pool: Option<&str>,
    ) -> Result<ShownFloatingIp> {
        caller.allow_on_own(&policy::FLOATING_IPS_CREATE)?;
        let network = self.pool(caller, pool).await?;
        let of = |words: &str| pool.map_or(format!("{words}."), |pool| format!("{words} in pool {pool}."));
        let new = NewFloatingIp { floating_network_id: Some(network), ..NewFloatingIp::default() };
        let mut tx = self.db().begin().await?;
        let made = self.network().create_floating_ip_in(&mut tx, caller, new).await;
        let made = made.map_err(|error| match error.name() {
            "OverQuota" => Error::Forbidden(of("IP allocation over quota")),
            "ExternalIpAddressExhausted" | "IpAddressGenerationFailure" => {
                let none =
                    if pool.is_some() { "No more floating IPs" } else { "No more floating IPs available" };
                Error::NotFound(of(none))
            }
            _ => plain(error),
        })?;
        tx.commit().await?;
        self.find_floating_ip(caller, &made.id.to_string()).await
    }

    /// Gives a floating IP back, wherever it leads.
    pub(crate) async fn delete_floating_ip(&self, caller: &Caller, id: &str) -> Result<()> {
        caller.allow_on_own(&policy::FLOATING_IPS_DELETE)?;
        let known = self.find_floating_ip(caller, id).await?;
        let mut tx = self.db().begin().await?;
        let gone = self.network().delete_floating_ip_in(&mut tx, caller, known.id).await;
        gone.map_err(|error| if error.kind() == Kind::NotFound { missing(id) } else { plain(error) })?;
        tx.commit().await?;
        Ok(())
    }

    /// Lets a floating IP lead to an address of a server, to its first one of version 4 where none is named.
    pub(crate) async fn add_floating_ip(
        &self,
        caller: &Caller,
        id: &str,
        address: IpAddr,
        fixed: Option<IpAddr>,
    ) -> Result<()> {
        self.server(caller, id, &policy::FLOATING_IPS_ADD).await?;
        let floating = self.floating_ip_by_address(caller, address).await;
        // the row stays locked, so that the server has the port until the floating IP leads there
        let mut changing = self.open(caller, id, &policy::FLOATING_IPS_ADD, ANY_STATE).await?;
        let ports = self.ports_in_order(&mut changing.tx, &changing.server).await?;
        let (port, fixed) = target_of(&ports, id, address, fixed)?;
        let floating = floating?;
        let led =
            self.network().lead_floating_ip_in(&mut changing.tx, caller, floating.id, (port, fixed)).await;
        led.map_err(|error| match error.kind() {
            Kind::Forbidden | Kind::Internal | Kind::Unavailable => plain(error),
            Kind::Conflict => Error::Invalid(error.to_string()),
            _ => Error::Invalid(format!(
                "Unable to associate floating IP {address} to fixed IP {fixed} for instance {id}. Error: {error}"
            )),
        })?;
        changing.tx.commit().await?;
        Ok(())
    }

    /// Lets a floating IP that leads to a server lead nowhere.
    pub(crate) async fn remove_floating_ip(&self, caller: &Caller, id: &str, address: IpAddr) -> Result<()> {
        self.server(caller, id, &policy::FLOATING_IPS_REMOVE).await?;
        let floating = self.floating_ip_by_address(caller, address).await?;
        let other =
            || Error::Conflict(format!("Floating IP {address} is not associated with instance {id}."));
        let Some(server) = floating.server.filter(|server| id.parse::<ServerId>().ok() == Some(*server))
        else {
            return Err(other());
        };
        let mut changing = self.open(caller, id, &policy::FLOATING_IPS_REMOVE, ANY_STATE).await?;
        let parted = self.network().part_floating_ip_in(&mut changing.tx, caller, floating.id, server).await;
        if !parted.map_err(plain)? {
            return Err(other());
        }
        changing.tx.commit().await?;
        Ok(())
    }
}

/// The port and the address of a server that a floating IP is to lead to.
fn target_of(
    ports: &[DevicePort],
    id: &str,
    address: IpAddr,
    wanted: Option<IpAddr>,
) -> Result<(PortId, IpAddr)> {
    let all = || ports.iter().flat_map(|port| port.addresses.iter().map(|held| (port.id, held.address)));
    if ports.is_empty() {
        return Err(Error::Invalid("Instance network is not ready yet".to_owned()));
    }
    if all().next().is_none() {
        return Err(Error::Invalid("No fixed IPs associated to instance".to_owned()));
    }
    match wanted {
        Some(wanted) => all().find(|(_, ip)| *ip == wanted).ok_or_else(|| {
            Error::Invalid("Specified fixed address not assigned to instance".to_owned())
        }),
        None => all().find(|(_, ip)| ip.is_ipv4()).ok_or_else(|| {
            Error::Invalid(format!(
                "Unable to associate floating IP {address} to any fixed IPs for instance {id}. Instance has no fixed \
                 IPv4 addresses to associate."
            ))
        }),
    }
}
