//! Documents in tables. SQL only.
//!
//! Identity is read whole into memory when it starts; after that only changes are written, and those of other processes
//! read ([`changes`]). So there is no query by attribute: the snapshot answers those.

pub(crate) mod changes;

use kogge_clock::Timestamp;
use kogge_db::{DamageBook, DbError, Executor, Migration, Migrations, Query, Row, Source, Tx};

use crate::error::{Error, Result};
use crate::model::{Change, Kind, Record, Revocation, each_kind};
use crate::snapshot::{Snapshot, work};

/// The schema.
pub const MIGRATIONS: Migrations = Migrations {
    owner: "identity",
    steps: &[
        Migration { version: 1, name: "records", sql: include_str!("../migrations/0001_records.sql") },
        Migration { version: 2, name: "changes", sql: include_str!("../migrations/0002_changes.sql") },
    ],
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
/// which only means that it is read once more. A document that cannot be read is noted and costs no other: nobody can
/// use it, and nothing is put in its place ([`Snapshot::is_unreadable`]). `opened` is when this process began to read.
pub(crate) async fn load(source: &mut Source<'_>, opened: Timestamp) -> Result<Snapshot> {
    let mut snapshot = Snapshot::at(version(&mut *source).await?);
    let damage = source.damage_book();
    for kind in Kind::ALL {
        let rows = source.all(Query::new(kind.select())).await?;
        take_in(&mut snapshot, *kind, &rows, &damage, opened);
    }
    Ok(snapshot)
}

fn take_in(snapshot: &mut Snapshot, kind: Kind, rows: &[Row], damage: &DamageBook, opened: Timestamp) {
    for row in rows {
        match read(kind, row) {
            Ok(change) => snapshot.apply(&change),
            Err(error) => {
                damage.note(kind.table(), row, &error);
                let id = row.key();
                if kind == Kind::Revocation {
                    snapshot.apply(&Change::Revocation(of_everything(&id, opened)));
                }
                snapshot.note_unreadable(kind, id);
            }
        }
    }
}

/// What was revoked cannot be read any more: then no token from before is good. Their owners log in once more.
fn of_everything(id: &str, opened: Timestamp) -> Revocation {
    Revocation {
        id: id.to_owned(),
        audit_id: None,
        user_id: None,
        project_id: None,
        issued_before: opened.as_micros(),
        revoked_at: opened.as_micros(),
    }
}

macro_rules! rows {
    ($($kind:ident $table:ident,)*) => {
        /// Writes one change.
        pub(crate) async fn write(tx: &mut Tx, change: &Change) -> Result<()> {
            work::written();
            match change {
                $(Change::$kind(row) => put(tx, row).await,)*
                Change::Delete(kind, id) => {
                    tx.execute(Query::new(kind.delete()).bind(id)).await?;
                    Ok(())
                }
            }
        }

        fn read(kind: Kind, row: &Row) -> Result<Change, DbError> {
            Ok(match kind { $(Kind::$kind => Change::$kind(row.json("doc")?),)* })
        }
    };
}
each_kind!(rows);

async fn put<T: Record>(tx: &mut Tx, row: &T) -> Result<()> {
    let table = T::KIND.table();
    let document = serde_json::to_string(row).map_err(|source| Error::Document { table, source })?;
    let query = Query::new(T::KIND.upsert()).bind(row.id()).bind(row.unique_key()).bind(document);
    match tx.execute(query).await {
        // the rules looked at every row that can be read
        Err(error) if error.is_unique_violation() => {
            let because = "a record that cannot be read has that name".to_owned();
            Err(Error::Conflict { kind: T::KIND.name(), because })
        }
        written => Ok(written.map(|_| ())?),
    }
}
