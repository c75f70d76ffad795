//! Rules, and functions that upper services call.

pub(crate) mod attach;
pub(crate) mod backends;
pub(crate) mod backups;
pub(crate) mod change;
pub(crate) mod counts;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod found;
pub(crate) mod group_members;
pub(crate) mod group_snapshots;
pub(crate) mod groups;
pub(crate) mod manage;
pub(crate) mod messages;
pub(crate) mod quota;
pub(crate) mod quota_sets;
pub(crate) mod reimage;
pub(crate) mod revert;
pub(crate) mod room;
pub(crate) mod save;
pub(crate) mod services;
pub(crate) mod snapshots;
pub(crate) mod story;
pub(crate) mod transfers;
pub(crate) mod types;
pub(crate) mod upload;
