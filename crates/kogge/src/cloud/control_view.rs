//! What the commands of this machine see of the running cloud.

use std::net::SocketAddr;

use async_trait::async_trait;
use kogge_clock::Timestamp;
use kogge_compute::Compute;
use kogge_db::{Db, LeaseState};
use kogge_ids::ServerId;
use kogge_network::Networking;
use kogge_node_api::{NodeError, Nodes, Quarantined};
use kogge_resource::story::Line;
use kogge_task::TaskStatus;
use kogge_volume::Volumes;

use super::health::Health;
use super::{NodePlace, Stopper};
use crate::control::{Api, Controlled, Discarded, Explained, Status, TaskView};

/// What commands see of the cloud.
pub(super) struct ControlView {
    pub(super) config: Option<String>,
    pub(super) address: SocketAddr,
    pub(super) simulated: bool,
    pub(super) data: String,
    pub(super) node: NodePlace,
    pub(super) nodes: Nodes,
    pub(super) health: Health,
    pub(super) db: Db,
    pub(super) compute: Compute,
    pub(super) volume: Volumes,
    pub(super) network: Networking,
    pub(super) stopper: Stopper,
}

impl ControlView {
    /// Removes an instance that is in quarantine on some host of this process.
    async fn remove(&self, id: ServerId) -> Result<bool, NodeError> {
        let mut because = NodeError::NotYet { what: "this machine's node to start".to_owned() };
        for (_, node) in self.nodes.all() {
            match node.discard(id).await {
                Ok(gone) => return Ok(gone),
                Err(error) => because = error,
            }
        }
        Err(because)
    }

    async fn problems(&self) -> Vec<String> {
        let checks = self.health.checks().await.into_iter().filter(|check| !check.ok);
        checks.map(|check| format!("{}: {}", check.what, check.detail)).collect()
    }
}

#[async_trait]
impl Controlled for ControlView {
    async fn status(&self) -> Status {
        let (guests, kept) = (self.node.guests().await, self.node.quarantine().await);
        let mut problems = self.problems().await;
        problems.extend(guests.as_ref().err().map(|error| format!("guests: {error}")));
        problems.extend(kept.as_ref().err().map(|error| format!("quarantine: {error}")));
        let apis = super::catalog()
            .into_iter()
            .map(|service| Api {
                url: format!("http://{}{}", self.address, service.path),
                service: service.kind,
            })
            .collect();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ready: true,
            simulated: self.simulated,
            accelerator: self.node.accelerator(),
            address: self.address.to_string(),
            pid: std::process::id(),
            data: self.data.clone(),
            config: self.config.clone(),
            apis,
            instances: guests.as_ref().ok().map(|guests| guests.here),
            running: guests.as_ref().ok().map(|guests| guests.running),
            quarantined: kept.as_ref().ok().map(Vec::len),
            problems,
            damaged: self.db.damage().rows(),
        }
    }

    async fn quarantine(&self) -> Result<Vec<Quarantined>, String> {
        self.node.quarantine().await.map_err(|error| error.to_string())
    }

    async fn explain(&self, what: Explained) -> Result<Option<Vec<Line>>, String> {
        match what {
            Explained::Server(id) => self.compute.story(id).await.map_err(|error| error.to_string()),
            Explained::Volume(id) => self.volume.story(id).await.map_err(|error| error.to_string()),
            Explained::Port(id) => self.network.story(id).await.map_err(|error| error.to_string()),
        }
    }

    async fn discard(&self, ids: Vec<ServerId>) -> Vec<Discarded> {
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            answers
                .push(Discarded { id, because: self.remove(id).await.err().map(|error| error.to_string()) });
        }
        answers
    }

    async fn tasks(&self) -> Vec<TaskView> {
        let leases = self.db.leases().await.ok();
        let shown = |status: TaskStatus| {
            let name = kogge_task::lease_of(status.name);
            let lease = leases.iter().flatten().find(|lease| lease.name == name);
            let until = |lease: &LeaseState| Timestamp::from_micros(lease.expires_at).seconds_z();
            TaskView {
                lease_owner: lease.map(|lease| lease.owner.clone()),
                lease_expires: lease.map(until),
                lease_known: leases.is_some(),
                status,
            }
        };
        (self.health.tasks)().into_iter().map(shown).collect()
    }

    fn stop(&self, keep_guests: bool) {
        self.stopper.stop(keep_guests);
    }
}
