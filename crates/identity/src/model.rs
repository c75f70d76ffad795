//! What identity knows: plain records.
//!
//! Each record is one document in one table and one value in the snapshot; [`Record`] says how to find it. Identity's ids
//! are texts (32 hex digits, `default`, or what an operator chose), so they are kept as texts here and get their types at
//! the crate's public face.

mod access;
mod actor;
mod assignment;
mod catalog;
mod project;
mod record;
mod revocation;
mod role;

pub use access::{AccessRule, ApplicationCredential, Credential};
pub use actor::{Group, Membership, PasswordHash, User, UserOptions};
pub use assignment::{Actor, Assignment, Target};
pub use catalog::{Endpoint, Interface, Region, Service};
pub use project::Project;
pub use record::{Change, Index, Kind, Record};
pub(crate) use record::{access_rule_key, credential_key, each_kind, name_key};
pub use revocation::Revocation;
pub use role::{Implication, Role};

/// Attributes that a client gave and nobody here knows: kept and given back, as Keystone's `extra`.
pub type Extra = serde_json::Map<String, serde_json::Value>;
