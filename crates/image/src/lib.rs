//! Image v2: images, their data, their formats.
//!
//! ```text
//!              upload                        ┌────────── failed ──────────┐
//!   queued ───────────▶ saving ──────────▶ active ◀────────▶ deactivated  │
//!     │  ▲ ◀─ failed ──────┘                 ▲                            │
//!     │  └───────────────────────────────────┼────────────────────────────┤
//!     ├── stage ──▶ uploading ── import ──▶ importing ────────────────────┘
//!     └── web-download ────────────────────────▲
//! ```
//!
//! Deleting is possible in every state; whatever brings data in then finds no image and cleans up after itself.
//! Data are streamed to a file, hashed, and inspected from their bytes (`inspect`) before any other program opens
//! them; what the inspection says decides whether a server may boot ([`BootImage::fit_to_boot`]).
//!
//! Called by compute ([`Images::for_boot`], snapshots); calls no other service.

mod api;
mod config;
mod error;
mod fetch;
mod files;
mod inspect;
mod model;
mod policy;
mod resources;
mod service;
mod store;
mod tasks;

use std::sync::Arc;

use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, Migration, Migrations};
use kogge_task::{Task, Wake};

pub use api::routes;
pub use config::{ImageConfig, WebDownload};
pub use error::Error;
pub use files::{Quarantine, Quarantined};
pub use inspect::{Content, content};
pub use model::image::{Data, Image, Staged};
pub use model::status::Status;
pub use model::visibility::Visibility;
pub use policy::RULES;
pub use resources::image_query::ImageQuery;
pub use service::holds::Held;
pub use service::snapshots::{BootImage, NewSnapshot};
pub use service::stored::Stored;
pub use store::stored::{StoredData, stored_data};

use fetch::Gate;
use files::{Files, Incoming, Presence};

/// The tables of the image service.
pub const MIGRATIONS: Migrations = Migrations {
    owner: "image",
    steps: &[
        Migration { version: 1, name: "images", sql: include_str!("../migrations/0001_images.sql") },
        Migration {
            version: 2,
            name: "image_holds",
            sql: include_str!("../migrations/0002_image_holds.sql"),
        },
        Migration { version: 3, name: "usage", sql: include_str!("../migrations/0003_usage.sql") },
    ],
};

/// What the image service needs.
pub struct ImageDeps {
    /// A database that has its [`MIGRATIONS`].
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Its settings.
    pub config: ImageConfig,
}

/// The image service. Cheap to clone.
#[derive(Clone)]
pub struct Images(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Clock,
    files: Files,
    presence: Presence,
    incoming: Incoming,
    gate: Gate,
    config: ImageConfig,
    import_bell: Wake,
}

impl Images {
    /// The service; makes the data directory.
    ///
    /// # Errors
    /// [`Error::Store`] where the data directory cannot be made.
    pub fn new(deps: ImageDeps) -> Result<Self, Error> {
        let ImageDeps { db, clock, config } = deps;
        let files = Files::open(&config.data_dir)?;
        let (presence, incoming) = (files.presence()?, Incoming::default());
        let gate = Gate::new(&config.web_download);
        let import_bell = Wake::new();
        Ok(Self(Arc::new(Inner { db, clock, files, presence, incoming, gate, config, import_bell })))
    }

    /// The background tasks.
    #[must_use]
    pub fn tasks(&self) -> Vec<Arc<dyn Task>> {
        vec![
            Arc::new(tasks::RunImports::new(self.clone())),
            Arc::new(tasks::ResetUploads::new(self.clone())),
            Arc::new(tasks::SweepFiles::new(self.clone())),
        ]
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn files(&self) -> &Files {
        &self.0.files
    }

    /// The name under which this process works at data.
    pub(crate) fn process(&self) -> &str {
        self.0.presence.name()
    }

    pub(crate) fn incoming(&self) -> &Incoming {
        &self.0.incoming
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(crate) fn config(&self) -> &ImageConfig {
        &self.0.config
    }

    pub(crate) fn import_bell(&self) -> &Wake {
        &self.0.import_bell
    }
}
