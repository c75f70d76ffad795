//! Image v2 over HTTP: the service's router behind the front door, on both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "api/bounds.rs"]
mod bounds;
#[path = "api/data.rs"]
mod data;
#[path = "api/harness.rs"]
mod harness;
#[path = "api/holds.rs"]
mod holds;
#[path = "api/images.rs"]
mod images;
#[path = "api/imports.rs"]
mod imports;
#[path = "api/isolation.rs"]
mod isolation;
#[path = "api/sharing.rs"]
mod sharing;
#[path = "api/snapshots.rs"]
mod snapshots;
#[path = "api/stored.rs"]
mod stored;
