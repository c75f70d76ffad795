//! The actor of one instance: the task that alone owns its record and its process.

mod command;
mod guest;
mod plug;
mod upkeep;
mod view;
mod volume;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kogge_ids::ServerId;
use kogge_node_api::{NodeError, ObservedInstance, Power};
use kogge_qemu::{FoundGuest, RunState};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

pub(crate) use command::{Command, Export, Handle};
use guest::Guest;
pub(crate) use work::Done;
use work::{Doing, Work};

use crate::host::Host;
use crate::keys::Keys;
use crate::nics::Nics;
use crate::record::Record;
use crate::step::{self, Step, Why};
use crate::volumes::Volumes;

/// How often logs are cut and the guest is looked at without any event.
const TICK: Duration = Duration::from_secs(5);
/// Waiting time after the first failure; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Waiting time for something that is not ours, such as a port. We are woken when networking changes.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(2);
/// The longest waiting time.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One instance.
pub(crate) struct Actor {
    host: Arc<Host>,
    id: ServerId,
    dir: PathBuf,
    record: Record,
    /// The guest's administrator's password, until it is on the config drive. In memory only.
    secret: Option<String>,
    guest: Guest,
    /// What the guest did when we looked last.
    state: RunState,
    /// What is known of its network interfaces.
    nics: Nics,
    /// What is known of its volumes.
    volumes: Volumes,
    /// The passphrases of its volumes. In memory only.
    keys: Keys,
    /// Whoever commands this host spoke of the instance since the agent started. Until then it may be elsewhere, with its
    /// volumes.
    told: bool,
    /// Why the last step failed.
    fault: Option<NodeError>,
    failures: u32,
    retry_at: Option<Instant>,
    /// True from taking down to starting again, when the guest counts as running.
    rebooting: bool,
    work: Option<(Doing, Work)>,
    exports: Vec<Export>,
    commands: mpsc::Receiver<Command>,
    observed: watch::Sender<ObservedInstance>,
}

/// Why the actor woke up.
enum Woken {
    Command(Option<Command>),
    Work(Result<Done, NodeError>),
    Guest,
    Tick,
    Retry,
}

/// Whether the actor goes on.
#[derive(PartialEq, Eq)]
enum Course {
    Goes,
    Ends,
}

impl Actor {
    /// Starts the actor of the instance of `record`, whose process is `found` if one runs. `on_end` is called when
    /// nothing is left of the instance.
    pub(crate) fn spawn(
        host: Arc<Host>,
        record: Record,
        found: Option<FoundGuest>,
        on_end: impl FnOnce() + Send + 'static,
    ) -> Handle {
        let (sender, commands) = mpsc::channel(32);
        let id = record.desired.id;
        host.book.write(record.desired.metadata.clone());
        let (observed, watching) = watch::channel(view::of_record(&record));
        let actor = Self {
            dir: host.layout.instance(id),
            host,
            id,
            record,
            secret: None,
            guest: Guest::Absent,
            state: RunState::Running,
            nics: Nics::default(),
            volumes: Volumes::default(),
            keys: Keys::default(),
            told: false,
            fault: None,
            failures: 0,
            retry_at: None,
            rebooting: false,
            work: None,
            exports: Vec::new(),
            commands,
            observed,
        };
        let task = tokio::spawn(async move {
            if Box::pin(actor.run(found)).await {
                on_end();
            }
        });
        Handle::new(sender, watching, task)
    }

    /// Works until the instance is destroyed (true) or the agent ends (false).
    async fn run(mut self, found: Option<FoundGuest>) -> bool {
        self.take_up(found).await;
        self.proceed().await;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let course = match self.wait(&mut tick).await {
                Woken::Command(command) => self.obey(command).await,
                Woken::Work(Ok(Done::Destroyed)) => return true,
                Woken::Work(result) => {
                    self.work = None;
                    self.finish(result).await;
                    Course::Goes
                }
                Woken::Guest => {
                    self.look().await;
                    Course::Goes
                }
                Woken::Tick => {
                    self.keep_up().await;
                    Course::Goes
                }
                Woken::Retry => {
                    self.retry_at = None;
                    Course::Goes
                }
            };
            if course == Course::Ends {
                return false;
            }
            self.proceed().await;
        }
    }

    async fn wait(&mut self, tick: &mut tokio::time::Interval) -> Woken {
        let busy = self.work.is_some();
        let retry = self.retry_at.filter(|_| !busy);
        tokio::select! {
            command = self.commands.recv() => Woken::Command(command),
            result = work::progress(&mut self.work), if busy => Woken::Work(result),
            () = self.guest.stirs(), if !busy => Woken::Guest,
            () = tokio::time::sleep_until(retry.unwrap_or_else(Instant::now)), if retry.is_some() => Woken::Retry,
            _ = tick.tick() => Woken::Tick,
        }
    }

    /// Does what is to be done next, if nothing is under way, and tells what is.
    async fn proceed(&mut self) {
        let gives_up = self.work.as_ref().is_some_and(|(doing, _)| doing.gives_up(&self.record));
        if gives_up {
            // dropping the future kills tools that run and processes that only start
            self.work = None;
        }
        if self.work.is_none() {
            self.choose().await;
        }
        self.publish();
    }

    async fn choose(&mut self) {
        if !self.record.removing && self.begin_export() {
            return;
        }
        if self.retry_at.is_some() {
            return;
        }
        let state = match self.guest {
            Guest::Absent => None,
            Guest::Held(..) => Some(self.state),
            Guest::Lost(..) if self.record.removing => None,
            Guest::Lost(..) => return self.end_lost().await,
        };
        let result = match step::next(&self.record, state, self.next_plug()) {
            Step::Settled => self.settle().await,
            Step::AtRest => Ok(()),
            step if step.waits() => Ok(()),
            step => self.begin(step).await,
        };
        if let Err(error) = result {
            self.fail(error);
        }
    }

    /// Everything is as desired: writes it down.
    async fn settle(&mut self) -> Result<(), NodeError> {
        self.rebooting = false;
        if self.record.desired.power == Power::Stopped {
            self.forget_memory().await?;
        }
        let before = self.record.clone();
        self.record.reached = self.record.desired.generation;
        self.record.count_reboots();
        self.record.rest = None;
        self.record.deferred = match self.guest {
            Guest::Held(..) => self.deferred(),
            Guest::Absent | Guest::Lost(..) => None,
        };
        if let Some(run) = &mut self.record.run {
            run.ending = false;
        }
        if self.record != before {
            self.save().await?;
        }
        self.succeed();
        Ok(())
    }

    fn succeed(&mut self) {
        self.fault = None;
        self.failures = 0;
        self.retry_at = None;
    }

    /// Remembers why a step failed and waits before the next try; not for ever, unless trying again is no use.
    fn fail(&mut self, error: NodeError) {
        let wait = if matches!(error, NodeError::NotYet { .. }) {
            tracing::debug!(server.id = %self.id, %error, "a step on an instance has to wait");
            WAIT_FOR_OTHERS
        } else {
            tracing::warn!(server.id = %self.id, %error, "a step on an instance failed");
            self.failures = self.failures.saturating_add(1);
            FIRST_WAIT.saturating_mul(1 << (self.failures - 1).min(10)).min(LONGEST_WAIT)
        };
        // a final error waits for another desired state, but a removal always goes on
        let never = error.is_final() && !self.record.removing;
        let wait = if never { Duration::from_secs(365 * 24 * 3600) } else { wait };
        self.retry_at = Some(Instant::now() + wait);
        self.fault = Some(error);
        self.rebooting = false;
    }

    /// Writes the record, as it is now, durably.
    fn save(&self) -> impl Future<Output = Result<(), NodeError>> + Send + use<> {
        let (record, dir) = (self.record.clone(), self.dir.clone());
        let saving = tokio::task::spawn_blocking(move || record.save(&dir));
        async move {
            let failed = |error| NodeError::failed("saving the instance's record", error);
            saving.await.map_err(failed)?
        }
    }

    fn publish(&self) {
        let now = self.view();
        let changed = self.observed.send_if_modified(|before| {
            let differs = *before != now;
            *before = now;
            differs
        });
        if changed {
            self.host.journal.note(self.id);
        }
    }
}
