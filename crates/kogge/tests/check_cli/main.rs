//! `kogge check` as its users meet it: the binary, its output, its files, its exit codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod advisory;
mod desk;
mod exit_codes;
mod explain;
mod monitor;
mod plan;
mod redact;
mod resume;
mod sign;
mod spec;
mod upload;
