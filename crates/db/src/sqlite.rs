//! A SQLite file: one connection that writes, several that read.
//!
//! Statements run where they are called, without a thread of their own: what is read lies in memory nearly always, and
//! handing a statement to another thread and its rows back costs more than most statements do. What may wait for a
//! disk (a commit that must last, a long list) tells the runtime first ([`work::may_wait`]).

mod connection;
mod readers;
mod table;
mod work;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use connection::How;
use readers::Readers;
use writer::Writer;

pub(crate) use connection::open_to_copy;
pub(crate) use table::{Misread, SqliteRow};
pub(crate) use work::may_wait;
pub(crate) use writer::SqliteTx;

use crate::turn::{Turn, Turns};
use crate::{DbError, Durability, PoolState, Query, Row, Take};

/// The connections of a file. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct SqliteFile {
    readers: Arc<Readers>,
    writer: Writer,
    turns: Turns,
    pub(crate) path: PathBuf,
}

impl SqliteFile {
    pub(crate) fn open(path: &Path, durability: Durability) -> Result<Self, DbError> {
        Self::with(path, How::Writing(durability))
    }

    /// All its connections only read.
    pub(crate) fn look_at(path: &Path) -> Result<Self, DbError> {
        Self::with(path, How::Reading)
    }

    fn with(path: &Path, how: How) -> Result<Self, DbError> {
        let writer = Writer::open(path, how)?;
        Ok(Self {
            readers: Arc::new(Readers::of(path)),
            writer,
            turns: Turns::default(),
            path: path.to_owned(),
        })
    }

    /// Starts the one transaction that may write.
    pub(crate) async fn begin(&self) -> Result<(SqliteTx, Turn), DbError> {
        let tx = self.turns.wait(self.writer.begin()).await?;
        Ok((tx, self.turns.take()))
    }

    pub(crate) async fn all(&self, query: &Query) -> Result<Vec<Row>, DbError> {
        self.readers.with(|reader| connection::all(reader, query)).await
    }

    /// Shows all rows to `take`.
    pub(crate) async fn each(&self, query: &Query, take: &mut Take<'_>) -> Result<(), DbError> {
        self.readers.with(|reader| connection::each(reader, query, take)).await
    }

    pub(crate) async fn optional(&self, query: &Query) -> Result<Option<Row>, DbError> {
        self.readers.with(|reader| connection::first(reader, query)).await
    }

    /// Runs a statement as a transaction of its own.
    pub(crate) async fn execute(&self, query: &Query) -> Result<u64, DbError> {
        self.turns.wait(self.writer.execute(query)).await
    }

    pub(crate) async fn checkpoint(&self) -> Result<(), DbError> {
        self.writer.checkpoint().await
    }

    pub(crate) fn pools(&self) -> Vec<PoolState> {
        vec![self.readers.state(), self.writer.state()]
    }

    /// Closes all connections, the writing one last: it brings the log into the file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
