//! The dispatcher of keyed work: who is to run, who runs, who pauses.
//!
//! ```text
//!   period ─▶ due()? ─┐                    ┌─▶ run a ─▶ fine: rests
//!   bell of a ────────┼─▶ wanted ─▶ ready ─┼─▶ run b ─▶ failed: pauses 1 s, 2 s … 60 s, then wanted
//!   bell of all ──────┘   (once a key)     └─▶ run c ─▶ hangs: ended, pauses
//! ```

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use kogge_db::Process;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::board::Board;
use crate::life::unsure;
use crate::queue::Queue;
use crate::runner::{chain, jittered, pause_after};
use crate::{KeyedTask, Outcome, Report, Rung, TaskError};

/// Most runs that are started at the same time. Those that wait for something slow do not count.
const AT_ONCE: usize = 256;
/// A run of this age waits for something slow.
const SLOW: Duration = Duration::from_millis(250);
/// How often the keys are shown while they move.
const SHOW: Duration = Duration::from_millis(100);
/// How long to wait where nothing may be run.
const MOMENT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) task: Arc<dyn KeyedTask>,
    pub(crate) process: Process,
    pub(crate) board: Board,
    pub(crate) stop: watch::Receiver<bool>,
}

/// How the run of a key ended.
struct Ended {
    key: String,
    result: Result<Report, TaskError>,
    took: Duration,
}

type Asking = Option<JoinHandle<Result<Vec<String>, TaskError>>>;

impl Dispatcher {
    /// Works until it is stopped.
    pub(crate) async fn run(self) {
        let bells = self.task.bells();
        let (mut queue, mut runs) = (Queue::default(), JoinSet::new());
        let mut stop = self.stop.clone();
        let mut asking: Asking = None;
        let mut ask_at = Instant::now();
        let mut shown: Option<Instant> = None;
        queue.want_all(self.task.keys());
        loop {
            let pause = self.start(&mut queue, &mut runs);
            let shows = queue.is_at_rest() || shown.is_none_or(|shown| shown.elapsed() >= SHOW);
            if shows {
                self.board.keys(self.task.name(), queue.status());
                shown = Some(Instant::now());
            }
            // while it is asked what is due there is nothing to ask
            let ask_in =
                if asking.is_some() { MOMENT } else { ask_at.saturating_duration_since(Instant::now()) };
            // what was not shown now is shown soon
            let wait = pause.min(ask_in).min(if shows { MOMENT * 5 } else { SHOW });
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some(ended) = runs.join_next() => {
                    if let Ok(ended) = ended {
                        self.ended(&mut queue, ended);
                    }
                }
                rung = bells.rung() => if self.heard(&mut queue, rung) {
                    ask_at = Instant::now();
                },
                answer = answered(&mut asking), if asking.is_some() => {
                    asking = None;
                    self.answered(&mut queue, answer);
                }
                () = tokio::time::sleep(wait) => {}
            }
            if asking.is_none() && ask_at <= Instant::now() {
                let task = Arc::clone(&self.task);
                asking = Some(tokio::spawn(async move { task.due().await }));
                ask_at = Instant::now() + jittered(self.task.period());
            }
        }
        if let Some(asking) = asking {
            asking.abort();
        }
        let ending = async { while runs.join_next().await.is_some() {} };
        // what is not done is done by the next process
        let _ = tokio::time::timeout(self.task.farewell(), ending).await;
    }

    /// Starts what is ready; answers how long there is nothing to start.
    fn start(&self, queue: &mut Queue, runs: &mut JoinSet<Ended>) -> Duration {
        let wait = queue.wake_paused();
        if queue.nothing_is_ready() {
            return wait;
        }
        if !self.process.is_sure() {
            return MOMENT;
        }
        while queue.running_younger_than(SLOW) < AT_ONCE {
            let Some(key) = queue.begin() else { return wait };
            runs.spawn(self.clone().one(key));
        }
        SLOW
    }

    /// The run of one key. A panic is a failed run; so is one that takes too long, and one of a process that may have
    /// been declared dead.
    async fn one(self, key: String) -> Ended {
        let started = Instant::now();
        let book = self.board.troubles(self.task.name());
        let limit = self.task.longest_run();
        let result = {
            let run = AssertUnwindSafe(book.during(self.task.run(&key))).catch_unwind();
            tokio::select! {
                ended = tokio::time::timeout(limit, run) => match ended {
                    Ok(Ok(result)) => result,
                    Ok(Err(_)) => Err(TaskError::text("it panicked")),
                    Err(_) => Err(TaskError::text(format!("it hung: no end after {} s", limit.as_secs()))),
                },
                () = unsure(&self.process) => {
                    Err(TaskError::text("this process may have been declared dead by another one"))
                }
            }
        };
        Ended { key, result, took: started.elapsed() }
    }

    fn ended(&self, queue: &mut Queue, ended: Ended) {
        let (name, Ended { key, result, took }) = (self.task.name(), ended);
        metrics::histogram!("kogge_task_seconds", "task" => name).record(took.as_secs_f64());
        match result {
            Ok(report) => {
                queue.done(&key, report.more);
                self.board.ended(name, Outcome::Done { seen: report.seen, done: report.done }, took);
            }
            Err(error) => {
                let because = chain(&error);
                metrics::counter!("kogge_task_failures_total", "task" => name).increment(1);
                let failures = queue.failed(&key, because.clone(), pause_after);
                if failures == 1 || failures.is_power_of_two() {
                    tracing::warn!(task = name, key, failures, error = %because, "work failed; it is tried again");
                }
                self.board.key_failed(name, format!("{key}: {because}"), took);
            }
        }
    }

    /// Takes in what was rung; true where it must be asked what is due.
    fn heard(&self, queue: &mut Queue, rung: Rung) -> bool {
        queue.want_all(rung.keys);
        queue.urge_all(rung.urgent);
        if !rung.all && !rung.urgent_all {
            return false;
        }
        let keys = self.task.keys();
        let unknown = keys.is_empty();
        if rung.urgent_all {
            queue.urge_all(keys);
        } else {
            queue.want_all(keys);
        }
        unknown
    }

    fn answered(&self, queue: &mut Queue, answer: Result<Vec<String>, TaskError>) {
        let name = self.task.name();
        match answer {
            Ok(keys) => {
                queue.want_all(keys);
                if !queue.has_failing() {
                    self.board.well(name);
                }
            }
            Err(error) => {
                let because = chain(&error);
                tracing::warn!(task = name, error = %because, "it could not be found out what is due");
                metrics::counter!("kogge_task_failures_total", "task" => name).increment(1);
                self.board.key_failed(name, because, Duration::ZERO);
            }
        }
    }
}

async fn answered(asking: &mut Asking) -> Result<Vec<String>, TaskError> {
    match asking {
        Some(asking) => {
            asking.await.unwrap_or_else(|error| Err(TaskError::text(format!("it panicked: {error}"))))
        }
        None => std::future::pending().await,
    }
}
