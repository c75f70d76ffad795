//! The machine under the cloud: the real one, or a simulated one.

mod namespace;
mod real;

use std::sync::{Arc, OnceLock};

use kogge_clock::Clock;
use kogge_config::Config;
use kogge_ids::ServerId;
use kogge_node_api::{Accelerator, NodeError, NodeHandle, Quarantined};
use kogge_node_sim::{SimConfig, SimNode};

use real::RealNode;

use super::Services;
use crate::commands::doctor;
use crate::data_dir::DataDir;
use crate::exit::Failure;

/// The node of a cloud on one machine. Cheap to clone.
#[derive(Clone)]
pub enum NodePlace {
    /// In memory: the first of its hosts.
    Simulated(Arc<SimNode>),
    /// This machine; there once the accelerator has been tried.
    Real(Arc<OnceLock<RealNode>>),
}

impl NodePlace {
    /// Starts the node and lets it join; with `simulated`, so many of them in memory. A real one joins a moment later: trying the accelerator takes up to two
    /// seconds, and the APIs need not wait for it.
    pub(super) async fn start(
        config: &Config,
        data: &DataDir,
        simulated: Option<u16>,
        services: &Services,
        clock: &Clock,
    ) -> Result<Self, Failure> {
        let host = host_name(config);
        if let Some(hosts) = simulated {
            let first = simulate(&host, services, clock);
            for number in 2..=hosts {
                simulate(&format!("{host}-{number}"), services, clock);
            }
            return Ok(Self::Simulated(first));
        }
        if let Some(obstacles) = doctor::obstacles() {
            return Err(Failure::Outside(format!(
                "this machine cannot run guests:\n{obstacles}\n`kogge doctor` says more; `kogge up --sim` needs none of it"
            )));
        }
        let place = Arc::new(OnceLock::new());
        let start =
            real::Start { config: config.clone(), data: data.clone(), host, services: services.clone() };
        tokio::spawn(start.run(Arc::clone(&place)));
        Ok(Self::Real(place))
    }

    /// How guests run: `kvm`, `tcg`, `simulated`, or `being tried`.
    #[must_use]
    pub fn accelerator(&self) -> String {
        let found = match self {
            Self::Simulated(_) => Some(Accelerator::Simulated),
            Self::Real(place) => place.get().map(RealNode::accelerator),
        };
        match found {
            Some(Accelerator::Kvm) => "kvm",
            Some(Accelerator::Tcg) => "tcg",
            Some(Accelerator::Simulated) => "simulated",
            None => "being tried",
        }
        .to_owned()
    }

    /// How many guests are on this machine.
    pub async fn instances(&self) -> usize {
        let Some(node) = self.handle() else { return 0 };
        node.observe().await.map_or(0, |instances| instances.len())
    }

    /// What is in quarantine on this machine.
    ///
    /// # Errors
    /// Where the node cannot say.
    pub async fn quarantine(&self) -> Result<Vec<Quarantined>, NodeError> {
        match self.handle() {
            Some(node) => node.quarantine().await,
            None => Ok(Vec::new()),
        }
    }

    /// Removes an instance that is in quarantine, for good. True when nothing is left; false while the node works on it.
    ///
    /// # Errors
    /// Where it is not in quarantine, or there is no node yet.
    pub async fn discard(&self, id: ServerId) -> Result<bool, NodeError> {
        let starting = || NodeError::NotYet { what: "this machine's node to start".to_owned() };
        let node = self.handle().ok_or_else(starting)?;
        // the operator's word counts in whatever epoch the node is commanded
        node.discard(node.obeyed().await?, id).await
    }

    /// The node, once it is there.
    #[must_use]
    pub fn handle(&self) -> Option<NodeHandle> {
        match self {
            Self::Simulated(node) => Some(Arc::clone(node) as NodeHandle),
            Self::Real(place) => place.get().map(RealNode::handle),
        }
    }

    /// Ends the node; without `keep_guests` also its guests, which come back with the next start.
    pub async fn end(&self, keep_guests: bool) {
        if let Self::Real(place) = self
            && let Some(node) = place.get()
        {
            node.end(keep_guests).await;
        }
    }
}

fn simulate(host: &str, services: &Services, clock: &Clock) -> Arc<SimNode> {
    let node = Arc::new(SimNode::new(SimConfig::new(host), clock.clone()));
    join(services, host, Arc::clone(&node) as NodeHandle);
    node
}

/// Makes a node known to the services.
pub(crate) fn join(services: &Services, host: &str, node: NodeHandle) {
    services.nodes.insert(host, node);
    services.compute.hosts_changed();
}

fn host_name(config: &Config) -> String {
    if !config.hypervisor.host.is_empty() {
        return config.hypervisor.host.clone();
    }
    let name = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
    name.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}
