//! The machine under the cloud: the real one, or a simulated one.

mod namespace;
mod real;

use std::sync::{Arc, OnceLock};

use kogge_clock::Clock;
use kogge_config::Config;
use kogge_node_api::{Accelerator, NodeError, NodeHandle, Quarantined};
use kogge_node_sim::{SimConfig, SimNode};

use real::RealNode;
pub(in crate::cloud) use real::Start;

use super::Hosts;
use crate::commands::doctor;
use crate::exit::Failure;

/// The machines of a simulated cloud.
pub(super) struct Simulated {
    /// How many.
    pub(super) number: u16,
    /// The first, where it outlives the cloud.
    pub(super) first: Option<Arc<SimNode>>,
}

/// The node of a cloud on one machine. Cheap to clone.
#[derive(Clone)]
pub enum NodePlace {
    /// In memory: the first of its hosts.
    Simulated(Arc<SimNode>),
    /// This machine; there once the accelerator has been tried.
    Real(Arc<OnceLock<RealNode>>),
}

impl NodePlace {
    /// Starts the node and lets it join. A real one joins a moment later: trying the accelerator takes up to two
    /// seconds, and the APIs need not wait for it.
    pub(super) fn start(
        start: Start,
        simulated: Option<Simulated>,
        hosts: &Hosts,
        clock: &Clock,
    ) -> Result<Self, Failure> {
        if let Some(Simulated { number, first }) = simulated {
            let fresh = |host: &str| Arc::new(SimNode::new(SimConfig::new(host), clock.clone()));
            let first = first.unwrap_or_else(|| fresh(&start.host));
            hosts.join(&start.host, Arc::clone(&first) as NodeHandle);
            for number in 2..=number {
                let host = format!("{}-{number}", start.host);
                hosts.join(&host, fresh(&host));
            }
            return Ok(Self::Simulated(first));
        }
        if let Some(obstacles) = doctor::obstacles() {
            return Err(Failure::Outside(format!(
                "this machine cannot run guests:\n{obstacles}\n`kogge doctor` says more; `kogge up --sim` needs none of it"
            )));
        }
        let place = Arc::new(OnceLock::new());
        tokio::spawn(start.run(Arc::clone(&place), hosts.clone()));
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

/// What this machine is called among the hosts of the cloud.
pub(super) fn host_name(config: &Config) -> String {
    if !config.hypervisor.host.is_empty() {
        return config.hypervisor.host.clone();
    }
    let name = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
    name.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}
