//! Identity v3: tokens, projects, users, roles, catalog.
//!
//! Everything that identity knows fits into memory, so it is there: a [`Snapshot`], replaced after each committed write.
//! Reading, logging in and checking a token ask the snapshot and no database. A write takes its turn (one at a time, in all
//! processes), decides on the newest state, writes documents, commits and publishes:
//!
//! ```text
//!  handler ─▶ service ─▶ snapshot                               every read, every token
//!                 └────▶ turn ─▶ rules on a draft ─▶ SQL ─▶ commit ─▶ next snapshot       every write
//!  task `refresh` ─▶ the counter of writes moved? ─▶ read all again           other processes' writes
//! ```
//!
//! Tokens are Fernet texts ([`token`], [`fernet`]) and stored nowhere; only revocations are.

#[cfg(test)]
extern crate self as kogge_identity;

mod api;
mod config;
mod error;
pub mod fernet;
pub mod model;
pub mod policy;
mod resources;
mod secret;
mod seed;
mod service;
mod snapshot;
mod store;
mod tasks;
pub mod token;

pub use api::{routes, version_routes};
pub use config::{IdentityConfig, SecurityConfig};
pub use error::{Error, Result};
pub use policy::RULE_SET;
pub use secret::Secret;
pub use seed::{SeedAccounts, SeedService};
pub use service::{Draft, Identity, IdentityDeps, ProjectSummary, UserSummary};
pub use snapshot::{CatalogEndpoint, CatalogService, EffectiveAssignment, RoleName, Snapshot, Table};
pub use store::MIGRATIONS;
