//! Writing: one at a time, on the newest state.

use std::ops::Deref;
use std::sync::Arc;

use kogge_clock::Timestamp;
use kogge_db::{Source, Tx};
use tokio::sync::OwnedMutexGuard;

use super::Identity;
use crate::error::Result;
use crate::model::{Change, Kind, Record};
use crate::snapshot::Snapshot;
use crate::store::{self, changes};

/// The state as it will be, and how it comes about. Reads like a [`Snapshot`] with the changes so far.
pub struct Draft {
    next: Snapshot,
    changes: Vec<Change>,
    /// The time of the write.
    pub(crate) now: Timestamp,
    version: i64,
    tx: Tx,
    // given back after the transaction is over
    _turn: OwnedMutexGuard<()>,
}

impl Deref for Draft {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.next
    }
}

impl Draft {
    /// Adds or replaces a record; answers it.
    pub(crate) fn put<T: Record>(&mut self, record: T) -> Arc<T>
    where
        Change: From<T>,
    {
        let row = Arc::new(record.clone());
        let change = Change::from(record);
        self.next.apply(&change);
        self.changes.push(change);
        row
    }

    /// Removes a record, if it is there.
    pub(crate) fn delete(&mut self, kind: Kind, id: &str) {
        let change = Change::Delete(kind, id.to_owned());
        self.next.apply(&change);
        self.changes.push(change);
    }
}

impl Identity {
    /// Opens a write on the newest state. No other write comes in between until it is published or dropped.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn draft(&self) -> Result<Draft> {
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        let mut tx = self.0.db.begin().await?;
        let version = store::next_version(&mut tx).await?;
        let current = self.snapshot();
        let next = if current.version + 1 == version {
            (*current).clone()
        } else {
            changes::catch_up(&mut (&mut tx).into(), &current, version - 1, self.0.opened).await?
        };
        let now = self.clock().now();
        Ok(Draft { next, changes: Vec::new(), now, version, tx, _turn: turn })
    }

    /// Commits what a draft changed, then makes it visible. Nothing happens where it changed nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn publish(&self, draft: Draft) -> Result<()> {
        let Draft { mut next, changes, version, mut tx, _turn, .. } = draft;
        next.settle();
        if changes.is_empty() {
            return Ok(tx.rollback().await?);
        }
        for change in &changes {
            store::write(&mut tx, change).await?;
        }
        // on SQLite nobody else writes
        if !self.0.db.is_sqlite() {
            changes::note(&mut tx, version, &changes).await?;
        }
        tx.commit().await?;
        next.version = version;
        self.0.state.store(Arc::new(next));
        Ok(())
    }

    /// Lets `decide` change the newest state; what it changed is committed, then visible. Nothing happens where it fails
    /// or changes nothing. Rules are checked in `decide`, so no other write comes in between.
    ///
    /// # Errors
    /// Those of `decide`, and of the database.
    pub(crate) async fn write<T>(&self, decide: impl FnOnce(&mut Draft) -> Result<T>) -> Result<T> {
        let mut draft = self.draft().await?;
        let answer = decide(&mut draft)?;
        self.publish(draft).await?;
        Ok(answer)
    }

    /// Reads what another process wrote; answers whether one did.
    ///
    /// # Errors
    /// Where the database cannot be read; the state stays as it was then.
    pub async fn refresh(&self) -> Result<bool> {
        let source: &mut Source<'_> = &mut (&self.0.db).into();
        let newest = store::version(&mut *source).await?;
        if newest == self.snapshot().version {
            return Ok(false);
        }
        let _turn = self.0.turn.lock().await;
        let known = self.snapshot();
        if newest <= known.version {
            return Ok(false);
        }
        let read = changes::catch_up(source, &known, newest, self.0.opened).await?;
        self.0.state.store(Arc::new(read));
        Ok(true)
    }
}
