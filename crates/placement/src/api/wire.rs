//! Bodies and query strings of placement.

pub(super) mod holding;
pub(super) mod inventory;
pub(super) mod provider;
pub(super) mod question;
