//! Network v2.0: networks, subnets, ports, routers, floating IPs, security groups.
//!
//! Serves Neutron's API (behaviour of 2026.1) to users, a Rust API ([`for_compute`]) to compute, and hands every node the
//! networking it should have ([`tasks`]). Called by compute and the front door; calls nodes, and the `standards`
//! crate for the rules that new security groups start with.
//!
//! ```text
//!   request ─▶ api ─▶ service ─▶ store ─▶ commit: these rows were written ─▶ sort_networking: whom do they concern
//!                                                                             ▼
//!   node ◀─ NetworkingChange ◀─ converge_networks ◀──────────────────────────┘
//!                                  ports: DOWN ─▶ ACTIVE when their node says "up"
//! ```
//!
//! Invariants: an address, a MAC and a default group are kept apart by unique keys, not by checks before; status is
//! a pure function of the row ([`model::status`]); nothing walks over an address range.

pub mod api;
pub(crate) mod attributes;
pub mod config;
pub mod error;
pub mod extensions;
pub mod for_compute;
pub mod model;
pub mod policy;
pub(crate) mod resources;
mod service;
pub(crate) mod store;
pub mod tasks;

use std::sync::Arc;

use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, Migration, Migrations};
use kogge_node_api::Nodes;
use kogge_task::Bells;

pub use api::routes;
pub use config::{NetworkConfig, PublicNetwork};
pub use error::{Error, Kind, Result};
pub use for_compute::{Attachment, BootNetwork, Bound, ShownFloatingIp, ShownPort};
pub use kogge_db::ListQuery;
pub use model::commands;
pub use model::device_port::{DevicePort, PortAddress};
pub use policy::{RULE_SET, RULES};
pub use service::counts::{miscounted, recount};
pub use service::groups::{GroupView, RuleView};
pub use service::networks::NetworkView;
pub use service::ports::{PortParts, PortView};
pub use store::allocations::FixedIp;
pub use store::rows;

/// The tables.
pub const MIGRATIONS: Migrations = Migrations {
    owner: "network",
    steps: &[
        Migration { version: 1, name: "network", sql: include_str!("../migrations/0001_network.sql") },
        Migration { version: 2, name: "departures", sql: include_str!("../migrations/0002_departures.sql") },
        Migration { version: 3, name: "holders", sql: include_str!("../migrations/0003_holders.sql") },
        Migration {
            version: 4,
            name: "port counts",
            sql: include_str!("../migrations/0004_port_counts.sql"),
        },
        Migration { version: 5, name: "agents", sql: include_str!("../migrations/0005_agents.sql") },
        Migration {
            version: 6,
            name: "no_positions",
            sql: include_str!("../migrations/0006_no_positions.sql"),
        },
    ],
};

/// What the service needs.
pub struct NetworkDeps {
    /// The cloud's database, migrated.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The nodes.
    pub nodes: Nodes,
    /// The settings.
    pub config: NetworkConfig,
}

/// The network service. Cheap to clone.
#[derive(Clone)]
pub struct Networking(Arc<Inner>);

struct Inner {
    deps: NetworkDeps,
    bells: Bells,
    written: Bells,
    memory: tasks::Memory,
    started: Timestamp,
}

impl Networking {
    /// The service over these parts.
    #[must_use]
    pub fn new(deps: NetworkDeps) -> Self {
        let (bells, written, memory) = (Bells::new(), Bells::new(), tasks::Memory::default());
        let started = deps.clock.now();
        let inner = Arc::new(Inner { deps, bells, written, memory, started });
        let known = Arc::downgrade(&inner);
        inner.deps.db.watch(move |touched| {
            if let Some(inner) = known.upgrade() {
                Self(inner).heard(touched);
            }
        });
        Self(inner)
    }

    /// The database, to begin a transaction for the `_in` functions.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.deps.db
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.deps.clock
    }

    pub(crate) fn nodes(&self) -> &Nodes {
        &self.0.deps.nodes
    }

    /// When this process began.
    pub(crate) fn started(&self) -> Timestamp {
        self.0.started
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &NetworkConfig {
        &self.0.deps.config
    }

    /// Says that a host is back: what it missed is told at once.
    pub fn urge(&self, host: &str) {
        self.memory().write_on(host);
        self.0.bells.urge(host);
    }

    /// Says that the node of `host` observed something new. Where ports of it were not up yet, it is asked again at
    /// once; where all were, nothing happens.
    pub fn node_changed(&self, host: &str) {
        if self.memory().waits(host) {
            self.0.bells.ring_here(host);
        }
    }

    pub(crate) fn bells(&self) -> Bells {
        self.0.bells.clone()
    }

    /// Rings when rows were written that nodes may have to know of.
    pub(crate) fn written(&self) -> Bells {
        self.0.written.clone()
    }

    pub(crate) fn memory(&self) -> &tasks::Memory {
        &self.0.memory
    }
}
