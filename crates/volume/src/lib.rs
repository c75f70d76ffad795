//! Block storage v3: volumes, snapshots and what belongs to them.
//!
//! ```text
//!   request ─▶ intent (one transaction: row with `doing`, quota, key) ─▶ 202
//!                 │ wake
//!                 ▼
//!   work_volumes, work_snapshots, work_backups ──▶ Backend: create, extend, copy, delete ─▶ row: rest, or a fault that says why
//!
//!   compute ── reserve ──▶ attachment ── connect ──▶ VolumeSource ─▶ its node ── complete, later detach ──▶ row gone
//! ```
//!
//! What users see is a pure function of what is being done, what went wrong and the attachments
//! ([`model::volume::Volume::computed`]). One thing at a time is done to a volume; it ends well or with a fault, and a
//! delete is possible after both. An attachment belongs to this service; only the service that made it lets it go. Called by
//! HTTP and by compute; calls images by Rust function, backends through `kogge-storage`, and nodes for what only they know:
//! the data of a volume that a guest writes to.

mod admin_routes;
mod api;
mod backups;
mod config;
mod copy_routes;
mod error;
mod keyring;
pub mod microversion;
pub mod model;
pub mod policy;
mod resources;
mod seal;
mod service;
mod store;
mod tasks;

use std::sync::Arc;

use kogge_clock::{Clock, Timestamp};
use kogge_db::Db;
use kogge_http::{Routes, Versions};
use kogge_image::Images;
use kogge_node_api::Nodes;
use kogge_storage::BackendHandle;
use kogge_task::{Bells, KeyedTask, Task};

use crate::backups::{BackupStore, Folder};

pub use config::VolumeConfig;
pub use error::Error;
pub use keyring::{Keyring, SealedKeyring};
pub use policy::RULES;
pub use seal::Seal;
pub use service::attach::{Connection, VolumeView};
pub use service::counts::{miscounted, recount};
pub use service::create::{BackupSource, NewVolume, Source};
pub use service::snapshots::Pictured;
pub use store::MIGRATIONS;

/// What block storage stands on.
pub struct VolumeDeps {
    /// The database; it has [`MIGRATIONS`].
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Images.
    pub image: Images,
    /// The hosts' agents: they copy what guests write to.
    pub nodes: Nodes,
    /// Where data are, by name; the first one is the default.
    pub backends: Vec<(String, BackendHandle)>,
    /// Where keys are.
    pub keyring: Arc<dyn Keyring>,
    /// Settings.
    pub config: VolumeConfig,
}

/// The bells of the tasks.
#[derive(Clone, Default)]
pub(crate) struct Wakes {
    pub(crate) volumes: Bells,
    pub(crate) snapshots: Bells,
    pub(crate) backups: Bells,
}

struct Inner {
    deps: VolumeDeps,
    wakes: Wakes,
    backups: Box<dyn BackupStore>,
}

/// Block storage. Cheap to clone.
#[derive(Clone)]
pub struct Volumes(Arc<Inner>);

impl Volumes {
    /// The service.
    #[must_use]
    pub fn new(deps: VolumeDeps) -> Self {
        let backups = Box::new(Folder::new(deps.config.backup_dir.clone()));
        let volumes = Self(Arc::new(Inner { deps, wakes: Wakes::default(), backups }));
        volumes.ring_after_commits();
        volumes
    }

    /// The background tasks about the whole cloud.
    #[must_use]
    pub fn tasks(&self) -> Vec<Arc<dyn Task>> {
        tasks::whole(self)
    }

    /// The background tasks of each volume and snapshot.
    #[must_use]
    pub fn keyed_tasks(&self) -> Vec<Arc<dyn KeyedTask>> {
        tasks::keyed(self)
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.deps.db
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.deps.clock.now()
    }

    pub(crate) fn config(&self) -> &VolumeConfig {
        &self.0.deps.config
    }

    pub(crate) fn image(&self) -> &Images {
        &self.0.deps.image
    }

    pub(crate) fn nodes(&self) -> &Nodes {
        &self.0.deps.nodes
    }

    pub(crate) fn keyring(&self) -> &dyn Keyring {
        self.0.deps.keyring.as_ref()
    }

    pub(crate) fn backends(&self) -> &[(String, BackendHandle)] {
        &self.0.deps.backends
    }

    pub(crate) fn backup_store(&self) -> &dyn BackupStore {
        self.0.backups.as_ref()
    }

    pub(crate) fn wakes(&self) -> &Wakes {
        &self.0.wakes
    }
}

/// The route table of block storage v3; paths begin with `/v3`.
#[must_use]
pub fn routes() -> Routes<Volumes> {
    api::routes()
}

/// The microversions that are served, and the header that names them.
#[must_use]
pub const fn versions() -> Versions {
    Versions {
        service: "volume",
        legacy_header: None,
        min: microversion::MINIMUM,
        max: microversion::MAXIMUM,
    }
}
