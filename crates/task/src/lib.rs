//! Background tasks: one mechanism for everything that happens behind the requests.
//!
//! A [`Task`] does a small, idempotent piece of work and reports what it did. The [`Driver`] runs it every period,
//! and at once when its [`Wake`] is rung; a wake-up carries no data, the task reads the database again, so a lost
//! wake-up costs one period and never correctness. There are no retries inside of a task: it fails, says why, and is
//! run again after a pause that grows. With several processes on one database a lease lets one of them run it.
//!
//! Work that touches many things is keyed by them ([`KeyedTask`]): each host, or each server, has a queue, a time-out
//! and a pause of its own, and none waits for another. What goes wrong with one item of a run is that item's trouble
//! ([`trouble`]): the run goes on.
//!
//! Runners are watched: one that dies is started again; a run that hangs, or whose lease is lost, is aborted; a task
//! that has not succeeded for ten periods is overdue, which [`TaskStatus`] tells whoever asks whether the cloud is well.
//!
//! ```text
//!   period ─┐
//!   wake  ──┼─▶ lease? ─▶ run ─▶ report ─▶ status (`kogge tasks`), metrics
//!   stop  ──┘      no: wait        error: pause 1 s, 2 s … 60 s
//! ```

mod bells;
mod board;
mod dispatch;
mod driver;
mod exchange;
mod gather;
mod keyed;
mod life;
mod queue;
mod runner;
mod status;
mod trouble;
mod wake;

pub use bells::{Bells, Rung};
pub use driver::{Driver, DriverOptions};
pub use gather::Gather;
pub use keyed::KeyedTask;
pub use life::lease_of;
pub use status::{KeyStatus, Keys, Outcome, TaskStatus};
pub use trouble::{Trouble, trouble};
pub use wake::Wake;

use std::time::Duration;

use async_trait::async_trait;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Things that were looked at.
    pub seen: u64,
    /// Things that were moved on.
    pub done: u64,
    /// Run again at once: there was more than one run takes.
    pub more: bool,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TaskError(pub String, #[source] pub Option<Box<dyn std::error::Error + Send + Sync>>);

impl TaskError {
    /// From a plain text.
    pub fn text(because: impl Into<String>) -> Self {
        Self(because.into(), None)
    }
}

impl From<kogge_db::DbError> for TaskError {
    fn from(error: kogge_db::DbError) -> Self {
        Self("the database failed".to_owned(), Some(Box::new(error)))
    }
}

/// The name of a task, and how often it runs without being woken: `kogge_task::named!("reap_servers", every 5 s);` among
/// the functions of a [`Task`] or [`KeyedTask`].
#[macro_export]
macro_rules! named {
    ($name:literal, every $seconds:literal s) => {
        fn name(&self) -> &'static str {
            $name
        }

        fn period(&self) -> std::time::Duration {
            std::time::Duration::from_secs($seconds)
        }
    };
}

/// A piece of background work.
#[async_trait]
pub trait Task: Send + Sync {
    /// A verb phrase, unique in the cloud: `converge_servers`.
    fn name(&self) -> &'static str;

    /// How often it runs without being woken.
    fn period(&self) -> Duration;

    /// What wakes it.
    fn wake(&self) -> Wake;

    /// True where only one of several processes may run it at a time.
    fn exclusive(&self) -> bool {
        true
    }

    /// Longest time that one run may take where that is more than ten periods: then it hangs, and is aborted.
    fn longest_run(&self) -> Duration {
        Duration::ZERO
    }

    /// Does the work.
    async fn run(&self) -> Result<Report, TaskError>;
}
