//! The API over HTTP, against the whole program in process.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod addresses;
mod bounds;
mod consoles;
mod damaged;
mod documents;
mod explain;
mod faults;
mod golden;
mod health;
mod hosts;
mod isolation;
mod noise;
mod old_paths;
mod processes;
mod races;
mod referee;
mod robust;
mod scene;
mod server_groups;
mod services;
mod walk;

/// The cloud of the tests that run over the wire as well (`tests/wire`).
async fn cloud() -> kogge::test_cloud::TestCloud {
    kogge::test_cloud::TestCloud::start().await
}
