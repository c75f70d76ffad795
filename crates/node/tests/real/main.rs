//! The node with a real QEMU.
//!
//! `tiny` uses guests of one boot sector and runs wherever QEMU is installed. `guest` boots the test guest that
//! `KOGGE_GUEST_IMAGE` names; `network` gives it a network as well and needs root. What is missing is said in one line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail"
)]

mod consoles;
mod exporting;
mod full_disk;
mod guest;
mod guest_attacks;
mod hotplug;
mod lab;
mod life;
mod machines;
mod network;
mod quarantine;
mod secrets;
mod survival;
mod suspend;
mod tiny;
mod users;
mod volumes;
mod with_ceph;
mod with_storage;
