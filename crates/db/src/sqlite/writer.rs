//! The connection that writes, and its transaction.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::connection::{How, all, execute, first, open};
use super::may_wait;
use crate::error::Outage;
use crate::{DbError, PoolState, Query, Row};

/// Longest wait for the connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait for a lock of another process, and how often it is tried.
const BUSY: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(5);

/// The one connection that writes. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    /// `None` where it must be opened anew.
    seat: Arc<Mutex<Option<Connection>>>,
    path: PathBuf,
    how: How,
    closed: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn open(path: &Path, how: How) -> Result<Self, DbError> {
        let seat = Arc::new(Mutex::new(Some(open(path, how)?)));
        Ok(Self { seat, path: path.to_owned(), how, closed: Arc::default() })
    }

    /// Waits for the connection.
    async fn sit(&self) -> Result<OwnedMutexGuard<Option<Connection>>, DbError> {
        tokio::task::coop::consume_budget().await;
        let asked = Instant::now();
        let seat = Arc::clone(&self.seat);
        let mut seat = match seat.try_lock_owned() {
            Ok(seat) => seat,
            Err(_) => {
                tokio::time::timeout(PATIENCE, Arc::clone(&self.seat).lock_owned()).await.map_err(|_| {
                    let waited = PATIENCE.as_secs();
                    DbError::out(Outage::Busy, format!("somebody else has been writing for {waited} s"))
                })?
            }
        };
        metrics::histogram!("kogge_db_wait_seconds", "pool" => "write").record(asked.elapsed().as_secs_f64());
        if self.closed.load(Ordering::Acquire) {
            return Err(DbError::out(Outage::Unreachable, "the database was closed"));
        }
        if seat.is_none() {
            *seat = Some(open(&self.path, self.how)?);
        }
        Ok(seat)
    }

    pub(super) async fn begin(&self) -> Result<SqliteTx, DbError> {
        let mut tx = SqliteTx { seat: self.sit().await?, durable: self.how.is_durable() };
        tx.patiently("BEGIN IMMEDIATE").await?;
        Ok(tx)
    }

    /// Runs a statement as a transaction of its own.
    pub(super) async fn execute(&self, query: &Query) -> Result<u64, DbError> {
        let mut tx = self.begin().await?;
        let changed = tx.execute(query)?;
        tx.commit()?;
        Ok(changed)
    }

    pub(super) fn state(&self) -> PoolState {
        let busy = usize::from(self.seat.try_lock().is_err());
        PoolState { pool: "write", busy, idle: 1 - busy }
    }

    pub(super) async fn checkpoint(&self) -> Result<(), DbError> {
        let seat = self.sit().await?;
        let Some(connection) = seat.as_ref() else { return Ok(()) };
        may_wait(|| all(connection, &Query::new("PRAGMA wal_checkpoint(PASSIVE)"))).map(drop)
    }

    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if let Ok(mut seat) = tokio::time::timeout(PATIENCE, self.seat.lock()).await {
            may_wait(|| seat.take());
        }
    }
}

/// A transaction that may write. Dropped without [`SqliteTx::commit`] it is taken back.
#[derive(Debug)]
pub(crate) struct SqliteTx {
    seat: OwnedMutexGuard<Option<Connection>>,
    durable: bool,
}

impl SqliteTx {
    fn connection(&self) -> Result<&Connection, DbError> {
        self.seat.as_ref().ok_or_else(|| DbError::out(Outage::Failing, "the connection is gone"))
    }

    /// Runs a statement that another process may hold up.
    async fn patiently(&mut self, sql: &'static str) -> Result<(), DbError> {
        let begun = Instant::now();
        loop {
            let done = self.connection().and_then(|connection| execute(connection, &Query::new(sql)));
            match done {
                Err(error) if error.outage() == Some(Outage::Busy) && begun.elapsed() < BUSY => {
                    tokio::time::sleep(AGAIN).await;
                }
                done => return done.map(drop),
            }
        }
    }

    pub(crate) fn all(&mut self, query: &Query) -> Result<Vec<Row>, DbError> {
        all(self.connection()?, query)
    }

    pub(crate) fn optional(&mut self, query: &Query) -> Result<Option<Row>, DbError> {
        first(self.connection()?, query)
    }

    pub(crate) fn execute(&mut self, query: &Query) -> Result<u64, DbError> {
        execute(self.connection()?, query)
    }

    pub(crate) fn commit(self) -> Result<(), DbError> {
        let connection = self.connection()?;
        let commit = || execute(connection, &Query::new("COMMIT")).map(drop);
        if self.durable { may_wait(commit) } else { commit() }
    }

    pub(crate) fn rollback(self) -> Result<(), DbError> {
        execute(self.connection()?, &Query::new("ROLLBACK")).map(drop)
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        let Some(connection) = self.seat.as_ref() else { return };
        // after a full disk SQLite has taken it back by itself
        if connection.is_autocommit() {
            return;
        }
        let undone = execute(connection, &Query::new("ROLLBACK"));
        if undone.is_err() || !connection.is_autocommit() {
            tracing::warn!("a transaction could not be taken back; its connection is replaced");
            metrics::counter!("kogge_db_writers_replaced_total").increment(1);
            *self.seat = None;
        }
    }
}
