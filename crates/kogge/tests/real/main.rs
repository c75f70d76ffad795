//! The whole program on this machine, with real guests and networks: needs root, QEMU and nftables. Each test has a
//! network namespace of its own. What is missing is said in one line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test may fail"
)]

mod lab;
mod real_databases;
mod real_moved;
mod real_processes;
mod real_status;
