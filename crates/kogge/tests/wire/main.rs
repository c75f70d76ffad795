//! The same tests as in `tests/api`, with the nodes behind the wire: on a good day, and while calls are lost, doubled, delayed,
//! answered too late and torn.
#![allow(clippy::duplicate_mod, reason = "the same tests on a good day and on a bad one are the point")]
#![allow(dead_code, reason = "other tests build more of the scene")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod plain;
mod troubled;
