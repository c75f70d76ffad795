//! `kogge up` as an operator meets it: the binary, its data directory, its files, its exit codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod demo;
mod directory;
mod image;
mod service;
mod site;
mod starts;
