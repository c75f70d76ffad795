//! The service with everything below it, against storage in memory and a simulated node: one program, so that it is
//! linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::large_futures,
    unreachable_pub,
    reason = "helpers of tests panic, print and are as public as is handy"
)]

mod it {
    mod attachments;
    mod backups;
    mod cloud;
    mod consistency_groups;
    mod given;
    mod group_snapshots;
    mod group_types;
    mod groups;
    mod held_together;
    mod manage;
    mod messages;
    mod qos;
    mod quotas;
    mod room;
    mod seeds;
    mod services;
    mod snapshots;
    mod tells;
    mod transfers;
    mod types;
    mod volumes;
}
