//! Rows of placement. No function here opens a transaction.

pub(crate) mod allocations;
pub(crate) mod inventories;
pub(crate) mod providers;
