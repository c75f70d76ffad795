//! The machine under the cloud: the real one, or a simulated one.

mod namespace;
mod real;

use std::sync::Arc;
use std::time::Duration;

use kogge_clock::Clock;
use kogge_config::Config;
use kogge_node_api::{Accelerator, InstanceState, NodeError, NodeHandle, ObservedInstance, Quarantined};
use kogge_node_sim::{SimConfig, SimNode};

use real::Machine;
pub(in crate::cloud) use real::Start;

use super::Hosts;
use crate::commands::doctor;
use crate::counts::Guests;
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
pub struct NodePlace {
    hosts: Hosts,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// In memory: the first of its hosts.
    Simulated(Arc<SimNode>),
    /// This machine; it joins once the accelerator has been tried.
    Real(Arc<Machine>),
}

/// Longest wait for what the nodes say of their guests.
const PATIENCE: Duration = Duration::from_secs(5);

impl NodePlace {
    /// Starts the node and lets it join. A real one joins a moment later: trying the accelerator takes up to two
    /// seconds, and the APIs need not wait for it.
    pub(super) fn start(
        start: Start,
        simulated: Option<Simulated>,
        hosts: &Hosts,
        clock: &Clock,
    ) -> Result<Self, Failure> {
        let hosts = hosts.clone();
        if let Some(Simulated { number, first }) = simulated {
            let fresh = |host: &str| Arc::new(SimNode::new(SimConfig::new(host), clock.clone()));
            let first = first.unwrap_or_else(|| fresh(&start.host));
            hosts.join(&start.host, Arc::clone(&first) as NodeHandle);
            for number in 2..=number {
                let host = format!("{}-{number}", start.host);
                hosts.join(&host, fresh(&host));
            }
            return Ok(Self { hosts, kind: Kind::Simulated(first) });
        }
        if let Some(obstacles) = doctor::obstacles() {
            return Err(Failure::Outside(format!(
                "this machine cannot run guests:\n{obstacles}\n`kogge doctor` says more; `kogge up --sim` needs none of it"
            )));
        }
        let machine = Machine::start(start, hosts.clone());
        Ok(Self { hosts, kind: Kind::Real(machine) })
    }

    /// How guests run: `kvm`, `tcg`, `simulated`; `being tried` before that is known, `none` where they cannot.
    #[must_use]
    pub fn accelerator(&self) -> String {
        match &self.kind {
            Kind::Simulated(_) => named(Accelerator::Simulated),
            Kind::Real(machine) => match machine.node() {
                Some(node) => named(node.accelerator()),
                None if machine.failure().is_some() => "none",
                None => "being tried",
            },
        }
        .to_owned()
    }

    /// The guests of this process's hosts. Those of a real machine are counted where they are, on its disk and among its
    /// processes: so the count is right while the node still starts, and where it does not.
    ///
    /// # Errors
    /// Where that cannot be found out.
    pub async fn guests(&self) -> Result<Guests, NodeError> {
        match &self.kind {
            Kind::Simulated(_) => {
                let late = |_| NodeError::failed("counting the guests", "not every host answers");
                tokio::time::timeout(PATIENCE, self.told()).await.map_err(late)?
            }
            Kind::Real(machine) => {
                let place = machine.place.clone();
                from_disk("counting the guests", move || Guests::found(&place)).await
            }
        }
    }

    /// The guests of all hosts that have joined, as these tell.
    async fn told(&self) -> Result<Guests, NodeError> {
        let mut all = Guests::default();
        for node in self.hosts.nodes() {
            let instances = node.observe().await?;
            all.here += instances.len();
            let runs = |instance: &&ObservedInstance| {
                matches!(instance.state, InstanceState::Running | InstanceState::Paused)
            };
            all.running += instances.iter().filter(runs).count();
        }
        Ok(all)
    }

    /// What is in quarantine on the hosts of this process.
    ///
    /// # Errors
    /// Where a node cannot say.
    pub async fn quarantine(&self) -> Result<Vec<Quarantined>, NodeError> {
        if let Kind::Real(machine) = &self.kind
            && machine.node().is_none()
        {
            let place = machine.place.clone();
            return from_disk("reading what is in quarantine", move || kogge_node::quarantined(&place)).await;
        }
        let mut all = Vec::new();
        for node in self.hosts.nodes() {
            all.extend(node.quarantine().await?);
        }
        all.sort_by_key(|one| (one.note.since, one.id));
        Ok(all)
    }

    /// Why there is no node: it still starts, or it does not; nothing where there is one.
    pub(super) fn missing(&self) -> Option<Missing> {
        let Kind::Real(machine) = &self.kind else { return None };
        match machine.failure() {
            Some(because) => Some(Missing::Failed(because.to_owned())),
            None => machine.node().is_none().then_some(Missing::Starts),
        }
    }

    /// The first machine of a simulated cloud.
    #[must_use]
    pub fn simulated(&self) -> Option<Arc<SimNode>> {
        match &self.kind {
            Kind::Simulated(node) => Some(Arc::clone(node)),
            Kind::Real(_) => None,
        }
    }

    /// Ends the node; without `keep_guests` also its guests, which come back with the next start.
    pub async fn end(&self, keep_guests: bool) {
        let Kind::Real(machine) = &self.kind else { return };
        if !keep_guests {
            // guests of an earlier life run while the node still starts: only the node can end them
            machine.settled().await;
        }
        if let Some(node) = machine.node() {
            node.end(keep_guests).await;
        }
    }
}

/// Why there is no node.
pub(super) enum Missing {
    /// The accelerator is being tried.
    Starts,
    /// It does not start, and why.
    Failed(String),
}

const fn named(accelerator: Accelerator) -> &'static str {
    match accelerator {
        Accelerator::Kvm => "kvm",
        Accelerator::Tcg => "tcg",
        Accelerator::Simulated => "simulated",
    }
}

async fn from_disk<T: Send + 'static>(
    what: &'static str,
    read: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, NodeError> {
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(std::io::Error::other).and_then(|read| read).map_err(|error| NodeError::failed(what, error))
}

/// What this machine is called among the hosts of the cloud.
pub(super) fn host_name(config: &Config) -> String {
    if !config.hypervisor.host.is_empty() {
        return config.hypervisor.host.clone();
    }
    let name = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
    name.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}
