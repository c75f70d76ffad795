//! Network v2.0 over HTTP, in process, on SQLite (and on PostgreSQL where `KOGGE_TEST_POSTGRES` names one).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod cloud;

mod compute;
mod floating_ips;
mod holders;
mod isolation;
mod lists;
mod networks;
mod nodes;
mod ports;
mod quotas;
mod races;
mod routers;
mod security_groups;
mod sharing;
mod subnets;
mod upgrade;
