//! Rows and SQL. Knows no callers, roles or HTTP.

pub(crate) mod allocations;
pub(crate) mod departures;
pub(crate) mod filter;
pub(crate) mod groups;
mod marks;
pub(crate) mod networks;
pub(crate) mod ports;
pub(crate) mod quotas;
pub(crate) mod rbac;
pub(crate) mod record;
pub(crate) mod routers;
pub mod rows;
