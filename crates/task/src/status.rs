//! What `kogge tasks` shows.

use kogge_clock::Timestamp;
use serde::Serialize;

use crate::trouble::Trouble;

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

/// Keys of keyed work that are not at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Keys {
    /// How many run now.
    pub running: usize,
    /// How many wait for their turn.
    pub ready: usize,
    /// How many failed the last time.
    pub failing: usize,
    /// Those that fail, worst first, and those that have run for long; at most twenty.
    pub shown: Vec<KeyStatus>,
}

/// A key that is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyStatus {
    /// The key: the name of a host, the id of a server.
    pub key: String,
    /// Failed runs in a row.
    pub failures: u32,
    /// Why the last one failed; empty where none did.
    pub because: String,
    /// For how long it has run, where it runs.
    pub running_seconds: Option<u64>,
    /// When it is tried again, where it pauses.
    pub retry_seconds: Option<u64>,
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
    /// Failed runs in a row; of keyed work, keys that fail.
    pub failures: u32,
    /// When a run last succeeded; UTC.
    #[serde(serialize_with = "as_text")]
    pub last_success: Option<Timestamp>,
    /// No success for ten periods, nor did another process do it.
    pub overdue: bool,
    /// How often its runner died and was started again.
    pub restarts: u64,
    /// Of keyed work: its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// Items that went wrong lately, newest first; no run failed for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn as_text<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(Timestamp::seconds_z).serialize(serializer)
}
