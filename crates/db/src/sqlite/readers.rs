//! The connections that read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection::{How, open};
use crate::error::Outage;
use crate::{DbError, PoolState};

/// Most at once.
const READERS: usize = 4;

/// Connections that wait for work; each is opened when there is work for it.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    seats: Semaphore,
}

impl Readers {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default(), seats: Semaphore::new(READERS) }
    }

    /// Gives `work` a connection. After an outage of its own a connection is not used again.
    pub(super) async fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        // whoever reads all day lets others have their turn now and then
        tokio::task::coop::consume_budget().await;
        let closed = |_| DbError::out(Outage::Unreachable, "the database was closed");
        let _seat = self.seats.acquire().await.map_err(closed)?;
        let idle = self.idle().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => open(&self.path, How::Reading)?,
        };
        let done = work(&reader);
        if done.as_ref().err().and_then(DbError::outage).is_none() && !self.seats.is_closed() {
            self.idle().push(reader);
        }
        done
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> PoolState {
        let busy = READERS.saturating_sub(self.seats.available_permits());
        PoolState { pool: "read", busy, idle: self.idle().len() }
    }

    pub(super) async fn close(&self) {
        // waits for those who read
        let seats = u32::try_from(READERS).unwrap_or(u32::MAX);
        let all = self.seats.acquire_many(seats).await;
        self.seats.close();
        drop(all);
        self.idle().clear();
    }
}
