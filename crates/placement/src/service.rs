//! What placement does, for compute by Rust call and for administrators by HTTP.

mod allocations;
mod supply;
