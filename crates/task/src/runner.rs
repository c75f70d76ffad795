//! The runner of one task: period, bell, lease, one run after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kogge_db::{Grant, Lease, Process};
use rand::Rng;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::board::{Board, LONGEST_PAUSE};
use crate::life::{lease_of, lost};
use crate::{Outcome, Report, Task, TaskError};

/// How long a run that was aborted may take to notice.
const FAREWELL: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) task: Arc<dyn Task>,
    pub(crate) process: Process,
    pub(crate) board: Board,
    pub(crate) stop: watch::Receiver<bool>,
    /// Longest time of one run.
    pub(crate) limit: Duration,
}

/// How long a task that another process runs is left to it before it is asked for again.
const ELSEWHERE: Duration = Duration::from_secs(30);
/// After so many failures in a row another process may try.
const TOO_MANY: u32 = 3;

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
        let grant = match self.grant().await {
            Ok(Some(grant)) => Some(grant),
            Ok(None) if self.task.exclusive() => {
                self.board.ended(name, Outcome::Elsewhere, Duration::ZERO);
                return jittered(self.task.period().min(ELSEWHERE));
            }
            Ok(None) => None,
            Err(because) => {
                let because = format!("the lease could not be asked for: {because}");
                return self.failed(because, Duration::ZERO);
            }
        };
        let started = Instant::now();
        self.board.begun(name);
        let result = self.guarded(grant.as_ref()).await;
        let took = started.elapsed();
        metrics::histogram!("kogge_task_seconds", "task" => name).record(took.as_secs_f64());
        match result {
            Ok(report) => {
                self.board.ended(name, Outcome::Done { seen: report.seen, done: report.done }, took);
                if report.more { Duration::ZERO } else { jittered(self.task.period()) }
            }
            Err(error) => {
                let pause = self.failed(chain(&error), took);
                if let Some(grant) = grant.filter(|_| self.board.failures(name) >= TOO_MANY) {
                    self.give_up(&grant).await;
                }
                pause
            }
        }
    }

    fn failed(&self, because: String, took: Duration) -> Duration {
        let name = self.task.name();
        tracing::warn!(task = name, error = %because, "task failed");
        metrics::counter!("kogge_task_failures_total", "task" => name).increment(1);
        self.board.ended(name, Outcome::Failed { because }, took);
        pause_after(self.board.failures(name))
    }

    /// Runs the task while its lease holds. A panic is a failed run; so is one that takes too long, or whose lease may
    /// be another process's: it is aborted.
    async fn guarded(&self, grant: Option<&Grant>) -> Result<Report, TaskError> {
        let (task, book) = (Arc::clone(&self.task), self.board.troubles(self.task.name()));
        let mut run = Run(tokio::spawn(async move { book.during(task.run()).await }));
        let ungranted = async {
            match grant {
                Some(grant) => lost(&self.process, grant).await,
                None => std::future::pending().await,
            }
        };
        let because = tokio::select! {
            ended = &mut run.0 => {
                return ended.unwrap_or_else(|error| Err(TaskError::text(format!("it panicked: {error}"))));
            }
            () = tokio::time::sleep(self.limit) => format!("it hung: no end after {} s", self.limit.as_secs()),
            () = ungranted => "its lease may be another process's: this one was late to say that it lives".to_owned(),
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

    /// The right to run the task; none where another process has it, and where none is needed.
    async fn grant(&self) -> Result<Option<Grant>, kogge_db::DbError> {
        if !self.task.exclusive() {
            return Ok(None);
        }
        let lease = self.process.lease(&lease_of(self.task.name())).await?;
        Ok(match lease {
            Lease::Held(grant) if self.process.holds(&grant) => Some(grant),
            Lease::Held(_) | Lease::Elsewhere { .. } => None,
        })
    }

    /// What fails here again and again may go well elsewhere.
    async fn give_up(&self, grant: &Grant) {
        if let Err(error) = self.process.release(grant).await {
            tracing::warn!(task = self.task.name(), %error, "a lease could not be given back");
        }
    }
}

pub(crate) fn chain(error: &TaskError) -> String {
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
pub(crate) fn pause_after(failures: u32) -> Duration {
    jittered(Duration::from_secs(1 << failures.saturating_sub(1).min(6)).min(LONGEST_PAUSE))
}

/// Up to a fifth less or more, so that many processes do not run in step.
pub(crate) fn jittered(period: Duration) -> Duration {
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
