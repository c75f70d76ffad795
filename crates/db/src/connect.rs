//! Opening a database.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::DbError;
use crate::damage::DamageBook;
use crate::postgres::Server;
use crate::sqlite::SqliteFile;
use crate::watch::Watchers;

/// A database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    pub(crate) pools: Pools,
    pub(crate) damage: DamageBook,
    pub(crate) statements: Arc<AtomicU64>,
    pub(crate) watchers: Watchers,
}

#[derive(Debug, Clone)]
pub(crate) enum Pools {
    /// A file.
    Sqlite(SqliteFile),
    /// A server.
    Postgres(Server),
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

/// Connections of a test. Races of a hundred requests wait for each other at a row, which they may do longer than for a
/// connection.
const TEST_CONNECTIONS: u32 = 16;

/// Longest wait for connections to close: a server that is gone does not say goodbye.
const FAREWELL: Duration = Duration::from_secs(3);

impl Db {
    /// Opens the database.
    ///
    /// # Errors
    /// Where it cannot be opened or reached.
    pub async fn open(options: &DbOptions) -> Result<Self, DbError> {
        let pools = match options {
            DbOptions::File { path, durability } => Pools::Sqlite(SqliteFile::open(path, *durability)?),
            DbOptions::Postgres { url, connections } => {
                Pools::Postgres(Server::open(url, *connections).await?)
            }
        };
        Ok(Self::on(pools))
    }

    /// Opens a SQLite file that is there, to look at it only.
    ///
    /// # Errors
    /// Where it is no database, or cannot be opened.
    pub async fn look_at(path: &Path) -> Result<Self, DbError> {
        let pools = Pools::Sqlite(SqliteFile::look_at(path)?);
        Ok(Self::on(pools))
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
        let admin = Self::open(&DbOptions::Postgres { url: url.clone(), connections: 1 }).await?;
        admin.make_schema_for_test(&schema).await?;
        let options = PgConnectOptions::from_str(&url)?.options([("search_path", schema.as_str())]);
        let pools = Pools::Postgres(Server::with(options, TEST_CONNECTIONS).await?);
        Ok(Some(Self::on(pools)))
    }

    fn on(pools: Pools) -> Self {
        Self {
            pools,
            damage: DamageBook::default(),
            statements: Arc::default(),
            watchers: Watchers::default(),
        }
    }

    /// How many statements were run so far, the beginnings and ends of transactions not among them. What a request costs
    /// must not grow with the rows that it does not show: tests count.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Makes a schema on a server that is there for tests. `name` is a plain word.
    ///
    /// # Errors
    /// Where the server refuses.
    pub async fn make_schema_for_test(&self, name: &str) -> Result<(), DbError> {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let create = crate::Query::built(format!("CREATE SCHEMA {name}"), Vec::new());
        crate::Executor::execute(self, create).await.map(drop)
    }

    /// True for a SQLite file.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        matches!(self.pools, Pools::Sqlite(_))
    }

    /// The rows that could not be read so far.
    #[must_use]
    pub const fn damage(&self) -> &DamageBook {
        &self.damage
    }

    /// Closes all connections; a clean end of the WAL.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite(db) => db.close().await,
            Pools::Postgres(server) => {
                let _ = tokio::time::timeout(FAREWELL, server.pool.close()).await;
            }
        }
    }
}
