//! Everything identity knows, in memory, as of one committed write.
//!
//! A [`Snapshot`] never changes once it is published: readers hold one and see one moment. A write copies the
//! little that it touches ([`chunks`]) and publishes the next one. The token path reads nothing else.

mod catalog;
mod chunks;
mod lookup;
mod projects;
mod revoked;
mod roles;
mod table;
pub(crate) mod work;

pub use catalog::{CatalogEndpoint, CatalogService};
pub(crate) use catalog::{absolute, is_fillable};
pub use roles::{EffectiveAssignment, RoleName};
pub use table::Table;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    AccessRule, ApplicationCredential, Assignment, Change, Credential, Endpoint, Group, Implication, Kind,
    Membership, Project, Record, Region, Revocation, Role, Service, User, each_kind,
};
use revoked::Revoked;

/// See the module's text. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// How many writes were committed before it.
    pub version: i64,
    /// Projects and domains.
    pub projects: Table<Project>,
    /// Users.
    pub users: Table<User>,
    /// Groups.
    pub groups: Table<Group>,
    /// Who is in which group.
    pub memberships: Table<Membership>,
    /// Roles.
    pub roles: Table<Role>,
    /// What roles imply.
    pub implications: Table<Implication>,
    /// Role assignments as made.
    pub assignments: Table<Assignment>,
    /// Regions.
    pub regions: Table<Region>,
    /// Services of the catalog.
    pub services: Table<Service>,
    /// Endpoints of the catalog.
    pub endpoints: Table<Endpoint>,
    /// Application credentials.
    pub application_credentials: Table<ApplicationCredential>,
    /// Access rules.
    pub access_rules: Table<AccessRule>,
    /// Other credentials.
    pub credentials: Table<Credential>,
    /// Revocations as made.
    pub revocations: Table<Revocation>,
    revoked: Revoked,
    /// Revocations were removed that `revoked` still has.
    revoked_too_much: bool,
    unreadable: Arc<BTreeSet<(Kind, String)>>,
}

impl Snapshot {
    /// An empty one of that version.
    pub(crate) fn at(version: i64) -> Self {
        Self { version, ..Self::default() }
    }

    /// True where the database has a record of this kind and id that cannot be read.
    #[must_use]
    pub fn is_unreadable(&self, kind: Kind, id: &str) -> bool {
        !self.unreadable.is_empty() && self.unreadable.contains(&(kind, id.to_owned()))
    }

    pub(crate) fn note_unreadable(&mut self, kind: Kind, id: String) {
        Arc::make_mut(&mut self.unreadable).insert((kind, id));
    }

    /// These are read once more.
    pub(crate) fn forget_unreadable(&mut self, kind: Kind, ids: &[String]) {
        if !self.unreadable.is_empty() {
            let unreadable = Arc::make_mut(&mut self.unreadable);
            unreadable.retain(|(found, id)| *found != kind || !ids.contains(id));
        }
    }

    /// This snapshot with one more change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Revocation(row) => self.revoked.add(row),
            Change::Delete(Kind::Revocation, _) => self.revoked_too_much = true,
            _ => {}
        }
        self.take_in(change.clone());
    }

    /// After the last change: works out what many changes would each have worked out anew.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.revoked_too_much) {
            self.revoked = self.revocations.iter().collect();
        }
    }
}

/// A kind of record with its table.
pub(crate) trait Tabled: Record {
    /// Its table.
    fn table(snapshot: &Snapshot) -> &Table<Self>;
}

macro_rules! tables {
    ($($kind:ident $table:ident,)*) => {
        impl Snapshot {
            fn take_in(&mut self, change: Change) {
                match change {
                    $(Change::$kind(row) => self.$table.put(row),)*
                    Change::Delete(kind, id) => match kind { $(Kind::$kind => self.$table.remove(&id),)* },
                }
            }
        }

        $(impl Tabled for $kind {
            fn table(snapshot: &Snapshot) -> &Table<Self> {
                &snapshot.$table
            }
        })*
    };
}
each_kind!(tables);
