//! What all records have in common, and a change of one of them.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    AccessRule, ApplicationCredential, Assignment, Credential, Endpoint, Group, Implication, Membership,
    Project, Region, Revocation, Role, Service, User,
};

/// An attribute by which records are found, and its value of one.
pub type Index<T> = (&'static str, fn(&T) -> Option<Cow<'_, str>>);

/// A kind of record: a table in the database and one in the snapshot.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Its kind.
    const KIND: Kind;

    /// Its primary key.
    fn id(&self) -> String;

    /// What lists of them are asked by, and what belongs to something else is found by.
    const INDEXES: &'static [Index<Self>] = &[];

    /// What must be unique besides the id: domain and name, for example. The id where nothing else must.
    fn unique_key(&self) -> String {
        self.id()
    }
}

/// Joins the parts of a unique key with a character that no name has (control characters are refused).
fn joined(parts: &[&str]) -> String {
    parts.join("\u{1f}")
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $table:literal $id:expr, $key:expr $(, $index:literal: $value:expr)*;)*) => {
        /// The kinds of record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its table.
            #[must_use]
            pub const fn table(self) -> &'static str {
                match self { $(Self::$kind => $table,)* }
            }

            /// Its name for people: its table's without the owner, in the plural.
            #[must_use]
            pub fn name(self) -> &'static str {
                self.table().trim_start_matches("identity_")
            }

            /// The kind of that name.
            #[must_use]
            pub(crate) fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == name)
            }

            /// Reads every row of it.
            pub(crate) const fn select(self) -> &'static str {
                match self { $(Self::$kind => concat!("SELECT id, doc FROM ", $table),)* }
            }

            /// Writes a row, new or not.
            pub(crate) const fn upsert(self) -> &'static str {
                match self { $(Self::$kind => concat!(
                    "INSERT INTO ", $table, " (id, unique_key, doc) VALUES ($1, $2, $3) ",
                    "ON CONFLICT (id) DO UPDATE SET unique_key = excluded.unique_key, doc = excluded.doc"),)* }
            }

            /// Removes a row.
            pub(crate) const fn delete(self) -> &'static str {
                match self { $(Self::$kind => concat!("DELETE FROM ", $table, " WHERE id = $1"),)* }
            }
        }

        /// One change of the whole: what a write transaction is made of.
        #[derive(Debug, Clone)]
        pub enum Change {
            $($(#[$doc])* $kind($kind),)*
            /// A record goes.
            Delete(Kind, String),
        }

        impl Change {
            /// Which record changes.
            pub(crate) fn record(&self) -> (Kind, String) {
                match self {
                    $(Self::$kind(record) => (Kind::$kind, record.id()),)*
                    Self::Delete(kind, id) => (*kind, id.clone()),
                }
            }
        }

        $(
            impl Record for $kind {
                const KIND: Kind = Kind::$kind;
                const INDEXES: &'static [Index<Self>] = &[$(($index, $value)),*];
                fn id(&self) -> String { let id: fn(&$kind) -> String = $id; id(self) }
                fn unique_key(&self) -> String { let key: fn(&$kind) -> String = $key; key(self) }
            }
            impl From<$kind> for Change {
                fn from(record: $kind) -> Self { Self::$kind(record) }
            }
        )*
    };
}

fn by(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn named(domain: Option<&str>, name: &str) -> String {
    joined(&[domain.unwrap_or(""), name])
}

kinds! {
    /// A project or domain.
    Project "identity_projects" |r| r.id.clone(), |r| named(r.domain_id.as_deref(), &r.name),
        "name": |r| by(&r.name),
        "parent_id": |r| r.parent_id.as_deref().and_then(by),
        "domain_id": |r| r.domain_id.as_deref().and_then(by),
        "domains": |r| r.is_domain.then_some(Cow::Borrowed(""));
    /// A user.
    User "identity_users" |r| r.id.clone(), |r| named(Some(&r.domain_id), &r.name),
        "name": |r| by(&r.name),
        "domain_id": |r| by(&r.domain_id),
        "default_project_id": |r| r.default_project_id.as_deref().and_then(by);
    /// A group.
    Group "identity_groups" |r| r.id.clone(), |r| named(Some(&r.domain_id), &r.name),
        "name": |r| by(&r.name),
        "domain_id": |r| by(&r.domain_id);
    /// A membership.
    Membership "identity_memberships" |r| format!("{}|{}", r.user_id, r.group_id), |r| r.id(),
        "group_id": |r| by(&r.group_id);
    /// A role.
    Role "identity_roles" |r| r.id.clone(), |r| named(r.domain_id.as_deref(), &r.name);
    /// An implication.
    Implication "identity_implications" |r| format!("{}|{}", r.prior, r.implied), |r| r.id();
    /// An assignment.
    Assignment "identity_assignments" |r| r.key(), |r| r.key(),
        "target": |r| Some(r.target.prefix().into());
    /// A region.
    Region "identity_regions" |r| r.id.clone(), |r| r.id.clone();
    /// A service.
    Service "identity_services" |r| r.id.clone(), |r| r.id.clone();
    /// An endpoint.
    Endpoint "identity_endpoints" |r| r.id.clone(), |r| r.id.clone();
    /// An application credential.
    ApplicationCredential "identity_application_credentials" |r| r.id.clone(), |r| joined(&[&r.user_id, &r.name]),
        "user_id": |r| by(&r.user_id),
        "project_id": |r| by(&r.project_id);
    /// An access rule.
    AccessRule "identity_access_rules" |r| r.id.clone(), |r| joined(&[&r.user_id, &r.service, &r.path, &r.method]),
        "user_id": |r| by(&r.user_id);
    /// A credential.
    Credential "identity_credentials" |r| r.id.clone(), |r| r.id.clone(),
        "user_id": |r| by(&r.user_id),
        "project_id": |r| r.project_id.as_deref().and_then(by);
    /// A revocation.
    Revocation "identity_revocations" |r| r.id.clone(), |r| r.id.clone();
}

/// Gives a macro all kinds, each with the name of its table in the snapshot.
macro_rules! each_kind {
    ($then:ident) => {
        $then! {
            Project projects,
            User users,
            Group groups,
            Membership memberships,
            Role roles,
            Implication implications,
            Assignment assignments,
            Region regions,
            Service services,
            Endpoint endpoints,
            ApplicationCredential application_credentials,
            AccessRule access_rules,
            Credential credentials,
            Revocation revocations,
        }
    };
}
pub(crate) use each_kind;

/// The unique key of a project, user, group or role of that name.
pub(crate) fn name_key(domain: Option<&str>, name: &str) -> String {
    named(domain, name)
}

/// The unique key of a user's application credential.
pub(crate) fn credential_key(user_id: &str, name: &str) -> String {
    joined(&[user_id, name])
}

/// The unique key of a user's access rule.
pub(crate) fn access_rule_key(user_id: &str, service: &str, path: &str, method: &str) -> String {
    joined(&[user_id, service, path, method])
}
