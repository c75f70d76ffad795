//! Runs tasks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kogge_clock::Clock;
use kogge_db::Db;
use rand::Rng;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Outcome, Report, Task, TaskError, TaskStatus};

/// How a driver runs.
#[derive(Clone)]
pub struct DriverOptions {
    /// Where leases are kept.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Name of this process among those that share the database.
    pub owner: String,
}

type Board = Arc<Mutex<BTreeMap<&'static str, TaskStatus>>>;

/// The running tasks of a process. Stops them when dropped.
pub struct Driver {
    options: DriverOptions,
    board: Board,
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

/// How long a lease lives without renewal.
const LEASE: Duration = Duration::from_secs(30);
/// Longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Driver {
    /// A driver without tasks.
    #[must_use]
    pub fn new(options: DriverOptions) -> Self {
        Self { options, board: Board::default(), stop: watch::Sender::new(false), running: JoinSet::new() }
    }

    /// Starts a task.
    pub fn start(&mut self, task: Arc<dyn Task>) {
        let status = TaskStatus {
            name: task.name(),
            period_seconds: task.period().as_secs(),
            last: Outcome::Waiting,
            at: None,
            millis: 0,
            runs: 0,
            failures: 0,
        };
        locked(&self.board).insert(task.name(), status);
        let runner = Runner {
            task,
            options: self.options.clone(),
            board: Arc::clone(&self.board),
            stop: self.stop.subscribe(),
            failures: 0,
        };
        self.running.spawn(runner.run());
    }

    /// The state of every task, by name.
    #[must_use]
    pub fn status(&self) -> Vec<TaskStatus> {
        locked(&self.board).values().cloned().collect()
    }

    /// A view of the state that outlives a borrow of the driver.
    pub fn status_view(&self) -> impl Fn() -> Vec<TaskStatus> + Send + Sync + Clone + 'static {
        let board = Arc::clone(&self.board);
        move || locked(&board).values().cloned().collect()
    }

    /// Lets the runs under way end, then stops all tasks.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.running.join_next().await.is_some() {}
    }
}

fn locked(board: &Board) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, TaskStatus>> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Runner {
    task: Arc<dyn Task>,
    options: DriverOptions,
    board: Board,
    stop: watch::Receiver<bool>,
    failures: u32,
}

impl Runner {
    async fn run(mut self) {
        let wake = self.task.wake();
        loop {
            let pause = self.once().await;
            let mut stop = self.stop.clone();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                // a failing task waits its pause out: a bell that keeps ringing must not make it spin
                () = tokio::time::sleep(pause) => {}
                () = wake.rung(), if self.failures == 0 => {}
            }
        }
    }

    /// One run; answers how long to wait for the next.
    async fn once(&mut self) -> Duration {
        if self.task.exclusive() && !self.holds_lease().await {
            self.note(Outcome::Elsewhere, Duration::ZERO);
            return jittered(self.task.period().min(LEASE));
        }
        let started = Instant::now();
        let result = self.guarded().await;
        let took = started.elapsed();
        metrics::histogram!("kogge_task_seconds", "task" => self.task.name()).record(took.as_secs_f64());
        match result {
            Ok(report) => {
                self.failures = 0;
                self.note(Outcome::Done { seen: report.seen, done: report.done }, took);
                if report.more { Duration::ZERO } else { jittered(self.task.period()) }
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                let because = chain(&error);
                tracing::warn!(task = self.task.name(), error = %because, "task failed");
                metrics::counter!("kogge_task_failures_total", "task" => self.task.name()).increment(1);
                self.note(Outcome::Failed { because }, took);
                pause_after(self.failures)
            }
        }
    }

    /// Runs the task while its lease is renewed; a panic is a failed run.
    async fn guarded(&self) -> Result<Report, TaskError> {
        let task = Arc::clone(&self.task);
        let mut run = tokio::spawn(async move { task.run().await });
        loop {
            tokio::select! {
                ended = &mut run => {
                    return ended.unwrap_or_else(|error| Err(TaskError::text(format!("it panicked: {error}"))));
                }
                () = tokio::time::sleep(LEASE / 3), if self.task.exclusive() => {
                    self.holds_lease().await;
                }
            }
        }
    }

    async fn holds_lease(&self) -> bool {
        let DriverOptions { db, clock, owner } = &self.options;
        let name = format!("task/{}", self.task.name());
        match db.lease(&name, owner, LEASE, clock).await {
            Ok(lease) => lease.is_some(),
            Err(error) => {
                tracing::warn!(task = self.task.name(), %error, "the lease could not be asked for");
                false
            }
        }
    }

    fn note(&self, last: Outcome, took: Duration) {
        if let Some(status) = locked(&self.board).get_mut(self.task.name()) {
            status.runs += u64::from(last != Outcome::Elsewhere);
            status.failures = self.failures;
            status.last = last;
            status.at = Some(self.options.clock.now());
            status.millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        }
    }
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
