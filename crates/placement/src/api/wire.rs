//! Bodies and query strings of placement.

pub(super) mod holding;
