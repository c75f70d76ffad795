//! What `kogge tasks` shows.

use kogge_clock::Timestamp;
use serde::Serialize;

/// How the last run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It has not run yet.
    Waiting,
    /// It ran.
    Done {
        /// Things looked at.
        seen: u64,
        /// Things moved on.
        done: u64,
    },
    /// It failed.
    Failed {
        /// Why.
        because: String,
    },
    /// Another process holds the lease.
    Elsewhere,
}

/// The state of one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskStatus {
    /// Its name.
    pub name: &'static str,
    /// Seconds between runs.
    pub period_seconds: u64,
    /// Whether one of several processes runs it at a time, by a lease.
    pub exclusive: bool,
    /// How the last run ended.
    #[serde(flatten)]
    pub last: Outcome,
    /// When the last run ended; UTC.
    #[serde(serialize_with = "as_text")]
    pub at: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Runs since the start of the process.
    pub runs: u64,
    /// Failed runs in a row.
    pub failures: u32,
    /// When a run last succeeded; UTC.
    #[serde(serialize_with = "as_text")]
    pub last_success: Option<Timestamp>,
    /// No success for ten periods, nor did another process do it.
    pub overdue: bool,
    /// How often its runner died and was started again.
    pub restarts: u64,
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn as_text<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(Timestamp::seconds_z).serialize(serializer)
}

/// Under which name the right to run the task is kept among the leases.
#[must_use]
pub fn lease_of(task: &str) -> String {
    crate::runner::lease_name(task)
}
