//! The node as services see it: a register of actors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kogge_ids::ServerId;
use kogge_node_api::{
    DesiredInstance, DesiredNetworking, HostFacts, Node, NodeError, ObservedInstance, ObservedNetworking,
};
use kogge_qemu::{Engine, FoundGuest, ImageTool, find_guests, tail_lines};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use crate::actor::{Actor, Command, Export, Handle};
use crate::config::NodeConfig;
use crate::host::{self, Host};
use crate::layout::Layout;
use crate::metadata::MetadataBook;
use crate::record::Record;
use crate::shut_down::Guests;
use crate::users::Users;
use crate::wiring::Wiring;
use crate::{bases, disks};

/// So much of a console is answered at most, as Nova does.
const CONSOLE_MOST: u64 = 100 * 1024;

type Actors = Arc<Mutex<BTreeMap<ServerId, Handle>>>;

/// A node that runs guests with QEMU. Cheap to clone. When the last clone is dropped, nothing is done any more, and
/// guests go on.
#[derive(Clone)]
pub struct QemuNode(Arc<Inner>);

struct Inner {
    host: Arc<Host>,
    actors: Actors,
    /// Held while an instance is made, so that it is made once.
    making: tokio::sync::Mutex<()>,
}

impl QemuNode {
    /// Opens the node: finds out what QEMU can do here, takes over guests that run, and starts those again that a
    /// restart of the machine ended. `book` is what the data plane behind `wiring` was given.
    ///
    /// # Errors
    /// Where QEMU is missing or does not work, or another agent uses the data directory.
    pub async fn open(
        config: NodeConfig,
        wiring: Arc<dyn Wiring>,
        book: MetadataBook,
    ) -> Result<Self, NodeError> {
        let layout = Layout::open(&config.data_dir)?;
        let lock = host::lock(&layout.lock()).await?;
        let users = Users::open(config.users, &config.engine.binary).await;
        let probed = Engine::probe(&config.engine, layout.root(), users.any().as_ref()).await;
        let engine = probed.map_err(|error| disks::failed("trying out QEMU", error))?;
        tracing::info!(
            accelerator = host::accelerator_name(engine.accelerator),
            machine = engine.machine_type,
            "QEMU works"
        );
        if let Err(error) = wiring.recover().await {
            tracing::error!(%error, "networking is not as it was left");
        }
        let starts = usize::try_from(host::cpus()).unwrap_or(1).max(2);
        let host = Arc::new(Host {
            config,
            layout,
            engine,
            tool: ImageTool::default(),
            users,
            wiring,
            book,
            changed: Arc::new(Notify::new()),
            starts: Semaphore::new(starts),
            _lock: lock,
        });
        let node =
            Self(Arc::new(Inner { host, actors: Actors::default(), making: tokio::sync::Mutex::default() }));
        node.take_up()?;
        Ok(node)
    }

    /// Takes up every instance that an earlier life left.
    fn take_up(&self) -> Result<(), NodeError> {
        let layout = &self.0.host.layout;
        let failed = |error: std::io::Error| NodeError::failed("reading the instances of this host", error);
        layout.empty_trash().map_err(failed)?;
        let mut running: BTreeMap<_, FoundGuest> =
            find_guests(&layout.instances()).into_iter().map(|guest| (guest.dir.clone(), guest)).collect();
        let mut used = BTreeSet::new();
        let mut records = Vec::new();
        for entry in std::fs::read_dir(layout.instances()).map_err(failed)? {
            let dir = entry.map_err(failed)?.path();
            let found = running.remove(&dir);
            match Record::load(&dir) {
                Ok(record) => {
                    if let Some(uid) = record.user {
                        self.0.host.users.note(uid);
                    }
                    let root = &record.desired.root;
                    used.insert(bases::path(&layout.bases(), root.image, root.format));
                    used.extend(record.built.map(|image| bases::path(&layout.bases(), image, root.format)));
                    records.push((record, found));
                }
                // made, but nothing was written yet: nobody was told that it exists
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && found.is_none() => {
                    layout.discard(&dir).map_err(failed)?;
                }
                Err(error) => {
                    let because =
                        format!("{}: {error}; repair or move it away", dir.join("record.json").display());
                    return Err(NodeError::failed("reading the instances of this host", because));
                }
            }
        }
        bases::collect(&layout.bases(), &used).map_err(failed)?;
        for (record, found) in records {
            self.spawn(record, found);
        }
        Ok(())
    }

    /// Ends the agent: every actor stops, and guests with it where `guests` says so. Calls fail afterwards.
    pub async fn shut_down(&self, guests: Guests) {
        let ending: Vec<_> = self.actors().values().map(|actor| (actor.commands(), actor.task())).collect();
        for (commands, _) in &ending {
            // one that ended already needs no word
            let _ = commands.send(Command::ShutDown(guests)).await;
        }
        for task in ending.into_iter().filter_map(|(_, task)| task) {
            if let Err(error) = task.await {
                tracing::error!(%error, "an instance's actor ended badly");
            }
        }
    }

    fn actors(&self) -> MutexGuard<'_, BTreeMap<ServerId, Handle>> {
        self.0.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self, record: Record, found: Option<FoundGuest>) {
        let id = record.desired.id;
        let (actors, changed) = (Arc::downgrade(&self.0.actors), Arc::clone(&self.0.host.changed));
        let on_end = move || {
            if let Some(actors) = actors.upgrade() {
                actors.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            }
            changed.notify_waiters();
            changed.notify_one();
        };
        // the register is held meanwhile, so that the actor's end cannot come before its entry
        let mut register = self.actors();
        let handle = Actor::spawn(Arc::clone(&self.0.host), record, found, on_end);
        register.insert(id, handle);
    }

    /// The way to the instance's actor.
    fn reach(&self, id: ServerId) -> Option<mpsc::Sender<Command>> {
        self.actors().get(&id).map(Handle::commands)
    }

    /// The way to the instance's actor, which is made where there is none.
    async fn reach_or_make(&self, desired: &DesiredInstance) -> Result<mpsc::Sender<Command>, NodeError> {
        let _making = self.0.making.lock().await;
        if let Some(commands) = self.reach(desired.id) {
            return Ok(commands);
        }
        let (layout, record) = (self.0.host.layout.clone(), Record::new(desired.clone()));
        let first = record.clone();
        let made = tokio::task::spawn_blocking(move || {
            let id = first.desired.id;
            layout
                .make_instance(id)
                .map_err(|error| NodeError::failed("making the instance's directory", error))?;
            first.save(&layout.instance(id))
        });
        made.await.unwrap_or_else(|error| Err(NodeError::failed("making the instance", error)))?;
        self.spawn(record, None);
        self.reach(desired.id).ok_or_else(|| going(desired.id))
    }
}

fn going(id: ServerId) -> NodeError {
    NodeError::NotYet { what: format!("the removal of server {id} or the restart of its host") }
}

fn no_server(id: ServerId) -> NodeError {
    NodeError::NotFound { kind: "server".to_owned(), id: id.to_string() }
}

#[async_trait]
impl Node for QemuNode {
    async fn facts(&self) -> Result<HostFacts, NodeError> {
        self.0.host.facts()
    }

    async fn apply(&self, desired: DesiredInstance) -> Result<ObservedInstance, NodeError> {
        let id = desired.id;
        let commands = self.reach_or_make(&desired).await?;
        let (answer, answered) = oneshot::channel();
        commands.send(Command::Desire(Box::new(desired), answer)).await.map_err(|_| going(id))?;
        answered.await.map_err(|_| going(id))?
    }

    async fn remove(&self, id: ServerId) -> Result<bool, NodeError> {
        let Some(commands) = self.reach(id) else { return Ok(true) };
        // one that just ended is gone at the next call
        let _ = commands.send(Command::Remove).await;
        Ok(false)
    }

    async fn observe(&self) -> Result<Vec<ObservedInstance>, NodeError> {
        Ok(self.actors().values().map(Handle::observed).collect())
    }

    async fn console_output(&self, id: ServerId, lines: Option<u32>) -> Result<Vec<u8>, NodeError> {
        self.reach(id).ok_or_else(|| no_server(id))?;
        let logs = self.0.host.console(id);
        let read = tokio::task::spawn_blocking(move || logs.end(CONSOLE_MOST)).await;
        let read = read.map_err(std::io::Error::other).and_then(|read| read);
        let log = read.map_err(|error| NodeError::failed("reading the console", error))?;
        Ok(tail_lines(&log, lines).to_vec())
    }

    async fn export_disk(&self, id: ServerId, target: &Path) -> Result<u64, NodeError> {
        let commands = self.reach(id).ok_or_else(|| no_server(id))?;
        let (answer, answered) = oneshot::channel();
        let export = Export { target: target.to_owned(), answer };
        commands.send(Command::Export(export)).await.map_err(|_| no_server(id))?;
        let removed =
            || NodeError::Refused { because: format!("server {id} is removed, its disk cannot be copied") };
        answered.await.map_err(|_| removed())?
    }

    async fn apply_networking(&self, desired: DesiredNetworking) -> Result<ObservedNetworking, NodeError> {
        let observed = self.0.host.wiring.apply(desired).await;
        let all: Vec<_> = self.actors().values().map(Handle::commands).collect();
        for commands in all {
            // a full queue wakes the actor as well
            let _ = commands.try_send(Command::Wake);
        }
        observed
    }

    fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.0.host.changed)
    }
}
