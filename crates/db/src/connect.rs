//! Opening a database.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

use crate::executor::Inner;
use crate::{DbError, Tx};

/// A database. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    /// A file.
    Sqlite(SqlitePools),
    /// A server.
    Postgres(PgPool),
}

/// One connection that writes, several that read.
#[derive(Debug, Clone)]
pub struct SqlitePools {
    pub(crate) read: SqlitePool,
    pub(crate) write: SqlitePool,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum DbOptions {
    /// A SQLite file, made if it is not there.
    File {
        /// Its path.
        path: std::path::PathBuf,
        /// What a power cut may cost.
        durability: Durability,
    },
    /// A PostgreSQL server.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: String,
        /// Most connections at once.
        connections: u32,
    },
}

/// What a power cut may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was acknowledged.
    Full,
    /// Everything: for simulations and tests.
    None,
}

const READERS: u32 = 4;

impl Db {
    /// Opens the database.
    ///
    /// # Errors
    /// Where it cannot be opened or reached.
    pub async fn open(options: &DbOptions) -> Result<Self, DbError> {
        match options {
            DbOptions::File { path, durability } => open_file(path, *durability).await,
            DbOptions::Postgres { url, connections } => open_postgres(url, *connections).await,
        }
    }

    /// A fresh, empty database for a test: in `dir`, or on the server that `KOGGE_TEST_POSTGRES` names, in a schema
    /// of its own, when `postgres` is asked for. `None` where that variable is not set.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub async fn for_test(dir: &Path, postgres: bool) -> Result<Option<Self>, DbError> {
        if !postgres {
            let options = DbOptions::File { path: dir.join("test.sqlite"), durability: Durability::None };
            return Self::open(&options).await.map(Some);
        }
        let Ok(url) = std::env::var("KOGGE_TEST_POSTGRES") else { return Ok(None) };
        let schema = format!("t{}", kogge_ids::HostId::random().uuid().simple());
        let admin = open_postgres(&url, 1).await?;
        let create = crate::Query::built(format!("CREATE SCHEMA {schema}"), Vec::new());
        crate::Executor::execute(&admin, create).await?;
        let options = PgConnectOptions::from_str(&url)?.options([("search_path", schema.as_str())]);
        Ok(Some(Self::Postgres(PgPoolOptions::new().max_connections(4).connect_with(options).await?)))
    }

    /// Starts a transaction that may write. On SQLite it is the only one while it lasts.
    ///
    /// # Errors
    /// Where no connection is to be had.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        Ok(Tx(match self {
            Self::Sqlite(db) => Inner::Sqlite(db.write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        }))
    }

    /// Closes all connections; a clean end of the WAL.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(db) => {
                db.read.close().await;
                db.write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_file(path: &Path, durability: Durability) -> Result<Db, DbError> {
    let synchronous = match durability {
        Durability::Full => SqliteSynchronous::Full,
        Durability::None => SqliteSynchronous::Off,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .statement_cache_capacity(256)
        .pragma("cache_size", "-20000");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(60))
        .connect_with(options.clone())
        .await?;
    let read = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(options.read_only(true).create_if_missing(false))
        .await?;
    Ok(Db::Sqlite(SqlitePools { read, write }))
}

async fn open_postgres(url: &str, connections: u32) -> Result<Db, DbError> {
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(1))
        .test_before_acquire(false)
        .max_lifetime(Duration::from_secs(1800))
        .idle_timeout(Duration::from_secs(300))
        .connect_with(PgConnectOptions::from_str(url)?)
        .await?;
    Ok(Db::Postgres(pool))
}
