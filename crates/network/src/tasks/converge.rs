//! Telling a node, and taking over what it says.
//!
//! What is read is compared with what the node was told last, and it is told the difference ([`super::next`]). A port that
//! changed is read alone; anything else lets the whole host be read. A node that does not hold what it was told is told the
//! whole.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use kogge_ids::PortId;
use kogge_node_api::{NetworkingChange, NodeError, ObservedNetworking};

use super::memory::{Dirty, Told};
use super::next::Next;
use crate::Networking;
use crate::error::{Error, Result};
use crate::model::status;
use crate::store::ports;
use crate::store::rows::Port;

/// How long a node may take.
const PATIENCE: Duration = Duration::from_secs(30);

impl Networking {
    /// Makes a host's networking what the database says, now, and stores the status of its ports.
    ///
    /// # Errors
    /// `HostUnavailable` where the node does not answer or refuses.
    pub async fn sync_host(&self, host: &str) -> Result<()> {
        self.sort().await?;
        self.converge(host, true).await.map(|_| ())
    }

    /// As [`Networking::sync_host`]; without `always` it is skipped where nothing changed. True where it was told.
    ///
    /// One at a time reads and tells a host: else what was read first could be told last, and a port that came in
    /// between would lose its network again.
    pub(super) async fn converge(&self, host: &str, always: bool) -> Result<bool> {
        let turn = self.memory().turn(host);
        let _turn = turn.lock().await;
        let (mut told, mut dirty, mut generation) = self.memory().begin(host, self.clock().now());
        loop {
            let is_whole = told.is_none();
            let next = self.next(host, told, &dirty, generation).await?;
            if next.rests() && !always {
                self.take_over(host, &next.own_ports, &[], &ObservedNetworking::default()).await?;
                self.memory().note(host, next.told);
                return Ok(false);
            }
            let observed = self.tell(host, next.change.clone()).await;
            let observed = observed.map_err(|error| Error::host_unavailable(host, error))?;
            if observed.generation == generation {
                let own = next.own_ports.clone();
                let (told, said) = next.taken(&observed, self.clock().now());
                self.take_over(host, &own, &said, &observed).await?;
                self.memory().note(host, told);
                return Ok(true);
            }
            if observed.generation > generation {
                // somebody told it something newer meanwhile, and takes over what it says
                return Ok(false);
            }
            if is_whole {
                let error = NodeError::failed("networking", "the node does not take over what it is told");
                return Err(Error::host_unavailable(host, error));
            }
            tracing::info!(
                host,
                "the node does not hold what it was told of networking: it is told the whole"
            );
            (told, dirty, generation) = self.memory().begin(host, self.clock().now());
        }
    }

    /// What the host is to be told: only its changed ports are read, where nothing else changed.
    async fn next(&self, host: &str, told: Option<Told>, dirty: &Dirty, generation: u64) -> Result<Next> {
        let now = self.clock().now();
        let ask = |group, known| self.memory().news(group, known);
        let mut told = told;
        if let Some(known) = told.take_if(|_| !dirty.all) {
            let ids: Vec<PortId> = dirty.ports.iter().copied().collect();
            let there = if ids.is_empty() { Vec::new() } else { self.desired_ports(host, &ids).await? };
            match Next::of_ports(known, &ids, there, (generation, now), &ask) {
                Ok(next) => return Ok(next),
                Err(known) => told = Some(*known),
            }
        }
        if told.is_none() {
            if let Err(error) = self.register_agents(host).await {
                // what administrators see of a host is no reason to leave its guests without a network
                tracing::warn!(host, %error, "the agents of the host are not noted");
            }
            // it may be the first host there is, and routers wait for one
            self.place_routers(None).await?;
        }
        let read_at = Instant::now();
        let read = self.desired(host).await?;
        let mut next = Next::of_host(told, read, generation, now, &ask);
        next.told.read_at = Some(read_at);
        Ok(next)
    }

    async fn tell(
        &self,
        host: &str,
        change: NetworkingChange,
    ) -> std::result::Result<ObservedNetworking, NodeError> {
        let node = self.nodes().get(host)?;
        tokio::time::timeout(PATIENCE, node.apply_networking(change)).await.unwrap_or_else(|_| {
            let because = format!("no answer within {} seconds", PATIENCE.as_secs());
            Err(NodeError::Unreachable { host: host.to_owned(), because })
        })
    }

    /// Stores what differs of these: instance ports as the node sees them, our own as up on this host.
    async fn take_over(
        &self,
        host: &str,
        own: &[PortId],
        said: &[PortId],
        observed: &ObservedNetworking,
    ) -> Result<()> {
        let mut seen: HashMap<PortId, bool> = observed.ports.iter().map(|port| (port.id, port.up)).collect();
        seen.extend(own.iter().map(|id| (*id, true)));
        let ids: BTreeSet<PortId> = said.iter().chain(own).copied().collect();
        let ids: Vec<PortId> = ids.into_iter().collect();
        let known: BTreeSet<String> = self.nodes().known();
        // every host has its own of them; the row names one
        let strays = |row: &Port| !known.contains(&row.host);
        let mine = |port: &Port| own.contains(&port.id);
        let rows = ports::by_ids(&mut self.db().into(), &ids).await?;
        let stale = |row: &Port| {
            let up = seen.get(&row.id).copied().unwrap_or(false);
            let here = if mine(row) && strays(row) { host } else { &row.host };
            (row.up != up || row.host != here).then(|| (up, here.to_owned()))
        };
        let stale: Vec<(&Port, (bool, String))> =
            rows.iter().filter_map(|row| Some((row, stale(row)?))).collect();
        if stale.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        for (row, (up, here)) in stale {
            if !mine(row) && row.host != host {
                // moved away while the node was asked
                continue;
            }
            let status = status::port(row.holder, row.admin_state_up, &here, up);
            ports::observe(&mut tx, row, &here, up, status).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
