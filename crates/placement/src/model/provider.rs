//! Resource providers, consumers and allocations.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::ProviderId;

record! {
    /// Something that has resources: a host, or a part of one.
    pub Provider in "resource_providers" {
        /// Its id; that of a host's provider is the host's.
        id: ProviderId,
        /// Its name, unique.
        name: String,
        /// Counts changes; who changes an inventory names the generation it saw.
        generation: i64,
        /// The provider it is part of.
        parent as "parent_id": Option<ProviderId>,
        /// The top of its tree; itself without parent.
        root as "root_id": ProviderId,
        /// When it was made.
        created_at: Timestamp,
        /// When it was changed.
        updated_at: Timestamp,
    }
}

/// Who holds allocations: a server, a migration, or whatever an administrator made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Consumer {
    /// A UUID, mostly that of a server.
    pub(crate) id: String,
    /// The project it counts for.
    pub(crate) project_id: String,
    /// The user it counts for.
    pub(crate) user_id: String,
    /// `INSTANCE`, `MIGRATION` …; nothing for those made before the microversion that names it.
    pub(crate) consumer_type: Option<String>,
    /// Counts changes of its allocations.
    pub(crate) generation: i64,
}

/// An amount that a consumer holds at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The consumer.
    pub consumer: String,
    /// The provider.
    pub provider: ProviderId,
    /// The resource class.
    pub class: String,
    /// The amount.
    pub used: i64,
}
