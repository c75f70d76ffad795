//! Compute v2.1: servers, and what they are made of and live on.
//!
//! ```text
//!   request ─▶ intent (one transaction: server, ports, quota) ─▶ 202
//!                 │ wake
//!                 ▼
//!   place_servers ──▶ host + allocation, or a fault with every host's reason
//!                 │ wake
//!                 ▼
//!   converge_servers ──▶ network of the host, then the whole DesiredInstance ──▶ node
//!                 ◀── ObservedInstance (Node::changed wakes) ◀──┘
//!   reap_servers ──▶ node has nothing left ─▶ ports, allocation and row in one transaction
//! ```
//!
//! What users see ([`model::state`]) and what is done next ([`model::step`]) are pure functions of intent, place and
//! observation; no column of the servers' table has two writers. Deleting works at every moment. Called by HTTP and,
//! later, by the load balancer; calls network, image and placement by Rust function, and nodes through
//! `kogge-node-api`.

mod api;
mod config;
mod error;
mod links;
mod lower;
pub mod microversion;
pub mod model;
pub mod policy;
mod resources;
mod service;
mod store;
mod tasks;

use std::sync::Arc;

use kogge_clock::{Clock, Timestamp};
use kogge_db::Db;
use kogge_http::{Routes, Versions};
use kogge_image::Images;
use kogge_network::Networking;
use kogge_node_api::Nodes;
use kogge_placement::Placement;
use kogge_task::{Bells, KeyedTask, Task, Wake};
use kogge_volume::Volumes;

use crate::model::server::Server;
use crate::tasks::record::Recorder;

pub use config::{ComputeConfig, ConfiguredFlavor};
pub use error::Error;
pub use kogge_volume::Seal;
pub use policy::RULES;
pub use service::census::Census;
pub use service::counts::{miscounted, recount};
pub use store::MIGRATIONS;

/// What the compute service stands on.
pub struct ComputeDeps {
    /// The database; it has [`MIGRATIONS`].
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Images.
    pub image: Images,
    /// Networks.
    pub network: Networking,
    /// Volumes.
    pub volume: Volumes,
    /// Room on hosts.
    pub placement: Placement,
    /// The hosts' agents.
    pub nodes: Nodes,
    /// Seals passwords until the guest has them.
    pub seal: Arc<dyn Seal>,
    /// Settings.
    pub config: ComputeConfig,
}

/// The bells of compute's tasks.
#[derive(Clone, Default)]
pub(crate) struct Wakes {
    pub(crate) register: Bells,
    pub(crate) place: Wake,
    pub(crate) follow: Wake,
    pub(crate) grow: Wake,
    pub(crate) converge: Bells,
    pub(crate) hand_over: Bells,
    pub(crate) snapshot: Bells,
    pub(crate) reap: Bells,
    pub(crate) forget: Wake,
}

struct Inner {
    deps: ComputeDeps,
    wakes: Wakes,
    recorder: Recorder,
    lacking: tasks::Lacking,
}

/// The compute service. Cheap to clone.
#[derive(Clone)]
pub struct Compute(Arc<Inner>);

impl Compute {
    /// The service.
    #[must_use]
    pub fn new(deps: ComputeDeps) -> Self {
        let (wakes, recorder, lacking) = (Wakes::default(), Recorder::default(), tasks::Lacking::default());
        let grow = wakes.grow.clone();
        deps.db.watch(move |touched| {
            if touched.iter().any(|(table, _)| *table == "volume_work") {
                grow.wake();
            }
        });
        Self(Arc::new(Inner { deps, wakes, recorder, lacking }))
    }

    /// The background tasks; the program runs them with `kogge-task`.
    #[must_use]
    pub fn tasks(&self) -> Vec<Arc<dyn Task>> {
        tasks::all(self)
    }

    /// The background tasks of each host and each server.
    #[must_use]
    pub fn keyed_tasks(&self) -> Vec<Arc<dyn KeyedTask>> {
        tasks::keyed(self)
    }

    /// Says that a host joined or went: it is registered, and what waited for one goes on. Carries no data; a call
    /// that is lost costs one period.
    pub fn hosts_changed(&self) {
        let Wakes { register, place, converge, reap, .. } = self.wakes();
        place.wake();
        [register, converge, reap].into_iter().for_each(Bells::urge_all);
    }

    /// Says that a server wants something: its host looks at it, or one is found for it.
    pub(crate) fn server_changed(&self, server: &Server) {
        let Wakes { place, converge, reap, forget, .. } = self.wakes();
        match (&server.placed.host, server.intent.gone) {
            (Some(host), true) => reap.ring(host),
            (Some(host), false) => converge.ring(host),
            (None, true) => forget.wake(),
            (None, false) => place.wake(),
        }
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.deps.db
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.deps.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.deps.clock.now()
    }

    pub(crate) fn config(&self) -> &ComputeConfig {
        &self.0.deps.config
    }

    pub(crate) fn image(&self) -> &Images {
        &self.0.deps.image
    }

    pub(crate) fn network(&self) -> &Networking {
        &self.0.deps.network
    }

    pub(crate) fn volume(&self) -> &Volumes {
        &self.0.deps.volume
    }

    pub(crate) fn placement(&self) -> &Placement {
        &self.0.deps.placement
    }

    pub(crate) fn nodes(&self) -> &Nodes {
        &self.0.deps.nodes
    }

    pub(crate) fn seal(&self) -> &dyn Seal {
        self.0.deps.seal.as_ref()
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    pub(crate) fn wakes(&self) -> &Wakes {
        &self.0.wakes
    }

    pub(crate) fn lacking(&self) -> &tasks::Lacking {
        &self.0.lacking
    }
}

/// The route table of Compute v2.1; paths begin with `/v2.1`.
#[must_use]
pub fn routes() -> Routes<Compute> {
    api::routes()
}

/// The pages of consoles and the socket behind them; paths begin with `/console`. They need no token of identity's.
pub fn console_router(compute: Compute) -> axum::Router {
    api::consoles::router(compute)
}

/// The microversions that are served, and the headers that name them.
#[must_use]
pub const fn versions() -> Versions {
    Versions {
        service: "compute",
        legacy_header: Some("x-openstack-nova-api-version"),
        min: microversion::MINIMUM,
        max: microversion::MAXIMUM,
    }
}
