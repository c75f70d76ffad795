//! Custom traits and resource classes.

use std::collections::BTreeSet;

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Tx};

/// Which of the two tables of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Traits.
    Trait,
    /// Resource classes.
    Class,
}

pub(crate) async fn list(db: impl Executor, kind: Kind) -> Result<BTreeSet<String>, DbError> {
    let query = match kind {
        Kind::Trait => Query::new("SELECT name FROM custom_traits"),
        Kind::Class => Query::new("SELECT name FROM custom_resource_classes"),
    };
    db.all(query).await?.iter().map(|row| row.text("name")).collect()
}

/// How many custom names there are.
pub(crate) async fn count(db: impl Executor, kind: Kind) -> Result<i64, DbError> {
    let query = match kind {
        Kind::Trait => Query::new("SELECT COUNT(*) AS n FROM custom_traits"),
        Kind::Class => Query::new("SELECT COUNT(*) AS n FROM custom_resource_classes"),
    };
    db.one(query).await?.int("n")
}

/// True if it was not there before.
pub(crate) async fn insert(tx: &mut Tx, kind: Kind, name: &str, now: Timestamp) -> Result<bool, DbError> {
    let query = match kind {
        Kind::Trait => {
            "INSERT INTO custom_traits (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
        }
        Kind::Class => {
            "INSERT INTO custom_resource_classes (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"
        }
    };
    Ok(tx.execute(Query::new(query).bind(name).bind(now)).await? == 1)
}

pub(crate) async fn delete(tx: &mut Tx, kind: Kind, name: &str) -> Result<bool, DbError> {
    let query = match kind {
        Kind::Trait => Query::new("DELETE FROM custom_traits WHERE name = $1"),
        Kind::Class => Query::new("DELETE FROM custom_resource_classes WHERE name = $1"),
    };
    Ok(tx.execute(query.bind(name)).await? == 1)
}

/// True where a provider uses the name.
pub(crate) async fn is_used(db: impl Executor, kind: Kind, name: &str) -> Result<bool, DbError> {
    let query = match kind {
        Kind::Trait => Query::new("SELECT 1 AS x FROM provider_traits WHERE trait = $1 LIMIT 1"),
        Kind::Class => Query::new("SELECT 1 AS x FROM inventories WHERE resource_class = $1 LIMIT 1"),
    };
    Ok(db.optional(query.bind(name)).await?.is_some())
}

/// Uses `new` wherever `old` was used.
pub(crate) async fn rename_class(tx: &mut Tx, old: &str, new: &str) -> Result<(), DbError> {
    for sql in [
        "UPDATE inventories SET resource_class = $1 WHERE resource_class = $2",
        "UPDATE allocations SET resource_class = $1 WHERE resource_class = $2",
    ] {
        tx.execute(Query::new(sql).bind(new).bind(old)).await?;
    }
    Ok(())
}
