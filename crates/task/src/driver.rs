//! Runs tasks, and watches their runners.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use kogge_db::Process;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use crate::board::Board;
use crate::dispatch::Dispatcher;
use crate::exchange::Exchange;
use crate::life::beat;
use crate::runner::Runner;
use crate::{KeyedTask, Task, TaskStatus};

/// How a driver runs.
#[derive(Clone)]
pub struct DriverOptions {
    /// This process among those that share the database.
    pub process: Process,
    /// A task without success for ten of its periods, but at least for so long, is overdue; a run of that length
    /// hangs, unless the task says that it may take longer.
    pub patience: Duration,
}

impl DriverOptions {
    /// With the usual patience of a minute.
    #[must_use]
    pub const fn new(process: Process) -> Self {
        Self { process, patience: Duration::from_secs(60) }
    }
}

/// The running tasks of a process, which it keeps alive among the others. Stops them when dropped.
pub struct Driver {
    options: DriverOptions,
    board: Board,
    stop: watch::Sender<bool>,
    watching: JoinSet<()>,
    runners: Runners,
    exchange: Exchange,
}

/// The runner of each task that runs now.
type Runners = Arc<Mutex<BTreeMap<&'static str, AbortHandle>>>;

/// Periods without success that are too many.
const PERIODS: u32 = 10;
/// How long a runner that died stays dead: one that dies at once must not spin.
const PAUSE: Duration = Duration::from_secs(1);
/// How long runs that are under way may go on when all is stopped.
const FAREWELL: Duration = Duration::from_secs(10);

impl Driver {
    /// A driver without tasks. It says from now on that the process lives.
    #[must_use]
    pub fn new(options: DriverOptions) -> Self {
        let (stop, mut watching) = (watch::Sender::new(false), JoinSet::new());
        watching.spawn(beat(options.process.clone(), stop.subscribe()));
        Self {
            board: Board::new(options.process.clock().clone()),
            options,
            stop,
            watching,
            runners: Runners::default(),
            exchange: Exchange::default(),
        }
    }

    /// Starts a task.
    pub fn start(&mut self, task: Arc<dyn Task>) {
        let limit = task.longest_run().max(task.period() * PERIODS).max(self.options.patience);
        let name = task.name();
        self.exchange.add(&task);
        self.board.add(&*task, limit);
        let runner = Runner {
            task,
            process: self.options.process.clone(),
            board: self.board.clone(),
            stop: self.stop.subscribe(),
            limit,
        };
        self.watch(name, move || Box::pin(runner.clone().run()));
    }

    /// Starts keyed work.
    pub fn start_keyed(&mut self, task: Arc<dyn KeyedTask>) {
        let limit = task.longest_run().max(task.period() * PERIODS).max(self.options.patience);
        let name = task.name();
        self.exchange.add_keyed(&task);
        self.board.add_keyed(&*task, limit);
        let dispatcher = Dispatcher {
            task,
            process: self.options.process.clone(),
            board: self.board.clone(),
            stop: self.stop.subscribe(),
        };
        self.watch(name, move || Box::pin(dispatcher.clone().run()));
    }

    /// Lets the bells of all tasks that were started be heard in the other processes, and theirs here. `channel` is the
    /// same in all processes of one cloud, and in those of no other. Nothing happens where the database is a file.
    pub fn share_bells(&mut self, channel: &str) {
        let process = &self.options.process;
        if process.db().is_sqlite() {
            return;
        }
        let (way, rings) = mpsc::unbounded_channel();
        self.exchange.open(&way);
        let (db, me) = (process.db().clone(), process.name().to_owned());
        let (exchange, channel) = (self.exchange.clone(), channel.to_owned());
        let saying = exchange.clone().say(db.clone(), channel.clone(), me.clone(), rings);
        let hearing = exchange.hear(db, channel, me);
        let mut stop = self.stop.subscribe();
        self.watching.spawn(async move {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = saying => {}
                () = hearing => {}
            }
        });
    }

    fn watch(&mut self, name: &'static str, run: impl Fn() -> BoxFuture<'static, ()> + Send + 'static) {
        let watched = Watched {
            name,
            board: self.board.clone(),
            stop: self.stop.subscribe(),
            runners: Arc::clone(&self.runners),
        };
        self.watching.spawn(watched.keep_running(run));
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

    /// Stops all tasks. Runs under way may end within a few seconds; what they leave undone is done by the next process,
    /// as after a crash.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let ending = async { while self.watching.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, ending).await.is_err() {
            tracing::warn!("a task did not end in time and is left off; it goes on with the next start");
        }
        // what is left goes with the driver
    }
}

/// How often a runner is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// A runner that is kept running.
struct Watched {
    name: &'static str,
    board: Board,
    stop: watch::Receiver<bool>,
    runners: Runners,
}

impl Watched {
    /// Whatever ends it but the order to stop, it is started again; one that is stuck is ended.
    async fn keep_running(self, run: impl Fn() -> BoxFuture<'static, ()> + Send + 'static) {
        let Self { name, board, mut stop, runners } = self;
        loop {
            let mut alive = JoinSet::new();
            let handle = alive.spawn(run());
            runners.lock().unwrap_or_else(PoisonError::into_inner).insert(name, handle);
            let ended = loop {
                tokio::select! {
                    ended = alive.join_next() => break ended,
                    () = tokio::time::sleep(LOOK) => {
                        if board.is_stuck(name) {
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
            board.restarted(name);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}
