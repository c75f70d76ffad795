//! The node with a real QEMU, without networking and without root.
//!
//! `tiny` uses guests of one boot sector and runs wherever QEMU is installed. `guest` boots the test guest that
//! `KOGGE_GUEST_IMAGE` names. What is missing is said in one line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail"
)]

mod exporting;
mod guest;
mod lab;
mod life;
mod survival;
mod tiny;
