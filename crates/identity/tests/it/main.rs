//! Identity over HTTP, in process, on SQLite (and on PostgreSQL where `KOGGE_TEST_POSTGRES` names one).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod application_credentials;
mod assignments;
mod bodies;
mod bounds;
mod catalog;
mod cloud;
mod credentials;
mod damaged;
mod domain_manager;
mod groups;
mod isolation;
mod passwords;
mod projects;
mod races;
mod restricted;
mod roles;
mod store;
mod tokens;
mod users;
