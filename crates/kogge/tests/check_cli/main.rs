//! `kogge check` as its users meet it: the binary, its output, its files, its exit codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod advisory;
mod desk;
mod e2e;
mod exit_codes;
mod explain;
mod monitor;
mod overlap;
#[path = "../../../conform-e2e/tests/packets/writer.rs"]
mod packets;
mod plan;
mod redact;
mod report;
mod resume;
mod sign;
mod spec;
mod terminal;
mod upload;
#[path = "../../../conform/tests/schema/validator.rs"]
mod validator;
