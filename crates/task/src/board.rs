//! What is known of every task of a process: written by their runners, read by whoever wants to show it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kogge_clock::Clock;

use crate::status::Keys;
use crate::trouble::TroubleBook;
use crate::{KeyedTask, Outcome, Task, TaskStatus};

/// Longest pause of a runner after failures.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The states of all tasks, by name. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Board {
    states: Arc<Mutex<BTreeMap<&'static str, State>>>,
    clock: Clock,
}

/// The state of a task, with moments that no clock can turn back.
struct State {
    status: TaskStatus,
    /// When it last succeeded, was found to be another's work, or was started.
    well_at: Instant,
    /// Longest time that it may go without success.
    limit: Duration,
    /// A run is under way.
    running: bool,
    /// When its runner last began or ended something.
    moved_at: Instant,
    troubles: TroubleBook,
}

impl Board {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { states: Arc::default(), clock }
    }

    pub(crate) fn add(&self, task: &dyn Task, limit: Duration) {
        self.put(task.name(), task.period(), task.exclusive(), None, limit);
    }

    pub(crate) fn add_keyed(&self, task: &dyn KeyedTask, limit: Duration) {
        self.put(task.name(), task.period(), false, Some(Keys::default()), limit);
    }

    fn put(
        &self,
        name: &'static str,
        period: Duration,
        exclusive: bool,
        keys: Option<Keys>,
        limit: Duration,
    ) {
        let status = TaskStatus {
            name,
            period_seconds: period.as_secs(),
            exclusive,
            last: Outcome::Waiting,
            at: None,
            millis: 0,
            runs: 0,
            failures: 0,
            last_success: None,
            overdue: false,
            restarts: 0,
            keys,
            troubles: Vec::new(),
        };
        let (now, troubles) = (Instant::now(), TroubleBook::default());
        let state = State { status, well_at: now, limit, running: false, moved_at: now, troubles };
        self.locked().insert(name, state);
    }

    pub(crate) fn begun(&self, name: &'static str) {
        self.change(name, |state| state.running = true);
    }

    /// Notes how a run ended.
    pub(crate) fn ended(&self, name: &'static str, last: Outcome, took: Duration) {
        let now = self.clock.now();
        self.change(name, |state| {
            state.running = false;
            let status = &mut state.status;
            status.runs += u64::from(last != Outcome::Elsewhere);
            match last {
                Outcome::Failed { .. } => status.failures = status.failures.saturating_add(1),
                Outcome::Done { .. } => {
                    status.failures = 0;
                    status.last_success = Some(now);
                }
                Outcome::Elsewhere | Outcome::Waiting => status.failures = 0,
            }
            if !matches!(last, Outcome::Failed { .. }) {
                state.well_at = Instant::now();
            }
            status.last = last;
            status.at = Some(now);
            status.millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        });
    }

    /// Notes that the run of one key failed: the others may be well.
    pub(crate) fn key_failed(&self, name: &'static str, because: String, took: Duration) {
        let now = self.clock.now();
        self.change(name, |state| {
            let status = &mut state.status;
            status.runs += 1;
            status.last = Outcome::Failed { because };
            status.at = Some(now);
            status.millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        });
    }

    /// Notes how the keys of keyed work are.
    pub(crate) fn keys(&self, name: &'static str, keys: Keys) {
        self.change(name, |state| {
            state.status.failures = u32::try_from(keys.failing).unwrap_or(u32::MAX);
            state.status.keys = Some(keys);
        });
    }

    /// Notes that all is well though nothing was to be done.
    pub(crate) fn well(&self, name: &'static str) {
        let now = self.clock.now();
        self.change(name, |state| {
            state.well_at = Instant::now();
            state.status.runs += 1;
            state.status.last_success = Some(now);
            if matches!(state.status.last, Outcome::Waiting | Outcome::Failed { .. }) {
                state.status.last = Outcome::Done { seen: 0, done: 0 };
                state.status.at = Some(now);
            }
        });
    }

    /// Where the troubles of a task's items are noted.
    pub(crate) fn troubles(&self, name: &'static str) -> TroubleBook {
        self.locked().get(name).map(|state| state.troubles.clone()).unwrap_or_default()
    }

    /// Notes that the runner was replaced.
    pub(crate) fn restarted(&self, name: &'static str) {
        self.change(name, |state| {
            state.status.restarts += 1;
            state.running = false;
        });
    }

    /// True where the runner neither runs its task nor waits for the next run: it is stuck in between.
    pub(crate) fn is_stuck(&self, name: &'static str) -> bool {
        let states = self.locked();
        states
            .get(name)
            .is_some_and(|state| !state.running && state.moved_at.elapsed() > state.limit + LONGEST_PAUSE * 2)
    }

    pub(crate) fn failures(&self, name: &'static str) -> u32 {
        self.locked().get(name).map_or(0, |state| state.status.failures)
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> Vec<TaskStatus> {
        let shown = |state: &State| {
            let overdue = state.well_at.elapsed() > state.limit;
            TaskStatus { overdue, troubles: state.troubles.newest(), ..state.status.clone() }
        };
        self.locked().values().map(shown).collect()
    }

    fn change(&self, name: &'static str, change: impl FnOnce(&mut State)) {
        if let Some(state) = self.locked().get_mut(name) {
            state.moved_at = Instant::now();
            change(state);
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<&'static str, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
