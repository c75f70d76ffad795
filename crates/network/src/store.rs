//! Rows and SQL. Knows no callers, roles or HTTP.

pub(crate) mod agents;
pub(crate) mod allocations;
pub(crate) mod departures;
pub(crate) mod groups;
mod marks;
pub(crate) mod networks;
pub(crate) mod owner;
pub(crate) mod ports;
pub(crate) mod quotas;
pub(crate) mod rbac;
pub(crate) mod routers;
pub mod rows;
pub(crate) mod settings;

/// The sort keys that almost every resource has, and its own behind them.
macro_rules! sort_keys {
    ($($own:expr),* $(,)?) => {
        &[
            kogge_db::filter::by("id"),
            kogge_db::filter::by("description"),
            kogge_db::filter::by("project_id"),
            kogge_db::SortKey { name: "tenant_id", expression: "project_id" },
            kogge_db::filter::by("created_at"),
            kogge_db::filter::by("updated_at"),
            kogge_db::filter::by("revision_number"),
            $($own),*
        ]
    };
}
pub(crate) use sort_keys;
