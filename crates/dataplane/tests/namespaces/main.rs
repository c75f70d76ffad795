//! The data plane on a real kernel: guests, host and routers are namespaces of the test. Needs root; says so in one
//! line where it is skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

mod namespace;
