//! Documents in tables. SQL only.
//!
//! Identity is read whole into memory when it starts and when another process wrote; after that only changes are
//! written. So there is no query by attribute: the snapshot answers those.

use kogge_db::{Db, DbError, Executor, Migration, Migrations, Query, Row, Tx};

use crate::error::{Error, Result};
use crate::model::{Change, Kind, Record};
use crate::snapshot::Snapshot;

/// The schema.
pub const MIGRATIONS: Migrations = Migrations {
    owner: "identity",
    steps: &[Migration { version: 1, name: "records", sql: include_str!("../migrations/0001_records.sql") }],
};

/// How many writes were committed.
pub(crate) async fn version(executor: impl Executor) -> Result<i64, DbError> {
    let query = Query::new("SELECT version FROM identity_version WHERE id = 'identity'");
    executor.one(query).await?.int("version")
}

/// Counts one more write and answers its number. Until the transaction ends, other writers wait here: writes to
/// identity happen one after the other, in all processes.
pub(crate) async fn next_version(tx: &mut Tx) -> Result<i64, DbError> {
    let query = "UPDATE identity_version SET version = version + 1 WHERE id = 'identity' RETURNING version";
    tx.one(Query::new(query)).await?.int("version")
}

/// Reads everything. The version is read first: what is committed in between makes the snapshot look older than it is,
/// which only means that it is read once more.
pub(crate) async fn load(db: &Db) -> Result<Snapshot> {
    let mut snapshot = Snapshot::at(version(db).await?);
    for kind in Kind::ALL {
        for row in db.all(Query::new(kind.select())).await? {
            snapshot.apply(&read(*kind, &row)?);
        }
    }
    Ok(snapshot)
}

/// As [`load`], inside a write transaction.
pub(crate) async fn load_in(tx: &mut Tx) -> Result<Snapshot> {
    let mut snapshot = Snapshot::at(version(&mut *tx).await?);
    for kind in Kind::ALL {
        for row in tx.all(Query::new(kind.select())).await? {
            snapshot.apply(&read(*kind, &row)?);
        }
    }
    Ok(snapshot)
}

/// Writes one change.
pub(crate) async fn write(tx: &mut Tx, change: &Change) -> Result<()> {
    match change {
        Change::Project(row) => put(tx, row).await,
        Change::User(row) => put(tx, row).await,
        Change::Group(row) => put(tx, row).await,
        Change::Membership(row) => put(tx, row).await,
        Change::Role(row) => put(tx, row).await,
        Change::Implication(row) => put(tx, row).await,
        Change::Assignment(row) => put(tx, row).await,
        Change::Region(row) => put(tx, row).await,
        Change::Service(row) => put(tx, row).await,
        Change::Endpoint(row) => put(tx, row).await,
        Change::ApplicationCredential(row) => put(tx, row).await,
        Change::AccessRule(row) => put(tx, row).await,
        Change::Credential(row) => put(tx, row).await,
        Change::Revocation(row) => put(tx, row).await,
        Change::Delete(kind, id) => {
            tx.execute(Query::new(kind.delete()).bind(id)).await?;
            Ok(())
        }
    }
}

async fn put<T: Record>(tx: &mut Tx, row: &T) -> Result<()> {
    let table = T::KIND.table();
    let document = serde_json::to_string(row).map_err(|source| Error::Document { table, source })?;
    let query = Query::new(T::KIND.upsert()).bind(row.id()).bind(row.unique_key()).bind(document);
    tx.execute(query).await?;
    Ok(())
}

fn read(kind: Kind, row: &Row) -> Result<Change> {
    let text = row.text("doc")?;
    let change = match kind {
        Kind::Project => serde_json::from_str(&text).map(Change::Project),
        Kind::User => serde_json::from_str(&text).map(Change::User),
        Kind::Group => serde_json::from_str(&text).map(Change::Group),
        Kind::Membership => serde_json::from_str(&text).map(Change::Membership),
        Kind::Role => serde_json::from_str(&text).map(Change::Role),
        Kind::Implication => serde_json::from_str(&text).map(Change::Implication),
        Kind::Assignment => serde_json::from_str(&text).map(Change::Assignment),
        Kind::Region => serde_json::from_str(&text).map(Change::Region),
        Kind::Service => serde_json::from_str(&text).map(Change::Service),
        Kind::Endpoint => serde_json::from_str(&text).map(Change::Endpoint),
        Kind::ApplicationCredential => serde_json::from_str(&text).map(Change::ApplicationCredential),
        Kind::AccessRule => serde_json::from_str(&text).map(Change::AccessRule),
        Kind::Credential => serde_json::from_str(&text).map(Change::Credential),
        Kind::Revocation => serde_json::from_str(&text).map(Change::Revocation),
    };
    change.map_err(|source| Error::Document { table: kind.table(), source })
}
