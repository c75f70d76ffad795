//! Placement: what hosts have, and who holds how much of it.
//!
//! Compute asks by Rust call: [`Placement::candidates`] says which hosts would take a server and why the others
//! would not, [`Placement::allocate_in`] takes the room inside compute's own transaction, [`Placement::free_in`]
//! gives it back. The HTTP API (Placement 1.0 to 1.39) is for administrators.
//!
//! ```text
//! provider (= host) 1──n inventory (class, total, reserved, ratio)
//!     1                                      used = sum of allocations ≤ (total - reserved) * ratio
//!     n
//! allocation n──1 consumer (= server; project, user)
//! ```
//!
//! Invariant: an allocation is written only under the lock of its provider's row, after [`misfits`] found nothing.
//! Nothing here knows of servers, images or networks; placement calls no other service.

mod api;
mod error;
mod microversion;
mod model;
mod policy;
mod reply;
mod resources;
mod service;
mod store;

use std::sync::Arc;

use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, Migration, Migrations};

pub use api::routes;
pub use error::Error;
pub use microversion::VERSIONS;
pub use model::fit::{Misfit, misfits};
pub use model::inventory::{DISK_GB, Inventory, MEMORY_MB, Resources, VCPU};
pub use model::provider::{Allocation, Provider};
pub use model::request::{Candidate, NoHost, Request, Supply, candidates};
pub use policy::RULES;
pub use service::counts::{miscounted, recount};

/// The tables of placement.
pub const MIGRATIONS: Migrations = Migrations {
    owner: "placement",
    steps: &[
        Migration { version: 1, name: "placement", sql: include_str!("../migrations/0001_placement.sql") },
        Migration {
            version: 2,
            name: "what of an inventory is used",
            sql: include_str!("../migrations/0002_used.sql"),
        },
    ],
};

/// The placement service. Cheap to clone.
#[derive(Clone)]
pub struct Placement(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
}

impl Placement {
    /// The service on a database that has its [`MIGRATIONS`].
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self(Arc::new(Inner { db, clock }))
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}
