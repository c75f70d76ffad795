//! The one row that says which cloud a database is.

use kogge_clock::Timestamp;
use kogge_db::{Db, DbError, Executor, Migration, Migrations, Query};
use kogge_ids::CloudId;

/// The table.
pub(crate) const MIGRATIONS: Migrations = Migrations {
    owner: "cloud",
    steps: &[
        Migration {
            version: 1,
            name: "the cloud's id, and which versions made and opened it",
            sql: "CREATE TABLE cloud (
    one BIGINT NOT NULL PRIMARY KEY, id TEXT NOT NULL, made_at BIGINT NOT NULL, made_by TEXT NOT NULL,
    opened_at BIGINT NOT NULL, opened_by TEXT NOT NULL);
",
        },
        Migration {
            version: 2,
            name: "whose each host is, and where the files are that all processes share",
            sql: "CREATE TABLE host_homes (host TEXT NOT NULL PRIMARY KEY, process TEXT NOT NULL);
CREATE TABLE cloud_commons (one BIGINT NOT NULL PRIMARY KEY, id TEXT NOT NULL, place TEXT NOT NULL);
",
        },
    ],
};

/// This version of Kogge.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The cloud's id, where the database has one.
pub(super) async fn id(db: &Db) -> Result<Option<CloudId>, DbError> {
    let row = db.optional(Query::new("SELECT id FROM cloud WHERE one = 1")).await?;
    row.map(|row| row.parse("id")).transpose()
}

/// Notes that this version opens the database, and gives it the id `wanted` where it has none. Answers the id that it
/// has then, which is another one where another process came first.
pub(super) async fn open(db: &Db, wanted: CloudId, now: Timestamp) -> Result<CloudId, DbError> {
    let mut tx = db.begin().await?;
    let make = Query::new(
        "INSERT INTO cloud (one, id, made_at, made_by, opened_at, opened_by) VALUES (1, $1, $2, $3, $2, $3) \
         ON CONFLICT (one) DO NOTHING",
    );
    tx.execute(make.bind(wanted.to_string()).bind(now).bind(VERSION)).await?;
    let before = tx.one(Query::new("SELECT id, opened_by FROM cloud WHERE one = 1")).await?;
    let (id, version) = (before.parse("id")?, before.text("opened_by")?);
    let opened = Query::new("UPDATE cloud SET opened_at = $1, opened_by = $2 WHERE one = 1");
    tx.execute(opened.bind(now).bind(VERSION)).await?;
    tx.commit().await?;
    if version != VERSION {
        tracing::info!(
            from = version,
            to = VERSION,
            "the database was opened by another version of kogge last"
        );
    }
    Ok(id)
}
