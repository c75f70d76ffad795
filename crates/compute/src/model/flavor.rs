//! Flavors: what a server is made of.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::{Json, Real};
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

record! {
    /// A flavor. Figures are as in [`Shape`].
    pub Flavor in "flavors" {
        /// Its id.
        id: FlavorId,
        /// Its name, unique.
        name: String,
        /// Virtual CPUs.
        vcpus: i64,
        /// Memory in MiB.
        ram_mib: i64,
        /// Root disk in GiB.
        disk_gib: i64,
        /// Additional disk in GiB.
        ephemeral_gib: i64,
        /// Swap in MiB.
        swap_mib: i64,
        /// A figure of old that has no effect; gone with microversion 2.102.
        rxtx_factor: Real,
        /// Visible to everybody, or only to the projects with access.
        is_public: bool,
        /// A word for people; since microversion 2.55.
        description: Option<String>,
        /// Properties.
        extra_specs: Json<BTreeMap<String, String>>,
        /// When it was made.
        created_at: Timestamp,
        /// When it was changed last.
        updated_at: Option<Timestamp>,
    }
}

impl Flavor {
    /// What a server keeps of it.
    #[must_use]
    pub fn shape(self) -> Shape {
        let figure = |figure: i64| u64::try_from(figure).unwrap_or(0);
        Shape {
            vcpus: u32::try_from(self.vcpus).unwrap_or(1),
            ram_mib: figure(self.ram_mib),
            disk_gib: figure(self.disk_gib),
            ephemeral_gib: figure(self.ephemeral_gib),
            swap_mib: figure(self.swap_mib),
            id: self.id,
            name: self.name,
            extra_specs: self.extra_specs.0,
        }
    }
}
