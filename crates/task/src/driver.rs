//! Runs tasks, and watches their runners.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kogge_clock::Clock;
use kogge_db::Db;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use crate::board::Board;
use crate::runner::Runner;
use crate::{Task, TaskStatus};

/// How a driver runs.
#[derive(Clone)]
pub struct DriverOptions {
    /// Where leases are kept.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Name of this process among those that share the database.
    pub owner: String,
    /// A task without success for ten of its periods, but at least for so long, is overdue; a run of that length
    /// hangs, unless the task says that it may take longer.
    pub patience: Duration,
}

impl DriverOptions {
    /// With the usual patience of a minute.
    #[must_use]
    pub const fn new(db: Db, clock: Clock, owner: String) -> Self {
        Self { db, clock, owner, patience: Duration::from_secs(60) }
    }
}

/// The running tasks of a process. Stops them when dropped.
pub struct Driver {
    options: DriverOptions,
    board: Board,
    stop: watch::Sender<bool>,
    watching: JoinSet<()>,
    runners: Runners,
}

/// The runner of each task that runs now.
type Runners = Arc<Mutex<BTreeMap<&'static str, AbortHandle>>>;

/// Periods without success that are too many.
const PERIODS: u32 = 10;
/// How long a runner that died stays dead: one that dies at once must not spin.
const PAUSE: Duration = Duration::from_secs(1);

impl Driver {
    /// A driver without tasks.
    #[must_use]
    pub fn new(options: DriverOptions) -> Self {
        Self {
            board: Board::new(options.clock.clone()),
            options,
            stop: watch::Sender::new(false),
            watching: JoinSet::new(),
            runners: Runners::default(),
        }
    }

    /// Starts a task.
    pub fn start(&mut self, task: Arc<dyn Task>) {
        let limit = task.longest_run().max(task.period() * PERIODS).max(self.options.patience);
        self.board.add(&*task, limit);
        let runner = Runner {
            task,
            options: self.options.clone(),
            board: self.board.clone(),
            stop: self.stop.subscribe(),
            limit,
        };
        self.watching.spawn(watched(runner, Arc::clone(&self.runners)));
    }

    /// The state of every task, by name.
    #[must_use]
    pub fn status(&self) -> Vec<TaskStatus> {
        self.board.all()
    }

    /// A view of the state that outlives a borrow of the driver.
    pub fn status_view(&self) -> impl Fn() -> Vec<TaskStatus> + Send + Sync + Clone + 'static {
        let board = self.board.clone();
        move || board.all()
    }

    /// Ends the runner of a task as a fault would, for tests: it comes back by itself. False where none runs.
    pub fn kill(&self, task: &str) -> bool {
        let runners = self.runners.lock().unwrap_or_else(PoisonError::into_inner);
        runners.get(task).inspect(|runner| runner.abort()).is_some()
    }

    /// Lets the runs under way end, then stops all tasks.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.watching.join_next().await.is_some() {}
    }
}

/// How often a runner is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Keeps a runner running: whatever ends it but the order to stop, it is started again; one that is stuck is ended.
async fn watched(runner: Runner, runners: Runners) {
    let name = runner.task.name();
    let mut stop = runner.stop.clone();
    loop {
        let mut alive = JoinSet::new();
        let handle = alive.spawn(runner.clone().run());
        runners.lock().unwrap_or_else(PoisonError::into_inner).insert(name, handle);
        let ended = loop {
            tokio::select! {
                ended = alive.join_next() => break ended,
                () = tokio::time::sleep(LOOK) => {
                    if runner.board.is_stuck(name) {
                        alive.abort_all();
                    }
                }
            }
        };
        if *stop.borrow() {
            return;
        }
        let because = match ended {
            Some(Err(error)) => error.to_string(),
            _ => "it ended".to_owned(),
        };
        tracing::error!(task = name, because, "the runner of a task died; it is started again");
        metrics::counter!("kogge_task_restarts_total", "task" => name).increment(1);
        runner.board.restarted(name);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
