//! Telling a node, and taking over what it says.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use kogge_ids::PortId;
use kogge_node_api::{NodeError, ObservedNetworking};

use super::desired::homeless;
use super::memory::{Read, Told};
use crate::Networking;
use crate::error::{Error, Result};
use crate::model::status;
use crate::store::Record as _;
use crate::store::rows::Port;
use crate::store::{ports, routers};

/// How long a node may take.
const PATIENCE: Duration = Duration::from_secs(30);

impl Networking {
    /// Makes a host's networking what the database says, now, and stores the status of its ports.
    ///
    /// # Errors
    /// `HostUnavailable` where the node does not answer or refuses.
    pub async fn sync_host(&self, host: &str) -> Result<()> {
        self.converge(host, true).await.map(|_| ())
    }

    /// As [`Networking::sync_host`]; without `always` it is skipped where nothing changed. True where it was told.
    ///
    /// One at a time reads and tells a host: else what was read first could be told last, and a port that came in
    /// between would lose its network again.
    pub(super) async fn converge(&self, host: &str, always: bool) -> Result<bool> {
        let turn = self.memory().turn(host);
        let _turn = turn.lock().await;
        let generation = self.memory().generation(self.clock().now());
        let read = self.read(host, always).await?;
        let now = self.clock().now();
        let before = self.memory().told(host);
        if !always && before.as_ref().is_some_and(|told| told.is_fresh(&read.desired, now)) {
            return Ok(false);
        }
        let observed = match self.tell(host, generation, &read).await {
            Ok(observed) => observed,
            Err(error) => {
                self.memory().doubt(host);
                return Err(Error::host_unavailable(host, error));
            }
        };
        if observed.generation > generation {
            // somebody told it something newer meanwhile, and takes over what it says
            return Ok(false);
        }
        let settled =
            read.desired.ports.iter().all(|port| {
                !port.admin_up || observed.ports.iter().any(|seen| seen.id == port.id && seen.up)
            });
        let same = |told: &Told| told.read.desired == read.desired && told.observed.ports == observed.ports;
        if always || !before.as_ref().is_some_and(same) {
            self.take_over(host, &read.own_ports, &observed).await?;
        }
        self.memory().note(host, Told { read, observed, at: now, settled });
        Ok(true)
    }

    /// What the host should have: out of the database, or out of memory where nobody changed anything since.
    async fn read(&self, host: &str, always: bool) -> Result<Read> {
        let mark = self.memory().mark(host);
        let known = if always { None } else { self.memory().still_read(host, mark) };
        if let Some(known) = known {
            return Ok(known);
        }
        self.place_routers().await?;
        let desired = self.desired(host).await?;
        Ok(Read::new(desired.networking, desired.own_ports, mark))
    }

    async fn tell(
        &self,
        host: &str,
        generation: u64,
        read: &Read,
    ) -> std::result::Result<ObservedNetworking, NodeError> {
        let node = self.nodes().get(host)?;
        let call = node.apply_networking(generation, read.desired.clone());
        tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| {
            let because = format!("no answer within {} seconds", PATIENCE.as_secs());
            Err(NodeError::Unreachable { host: host.to_owned(), because })
        })
    }

    /// Gives every router a host. There is one network per machine until an overlay joins them, so the first machine
    /// takes them; one whose machine is away stays there, for its guests do.
    async fn place_routers(&self) -> Result<()> {
        let own: Vec<String> = self.nodes().all().into_iter().map(|(host, _)| host).collect();
        let Some(first) = own.first() else { return Ok(()) };
        let hosts: Vec<String> = self.nodes().known().into_iter().collect();
        if homeless(&mut self.db().into(), &hosts).await?.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        // another process may have placed them meanwhile
        for router in homeless(&mut (&mut tx).into(), &hosts).await? {
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
        let known: BTreeSet<String> = self.nodes().known();
        // every host has its own of them; the row names one
        let strays = |row: &Port| !known.contains(&row.host);
        let mine = |port: &Port| own.contains(&port.id);
        let rows = ports::by_ids(&mut self.db().into(), &ids).await?;
        let stale: Vec<PortId> = rows
            .iter()
            .filter(|row| {
                let up = seen.get(&row.id).copied().unwrap_or(false);
                row.up != up || (mine(row) && strays(row))
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
                if strays(&row) {
                    row.host = host.to_owned();
                }
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
