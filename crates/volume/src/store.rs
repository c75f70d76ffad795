//! Rows and SQL. Nothing here knows callers or HTTP.

pub(crate) mod attachments;
pub(crate) mod backups;
pub(crate) mod due;
pub(crate) mod group_snapshots;
pub(crate) mod groups;
pub(crate) mod keys;
pub(crate) mod messages;
pub(crate) mod services;
pub(crate) mod snapshots;
pub(crate) mod transfers;
pub(crate) mod types;
pub(crate) mod usage;

use kogge_db::{Migration, Migrations};

/// The schema of block storage.
pub const MIGRATIONS: Migrations = Migrations {
    owner: "volume",
    steps: &[
        Migration { version: 1, name: "volume", sql: include_str!("../migrations/0001_volume.sql") },
        Migration {
            version: 2,
            name: "administration",
            sql: include_str!("../migrations/0002_administration.sql"),
        },
        Migration { version: 3, name: "copies", sql: include_str!("../migrations/0003_copies.sql") },
        Migration { version: 4, name: "words", sql: include_str!("../migrations/0004_words.sql") },
        Migration {
            version: 5,
            name: "group snapshots",
            sql: include_str!("../migrations/0005_group_snapshots.sql"),
        },
    ],
};
