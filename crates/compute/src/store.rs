//! Rows and SQL. Nothing here knows callers or HTTP.

pub(crate) mod actions;
pub(crate) mod aggregates;
pub(crate) mod changes;
pub(crate) mod consoles;
pub(crate) mod flavors;
pub(crate) mod hosts;
pub(crate) mod migrations;
pub(crate) mod numbers;
pub(crate) mod quotas;
pub(crate) mod server_list;
pub(crate) mod servers;
pub(crate) mod usage;

use kogge_db::{Migration, Migrations};

pub(crate) use crate::resources::server_groups;

/// The schema of compute.
pub const MIGRATIONS: Migrations = Migrations {
    owner: "compute",
    steps: &[
        Migration { version: 1, name: "compute", sql: include_str!("../migrations/0001_compute.sql") },
        Migration {
            version: 2,
            name: "server_groups",
            sql: include_str!("../migrations/0002_server_groups.sql"),
        },
        Migration {
            version: 3,
            name: "port_holders",
            sql: include_str!("../migrations/0003_port_holders.sql"),
        },
        Migration { version: 4, name: "bounds", sql: include_str!("../migrations/0004_bounds.sql") },
        Migration { version: 5, name: "usage", sql: include_str!("../migrations/0005_usage.sql") },
        Migration { version: 6, name: "due", sql: include_str!("../migrations/0006_due.sql") },
        Migration { version: 7, name: "migrations", sql: include_str!("../migrations/0007_migrations.sql") },
        Migration { version: 8, name: "placed", sql: include_str!("../migrations/0008_placed.sql") },
        Migration { version: 9, name: "volumes", sql: include_str!("../migrations/0009_volumes.sql") },
        Migration { version: 10, name: "consoles", sql: include_str!("../migrations/0010_consoles.sql") },
    ],
};

/// A `u64` for a `BIGINT` column; what does not fit is clipped, far above any host's size.
pub(crate) fn big(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// JSON for a `TEXT` column. The types that are stored so always have one.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, kogge_db::DbError> {
    serde_json::to_string(value).map_err(|error| kogge_db::DbError::column("json", error))
}
