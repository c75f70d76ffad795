//! The runner of one task: period, bell, lease, one run after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::board::Board;
use crate::driver::DriverOptions;
use crate::{Outcome, Report, Task, TaskError};

/// How long a lease lives without renewal.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// Longest pause after failures.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a run that was aborted may take to notice.
const FAREWELL: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) task: Arc<dyn Task>,
    pub(crate) options: DriverOptions,
    pub(crate) board: Board,
    pub(crate) stop: watch::Receiver<bool>,
    /// Longest time of one run.
    pub(crate) limit: Duration,
}

/// Whether this process may run the task now.
enum Lease {
    Held,
    Elsewhere,
    Unknown(String),
}

/// A run that goes with its runner.
struct Run(JoinHandle<Result<Report, TaskError>>);

impl Drop for Run {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Runner {
    /// Runs the task until it is stopped.
    pub(crate) async fn run(self) {
        let wake = self.task.wake();
        loop {
            let pause = self.once().await;
            let failing = self.board.failures(self.task.name()) > 0;
            let mut stop = self.stop.clone();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                // a failing task waits its pause out: a bell that keeps ringing must not make it spin
                () = tokio::time::sleep(pause) => {}
                () = wake.rung(), if !failing => {}
            }
        }
    }

    /// One run; answers how long to wait for the next.
    async fn once(&self) -> Duration {
        let name = self.task.name();
        if self.task.exclusive() {
            match self.lease().await {
                Lease::Held => {}
                Lease::Elsewhere => {
                    self.board.ended(name, Outcome::Elsewhere, Duration::ZERO);
                    return jittered(self.task.period().min(LEASE));
                }
                Lease::Unknown(because) => {
                    let because = format!("the lease could not be asked for: {because}");
                    return self.failed(because, Duration::ZERO);
                }
            }
        }
        let started = Instant::now();
        self.board.begun(name);
        let result = self.guarded().await;
        let took = started.elapsed();
        metrics::histogram!("kogge_task_seconds", "task" => name).record(took.as_secs_f64());
        match result {
            Ok(report) => {
                self.board.ended(name, Outcome::Done { seen: report.seen, done: report.done }, took);
                if report.more { Duration::ZERO } else { jittered(self.task.period()) }
            }
            Err(error) => self.failed(chain(&error), took),
        }
    }

    fn failed(&self, because: String, took: Duration) -> Duration {
        let name = self.task.name();
        tracing::warn!(task = name, error = %because, "task failed");
        metrics::counter!("kogge_task_failures_total", "task" => name).increment(1);
        self.board.ended(name, Outcome::Failed { because }, took);
        pause_after(self.board.failures(name))
    }

    /// Runs the task while its lease is renewed. A panic is a failed run; so is one that takes too long, or whose
    /// lease another process has taken: it is aborted.
    async fn guarded(&self) -> Result<Report, TaskError> {
        let task = Arc::clone(&self.task);
        let mut run = Run(tokio::spawn(async move { task.run().await }));
        let deadline = tokio::time::sleep(self.limit);
        tokio::pin!(deadline);
        let mut held_at = Instant::now();
        let because = loop {
            tokio::select! {
                ended = &mut run.0 => {
                    return ended.unwrap_or_else(|error| Err(TaskError::text(format!("it panicked: {error}"))));
                }
                () = &mut deadline => break format!("it hung: no end after {} s", self.limit.as_secs()),
                () = tokio::time::sleep(LEASE / 3), if self.task.exclusive() => match self.lease().await {
                    Lease::Held => held_at = Instant::now(),
                    Lease::Elsewhere => break "another process took its lease".to_owned(),
                    Lease::Unknown(_) if held_at.elapsed() < LEASE => {}
                    Lease::Unknown(because) => break format!("its lease ran out: {because}"),
                },
            }
        };
        self.abort(run).await;
        Err(TaskError::text(because))
    }

    /// Ends a run. One that does not let itself be ended holds its thread: a second beside it could undo what it does,
    /// so it is waited for, and the board shows the task as overdue.
    async fn abort(&self, mut run: Run) {
        run.0.abort();
        if tokio::time::timeout(FAREWELL, &mut run.0).await.is_err() {
            tracing::error!(task = self.task.name(), "a run that hangs cannot be ended; it is waited for");
            let _ = (&mut run.0).await;
        }
    }

    async fn lease(&self) -> Lease {
        let DriverOptions { db, clock, owner, .. } = &self.options;
        match db.lease(&lease_name(self.task.name()), owner, LEASE, clock).await {
            Ok(Some(_)) => Lease::Held,
            Ok(None) => Lease::Elsewhere,
            Err(error) => Lease::Unknown(error.to_string()),
        }
    }
}

/// Under which name the right to run a task is kept.
pub(crate) fn lease_name(task: &str) -> String {
    format!("task/{task}")
}

fn chain(error: &TaskError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// 1 s, 2 s, 4 s … with jitter, at most a minute.
fn pause_after(failures: u32) -> Duration {
    jittered(Duration::from_secs(1 << failures.saturating_sub(1).min(6)).min(LONGEST_PAUSE))
}

/// Up to a fifth less or more, so that many processes do not run in step.
fn jittered(period: Duration) -> Duration {
    period.mul_f64(rand::rng().random_range(0.8..1.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stop_growing() {
        assert!(pause_after(1) < Duration::from_millis(1300));
        assert!(pause_after(100) <= LONGEST_PAUSE.mul_f64(1.2));
    }
}
