//! A SQLite file: one connection that writes, several that read.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::turn::{Turn, Turns};
use crate::{DbError, Durability};

/// The pools of a file.
#[derive(Debug, Clone)]
pub(crate) struct SqlitePools {
    pub(crate) read: SqlitePool,
    pub(crate) write: SqlitePool,
    pub(crate) turns: Turns,
    pub(crate) path: PathBuf,
}

const READERS: u32 = 4;
/// Longest wait for a lock of another process.
const BUSY: Duration = Duration::from_secs(5);
/// Longest wait for the writing connection, and for one that reads.
const PATIENCE: Duration = Duration::from_secs(30);

impl SqlitePools {
    pub(crate) async fn open(path: &Path, durability: Durability) -> Result<Self, DbError> {
        let options = options(path, durability);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .after_release(|connection, _| Box::pin(is_sound(connection)))
            .connect_with(options.clone())
            .await?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self { read, write, turns: Turns::default(), path: path.to_owned() })
    }

    /// Both pools only read.
    pub(crate) async fn look_at(path: &Path) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
        let read = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_with(options)
            .await?;
        Ok(Self { write: read.clone(), read, turns: Turns::default(), path: path.to_owned() })
    }

    /// Starts the one transaction that may write.
    pub(crate) async fn begin(&self) -> Result<(Transaction<'static, Sqlite>, Turn), DbError> {
        let asked = Instant::now();
        let tx = self.turns.wait(self.write.begin_with("BEGIN IMMEDIATE")).await;
        metrics::histogram!("kogge_db_wait_seconds", "pool" => "write").record(asked.elapsed().as_secs_f64());
        Ok((tx?, self.turns.take()))
    }
}

/// True where the connection may write again. After a full disk SQLite has taken the transaction back by itself, and
/// the driver still counts it: such a connection refuses every later `BEGIN` and must be replaced. What a dropped
/// transaction left to do is done first.
async fn is_sound(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    connection.ping().await?;
    let sound = !connection.is_in_transaction();
    if !sound {
        tracing::warn!("the database ended a transaction by itself; its connection is replaced");
        metrics::counter!("kogge_db_writers_replaced_total").increment(1);
    }
    Ok(sound)
}

fn options(path: &Path, durability: Durability) -> SqliteConnectOptions {
    let synchronous = match durability {
        Durability::Full => SqliteSynchronous::Full,
        Durability::None => SqliteSynchronous::Off,
    };
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .statement_cache_capacity(256)
        .pragma("cache_size", "-20000")
}
