//! The service with everything below it, against the simulated node: one program, so that it is linked once.
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
    mod absent;
    mod admin;
    mod bounds;
    mod cloud;
    mod consoles;
    mod cost;
    mod deferred;
    mod due;
    mod faults;
    mod flavors;
    mod foreign_ports;
    mod hardware;
    mod interfaces;
    mod isolation;
    mod keypairs;
    mod lifecycle;
    mod lists;
    mod meetings;
    mod migrations;
    mod moves;
    mod nowhere;
    mod quarantine;
    mod races;
    mod rescue;
    mod reshape;
    mod rotation;
    mod server_groups;
    mod shelve;
    mod shelved_volumes;
    mod store;
    mod story;
    mod upgrade;
    mod usage;
    mod views;
    mod volume_backed;
    mod volumes;
    mod wishes;
}
