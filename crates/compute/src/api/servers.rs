//! `/servers` and everything below.

pub(crate) mod absent;
pub(crate) mod action;
pub(crate) mod addresses;
pub(crate) mod addressing;
pub(crate) mod consoles;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod diagnostics;
pub(crate) mod instance_actions;
pub(crate) mod interfaces;
pub(crate) mod list;
pub(crate) mod metadata;
pub(crate) mod migrate;
pub(crate) mod rebuild;
pub(crate) mod security_groups;
pub(crate) mod shelve;
pub(crate) mod show;
pub(crate) mod tags;
pub(crate) mod update;
pub(crate) mod volumes;
