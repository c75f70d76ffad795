//! `/v2/images`

pub(super) mod actions;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod list;
pub(super) mod show;
pub(super) mod update;
