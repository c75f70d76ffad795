//! Telling a node, and taking over what it says.

use std::collections::HashMap;

use kogge_ids::PortId;
use kogge_node_api::ObservedNetworking;

use super::desired::homeless;
use crate::Networking;
use crate::error::{Error, Result};
use crate::model::status;
use crate::store::rows::Port;
use crate::store::{ports, routers};

impl Networking {
    /// Makes a host's networking what the database says, now, and stores the status of its ports.
    ///
    /// # Errors
    /// `HostUnavailable` where the node does not answer or refuses.
    pub async fn sync_host(&self, host: &str) -> Result<()> {
        self.converge(host, true).await.map(|_| ())
    }

    /// As [`Networking::sync_host`]; without `always` it is skipped where nothing changed. True where it was told.
    pub(super) async fn converge(&self, host: &str, always: bool) -> Result<bool> {
        self.place_routers().await?;
        let desired = self.desired(host).await?;
        let now = self.clock().now();
        if !always && self.memory().is_fresh(host, &desired.networking, now) {
            return Ok(false);
        }
        let unavailable = |error: kogge_node_api::NodeError| Error::host_unavailable(host, error);
        let node = self.nodes().get(host).map_err(unavailable)?;
        let observed = match node.apply_networking(desired.networking.clone()).await {
            Ok(observed) => observed,
            Err(error) => {
                self.memory().forget(host);
                return Err(unavailable(error));
            }
        };
        let settled =
            desired.networking.ports.iter().all(|port| {
                !port.admin_up || observed.ports.iter().any(|seen| seen.id == port.id && seen.up)
            });
        self.take_over(host, &desired.own_ports, &observed).await?;
        self.memory().note(host, desired.networking, now, settled);
        Ok(true)
    }

    /// Gives every router a host. There is one network per machine until an overlay joins them, so the first machine
    /// takes them.
    async fn place_routers(&self) -> Result<()> {
        let hosts: Vec<String> = self.nodes().all().into_iter().map(|(host, _)| host).collect();
        let Some(first) = hosts.first() else { return Ok(()) };
        let lost = homeless(&mut self.db().into(), &hosts).await?;
        if lost.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        for router in lost {
            // it may be gone meanwhile: then there is nothing to place
            if crate::store::rows::Router::lock(&mut tx, &router).await?.is_some() {
                routers::place(&mut tx, router, first).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Stores what differs: instance ports as the node sees them, our own as up on this host.
    async fn take_over(&self, host: &str, own: &[PortId], observed: &ObservedNetworking) -> Result<()> {
        let mut seen: HashMap<PortId, bool> = observed.ports.iter().map(|port| (port.id, port.up)).collect();
        seen.extend(own.iter().map(|id| (*id, true)));
        let ids: Vec<PortId> = seen.keys().copied().collect();
        let mine = |port: &Port| own.contains(&port.id);
        let rows = ports::by_ids(&mut self.db().into(), &ids).await?;
        let stale: Vec<PortId> = rows
            .iter()
            .filter(|row| {
                let up = seen.get(&row.id).copied().unwrap_or(false);
                row.up != up || (mine(row) && row.host != host)
            })
            .map(|row| row.id)
            .collect();
        if stale.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        for id in stale {
            let Some(mut row) = Port::lock(&mut tx, &id).await? else { continue };
            if mine(&row) {
                row.host = host.to_owned();
            } else if row.host != host {
                // moved away while the node was asked
                continue;
            }
            row.up = seen.get(&id).copied().unwrap_or(false);
            // an observation is no change of the user's: neither revision nor time of change
            row.status = status::port(row.holder, row.admin_state_up, &row.host, row.up).to_owned();
            row.save(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
