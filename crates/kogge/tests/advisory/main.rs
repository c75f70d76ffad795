//! The advisory checks of the referee on our own cloud, as it is and broken in one place.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod domain_manager;
mod manual;
mod networks;
