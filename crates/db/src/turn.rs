//! Whose turn it is to write on SQLite.
//!
//! There is one connection that writes. A task that has it and asks for it once more (`begin` inside `begin`, or a
//! statement on `&Db` inside a transaction) would wait for itself until it times out: that is a bug of ours, and it is
//! said after a moment instead of a minute. (Not at once: futures joined in one task may well wait for each other.)

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::Id;

use crate::{DbError, error::Outage};

/// How long a task that has its turn already may wait for another.
const MOMENT: Duration = Duration::from_secs(3);

/// Who writes now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<Option<Id>>>);

/// The right to write, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Turns);

impl Turns {
    /// Waits for `work`, which waits for the writing connection.
    pub(crate) async fn wait<T>(&self, work: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
        if tokio::task::try_id().is_none() || self.holder() != tokio::task::try_id() {
            return work.await;
        }
        let Ok(done) = tokio::time::timeout(MOMENT, work).await else {
            tracing::error!("a task waits for the transaction that it has open itself");
            return Err(DbError::out(Outage::Busy, "a transaction was begun inside another"));
        };
        done
    }

    /// Notes that this task writes from now on.
    pub(crate) fn take(&self) -> Turn {
        self.set(tokio::task::try_id());
        Turn(self.clone())
    }

    fn holder(&self) -> Option<Id> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, holder: Option<Id>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = holder;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.set(None);
    }
}
