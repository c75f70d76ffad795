//! Work that is keyed by what it touches.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Bells, Report, Rung, TaskError};

/// Background work of which every key (a host, a server) has its own: its own bell, time-out and pause after failures.
/// A key that hangs or fails costs the others nothing. Runs of one key never overlap.
///
/// A run may be ended at every `.await` (it took too long, the process stops or is not sure any more that it lives):
/// what it did until then must be all right as it is.
#[async_trait]
pub trait KeyedTask: Send + Sync {
    /// A verb phrase, unique in the cloud: `converge_servers`.
    fn name(&self) -> &'static str;

    /// How often [`KeyedTask::due`] is asked.
    fn period(&self) -> Duration;

    /// What rings for a key.
    fn bells(&self) -> Bells;

    /// All keys that this process works for, from memory: they are run at the start and when all are rung. Where keys
    /// are found in the database only, it is none, and [`KeyedTask::due`] is asked instead.
    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// The keys with something to do now: one question for all.
    async fn due(&self) -> Result<Vec<String>, TaskError>;

    /// Longest time of one run.
    fn longest_run(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// How long a run that is under way may go on when the process stops.
    fn farewell(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// Another process rang: what is remembered of these keys may be old.
    fn rung_elsewhere(&self, _rung: &Rung) {}

    /// Does the work of one key; of one that is not there any more, nothing.
    async fn run(&self, key: &str) -> Result<Report, TaskError>;
}
