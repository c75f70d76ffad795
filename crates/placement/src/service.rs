//! What placement does, for compute by Rust call and for administrators by HTTP.

mod allocations;
pub(crate) mod consumers;
pub(crate) mod counts;
pub(crate) mod inventories;
pub(crate) mod providers;
pub(crate) mod selection;
mod supply;
