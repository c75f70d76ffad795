//! `clear_quarantine`: what has been in quarantine for long enough is removed, little by little.
//!
//! Everything here errs towards keeping. Where more than half of a host's instances are in quarantine, it is the
//! database that is wrong and not they: then only an operator removes any. Otherwise a few go per hour, oldest first,
//! and none in the first hour after a start, so that there is time to see what happens and to stop it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::Timestamp;
use kogge_node_api::{Commanded, Quarantined};
use kogge_task::{Bells, KeyedTask, Report, TaskError};

use super::{PATIENCE, patiently, silent};
use crate::Compute;

/// Most removals per host and hour.
const MOST: usize = 3;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Clears the quarantine.
pub(super) struct ClearQuarantine {
    compute: Compute,
    started: Timestamp,
    /// When instances were removed, by host.
    removed: Mutex<BTreeMap<String, Vec<Timestamp>>>,
}

impl ClearQuarantine {
    pub(super) fn new(compute: Compute) -> Self {
        let started = compute.now();
        Self { compute, started, removed: Mutex::default() }
    }

    async fn clear(
        &self,
        host: &str,
        node: &Commanded,
        days: u32,
    ) -> Result<Report, kogge_node_api::NodeError> {
        let kept = patiently(host, PATIENCE, node.quarantine()).await?;
        let all = patiently(host, PATIENCE, node.observe()).await?.len();
        let now = self.compute.now();
        let mut report = Report { seen: kept.len() as u64, ..Report::default() };
        for one in due(&kept, all, now.minus(DAY.saturating_mul(days))).take(self.room(host, now)) {
            tracing::warn!(
                server.id = %one.id, host, because = one.note.because,
                "an instance was in quarantine for {days} days and is removed"
            );
            // counted before: a node that removes and does not answer must not lose more than this
            self.count(host, now);
            patiently(host, PATIENCE, node.discard(one.id)).await?;
            report.done += 1;
        }
        Ok(report)
    }

    /// How many more may be removed now.
    fn room(&self, host: &str, now: Timestamp) -> usize {
        if self.started.plus(HOUR) > now {
            return 0;
        }
        let mut removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        let last = removed.entry(host.to_owned()).or_default();
        last.retain(|at| at.plus(HOUR) > now);
        MOST.saturating_sub(last.len())
    }

    fn count(&self, host: &str, now: Timestamp) {
        let mut removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        removed.entry(host.to_owned()).or_default().push(now);
    }
}

/// What of `kept` (oldest first) may go: set aside before `limit`, and nothing where most of `all` are in quarantine.
fn due(kept: &[Quarantined], all: usize, limit: Timestamp) -> impl Iterator<Item = &Quarantined> {
    let too_many = kept.len().saturating_mul(2) > all;
    kept.iter().filter(move |one| !too_many && Timestamp::from_micros(one.note.since) <= limit)
}

#[async_trait]
impl KeyedTask for ClearQuarantine {
    kogge_task::named!("clear_quarantine", every 600 s);

    fn bells(&self) -> Bells {
        Bells::new()
    }

    async fn due(&self) -> Result<Vec<String>, TaskError> {
        Ok(if self.compute.config().quarantine_days == 0 { Vec::new() } else { self.compute.own_hosts() })
    }

    fn longest_run(&self) -> Duration {
        PATIENCE * 6
    }

    async fn run(&self, host: &str) -> Result<Report, TaskError> {
        let Ok(node) = self.compute.nodes().get(host) else { return Ok(Report::default()) };
        let days = self.compute.config().quarantine_days;
        self.clear(host, &node, days).await.map_err(silent)
    }
}
