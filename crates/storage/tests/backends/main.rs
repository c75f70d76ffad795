//! What every backend does, tried on each of them, and what only some have.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may fail")]

mod encrypted;
mod files;
mod lab;
mod rbd;
mod suite;
mod tricks;

use kogge_storage::SimStorage;

use crate::lab::Lab;

#[tokio::test]
async fn the_backend_in_memory_behaves() {
    suite::behaves(&SimStorage::new()).await;
}

#[tokio::test]
async fn files_behave_in_both_layouts() {
    for lab in Lab::both().await {
        suite::behaves(&lab.files).await;
        assert_eq!(lab.drafts(), 0, "nothing half made is left");
    }
}
