//! Flavors: what a server is made of.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_ids::FlavorId;
use serde::{Deserialize, Serialize};

/// The figures of a flavor. A server keeps a copy, as in Nova: a flavor that is deleted or changed later does not
/// change its servers. Stored as one JSON column of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// The flavor's id.
    pub id: FlavorId,
    /// The flavor's name.
    pub name: String,
    /// Virtual CPUs, 1 or more.
    pub vcpus: u32,
    /// Memory in MiB, 1 or more.
    pub ram_mib: u64,
    /// Root disk in GiB; 0 takes the image's own size.
    pub disk_gib: u64,
    /// Additional empty disk in GiB; 0 for none.
    pub ephemeral_gib: u64,
    /// Swap disk in MiB; 0 for none.
    pub swap_mib: u64,
    /// Free-form properties.
    pub extra_specs: BTreeMap<String, String>,
}

impl Shape {
    /// Local disk that a server of this shape takes, in GiB, swap rounded up.
    #[must_use]
    pub const fn local_gib(&self) -> u64 {
        self.disk_gib + self.ephemeral_gib + self.swap_mib.div_ceil(1024)
    }
}

/// A flavor.
#[derive(Debug, Clone, PartialEq)]
pub struct Flavor {
    /// Its figures.
    pub shape: Shape,
    /// A word for people; since microversion 2.55.
    pub description: Option<String>,
    /// Visible to everybody, or only to the projects with access.
    pub is_public: bool,
    /// A figure of old that has no effect; gone with microversion 2.102.
    pub rxtx_factor: f64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
}

/// A flavor to be made. Without id a UUID is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFlavor {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory in MiB.
    pub ram_mib: u64,
    /// Root disk in GiB.
    pub disk_gib: u64,
    /// Additional disk in GiB.
    pub ephemeral_gib: u64,
    /// Swap in MiB.
    pub swap_mib: u64,
    /// The figure of old.
    pub rxtx_factor: f64,
    /// Visible to everybody.
    pub is_public: bool,
    /// A word for people.
    pub description: Option<String>,
    /// Properties.
    pub extra_specs: BTreeMap<String, String>,
}
