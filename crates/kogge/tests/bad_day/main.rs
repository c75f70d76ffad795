//! An operator's bad day, with the program itself: logs that cannot be written, disks without room, files that are
//! damaged, servers that are gone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

mod figures;
mod full_disk;
mod logs;
mod machine;
mod postgres_gone;
mod refusals;
