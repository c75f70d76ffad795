//! The node as services see it: a register of actors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_ids::ServerId;
use kogge_node_api::{
    AppliedNetworking, Changes, ConsoleKind, ConsoleStream, Cursor, Data, DesiredInstance, DiskCopy, Epoch,
    Hello, HostFacts, ImageHead, Journal, NetworkingChange, Node, NodeError, Obeyed, ObservedInstance,
    ObservedNetworking, Quarantined, SetAside, Slot, Welcome, capability,
};
use kogge_qemu::{Engine, FoundGuest, ImageTool, Machine, tail_lines};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::actor::{Actor, Command, Export, Handle};
use crate::bases::Images;
use crate::blocking::with_files;
use crate::config::NodeConfig;
use crate::consoles::Consoles;
use crate::host::{self, Host};
use crate::layout::Layout;
use crate::metadata::MetadataBook;
use crate::record::Record;
use crate::shut_down::Guests;
use crate::survey::{Sealed, Survey, survey};
use crate::users::Users;
use crate::wiring::Wiring;
use crate::{bases, cloud, disks, epoch, launch, networking, quarantine};

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
    /// Instances that are left alone: they have no actor.
    sealed: Mutex<BTreeMap<ServerId, Sealed>>,
    /// Instances in quarantine.
    aside: Mutex<BTreeSet<ServerId>>,
    /// The networking that was told; held while it is applied.
    networking: Arc<tokio::sync::Mutex<AppliedNetworking>>,
    /// Held while an instance is made, so that it is made once.
    making: tokio::sync::Mutex<()>,
    obeyed: Obeyed,
    consoles: Consoles,
    /// Held while the newest epoch is written down.
    crowning: tokio::sync::Mutex<()>,
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
        // before anything is touched that may be another cloud's
        if let Some(id) = config.cloud {
            cloud::claim(&layout, id)?;
        }
        let users = Users::open(config.users, &config.engine.binary, config.guests_as_root).await?;
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
        let images = Images::open(&layout.bases());
        let images = images.map_err(|error| NodeError::failed("looking at the image bases", error))?;
        let starts = usize::try_from(host::cpus()).unwrap_or(1).max(2);
        let host = Arc::new(Host {
            config,
            layout,
            engine,
            tool: ImageTool::default(),
            users,
            wiring,
            book,
            images,
            journal: Journal::default(),
            starts: Semaphore::new(starts),
            _lock: lock,
        });
        let (layout, cloud) = (host.layout.clone(), host.config.cloud);
        let found = with_files("reading the instances of this host", move || {
            layout.empty_trash()?;
            Ok((survey(&layout, cloud)?, epoch::read(&layout)?, networking::reached(&layout)?))
        });
        let (found, epoch, (by, generation)) = found.await?;
        let node = Self(Arc::new(Inner {
            host,
            actors: Actors::default(),
            sealed: Mutex::new(found.sealed.clone()),
            aside: Mutex::new(found.aside.clone()),
            networking: Arc::new(tokio::sync::Mutex::new(AppliedNetworking::after(by, generation))),
            making: tokio::sync::Mutex::default(),
            obeyed: Obeyed::since(epoch),
            consoles: Consoles::default(),
            crowning: tokio::sync::Mutex::default(),
        }));
        node.take_up(found).await?;
        Ok(node)
    }

    /// Takes up every instance that an earlier life left whole.
    async fn take_up(&self, found: Survey) -> Result<(), NodeError> {
        let host = &self.0.host;
        for id in found.sealed.keys() {
            if let Some(uid) = disks::owner(&host.layout.instance(*id)) {
                host.users.note(uid);
            }
        }
        let mut used = BTreeSet::new();
        for (record, _) in &found.whole {
            if let Some(uid) = record.user {
                host.users.note(uid);
            }
            used.extend(bases_of(&host.layout.bases(), record));
        }
        // which base a sealed instance stands on is not known
        if found.sealed.is_empty() {
            let bases = host.layout.bases();
            with_files("clearing away unused image bases", move || bases::collect(&bases, &used)).await?;
        }
        for (record, guest) in found.whole {
            self.spawn(record, guest);
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

    /// Refuses orders of an epoch that is over. The first one of a newer is obeyed once that epoch is on the disk: an
    /// agent that starts anew must not obey an older one again.
    async fn obey(&self, by: Epoch) -> Result<(), NodeError> {
        if by == self.0.obeyed.newest() {
            return Ok(());
        }
        let _crowning = self.0.crowning.lock().await;
        if by > self.0.obeyed.newest() {
            self.write_down(by).await?;
        }
        self.0.obeyed.admit(by).map(drop)
    }

    async fn write_down(&self, epoch: Epoch) -> Result<(), NodeError> {
        let layout = self.0.host.layout.clone();
        with_files("writing down who commands this host", move || epoch::write(&layout, epoch)).await
    }

    fn actors(&self) -> MutexGuard<'_, BTreeMap<ServerId, Handle>> {
        self.0.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sealed(&self) -> MutexGuard<'_, BTreeMap<ServerId, Sealed>> {
        self.0.sealed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn aside(&self) -> MutexGuard<'_, BTreeSet<ServerId>> {
        self.0.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes an instance that has no actor, with its process.
    async fn remove_sealed(&self, id: ServerId) -> Result<bool, NodeError> {
        let _making = self.0.making.lock().await;
        if !self.sealed().contains_key(&id) {
            return Ok(true);
        }
        let dir = self.0.host.layout.instance(id);
        launch::end_all(&self.0.host, &dir).await?;
        launch::clear_away(&self.0.host, &dir).await?;
        self.sealed().remove(&id);
        self.aside().remove(&id);
        self.0.host.journal.note(id);
        Ok(true)
    }

    /// Does something with an instance's note of quarantine.
    async fn note(
        &self,
        id: ServerId,
        act: impl FnOnce(&Path) -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), NodeError> {
        let dir = self.0.host.layout.instance(id);
        with_files("writing the note of quarantine", move || act(&dir)).await
    }

    fn spawn(&self, record: Record, found: Option<FoundGuest>) {
        let id = record.desired.id;
        let (actors, host) = (Arc::downgrade(&self.0.actors), Arc::clone(&self.0.host));
        let on_end = move || {
            if let Some(actors) = actors.upgrade() {
                actors.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            }
            host.journal.note(id);
        };
        // the register is held meanwhile, so that the actor's end cannot come before its entry
        let mut register = self.actors();
        let handle = Actor::spawn(Arc::clone(&self.0.host), record, found, on_end);
        register.insert(id, handle);
        self.0.host.journal.note(id);
    }

    /// Removes an instance that was told nothing newer than `generation`, where one is given.
    async fn take_away(&self, id: ServerId, generation: Option<i64>) -> Result<bool, NodeError> {
        let Some(commands) = self.reach(id) else { return self.remove_sealed(id).await };
        let (answer, answered) = oneshot::channel();
        // one that just ended is gone at the next call
        let _ = commands.send(Command::Remove(generation, answer)).await;
        answered.await.unwrap_or(Ok(())).map(|()| false)
    }

    /// The instance's running guest.
    async fn lent(&self, id: ServerId) -> Result<Machine, NodeError> {
        let commands = self.reach(id).ok_or_else(|| no_server(id))?;
        let (answer, answered) = oneshot::channel();
        commands.send(Command::Lend(answer)).await.map_err(|_| no_server(id))?;
        let machine = answered.await.map_err(|_| no_server(id))?;
        machine.ok_or_else(|| NodeError::NotYet { what: "the guest to run".to_owned() })
    }

    /// What a step waits for may be there now.
    fn wake_all(&self) {
        let all: Vec<_> = self.actors().values().map(Handle::commands).collect();
        for commands in all {
            // a full queue wakes the actor as well
            let _ = commands.try_send(Command::Wake);
        }
    }

    /// What is, of these instances or of all.
    fn look(&self, ids: Option<&[ServerId]>) -> Vec<ObservedInstance> {
        let wanted = |id: &ServerId| ids.is_none_or(|ids| ids.contains(id));
        let mut seen: Vec<ObservedInstance> = {
            let actors = self.actors();
            actors.iter().filter(|(id, _)| wanted(id)).map(|(_, actor)| actor.observed()).collect()
        };
        let sealed = self.sealed();
        seen.extend(sealed.iter().filter(|(id, _)| wanted(id)).map(|(id, sealed)| sealed.observed(*id)));
        drop(sealed);
        let aside = self.aside();
        for one in &mut seen {
            one.quarantined = aside.contains(&one.id);
        }
        seen
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
        if let Some(sealed) = self.sealed().get(&desired.id) {
            return Err(sealed.refusal());
        }
        let (layout, cloud) = (self.0.host.layout.clone(), self.0.host.config.cloud);
        let record = Record::new(desired.clone(), cloud);
        let first = record.clone();
        let made = tokio::task::spawn_blocking(move || {
            let id = first.desired.id;
            layout
                .make_instance(id)
                .map_err(|error| NodeError::failed("making the instance's directory", error))?;
            first.save(&layout.instance(id))
        });
        made.await.unwrap_or_else(|error| Err(NodeError::failed("making the instance", error)))?;
        self.aside().remove(&desired.id);
        self.spawn(record, None);
        self.reach(desired.id).ok_or_else(|| going(desired.id))
    }
}

fn going(id: ServerId) -> NodeError {
    NodeError::NotYet { what: format!("the removal of server {id} or the restart of its host") }
}

/// The bases below the disks of an instance, under every name that they may have.
fn bases_of(bases_dir: &Path, record: &Record) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for image in record.desired.disks.iter().filter_map(|disk| disk.image()) {
        all.extend(bases::path(bases_dir, image));
        all.push(bases::path_by_id(bases_dir, image.image, image.format));
        all.extend(record.built.map(|built| bases::path_by_id(bases_dir, built, image.format)));
    }
    all
}

fn no_server(id: ServerId) -> NodeError {
    NodeError::NotFound { kind: "server".to_owned(), id: id.to_string() }
}

#[async_trait]
impl Node for QemuNode {
    async fn hello(&self, hello: Hello) -> Result<Welcome, NodeError> {
        let host = &self.0.host;
        let mut can = vec![capability::INSTANCES, capability::NETWORKING];
        can.extend(host.engine.firmware.is_some().then_some(capability::UEFI));
        Welcome::answer(&hello, host.journal.incarnation(), &can)
    }

    async fn facts(&self) -> Result<HostFacts, NodeError> {
        let host = Arc::clone(&self.0.host);
        let facts = tokio::task::spawn_blocking(move || host.facts()).await;
        facts.unwrap_or_else(|error| Err(NodeError::failed("looking at the host", error)))
    }

    async fn take_command(&self, at_least: Epoch) -> Result<Epoch, NodeError> {
        let _crowning = self.0.crowning.lock().await;
        let fresh = at_least.max(Epoch(self.0.obeyed.newest().0.saturating_add(1)));
        self.write_down(fresh).await?;
        Ok(self.0.obeyed.begin(fresh))
    }

    async fn apply(&self, by: Epoch, desired: DesiredInstance) -> Result<ObservedInstance, NodeError> {
        self.obey(by).await?;
        disks::check(&desired)?;
        let id = desired.id;
        let commands = self.reach_or_make(&desired).await?;
        let (answer, answered) = oneshot::channel();
        commands.send(Command::Desire(Box::new(desired), answer)).await.map_err(|_| going(id))?;
        answered.await.map_err(|_| going(id))?
    }

    async fn remove(&self, by: Epoch, id: ServerId, generation: i64) -> Result<bool, NodeError> {
        self.obey(by).await?;
        self.take_away(id, Some(generation)).await
    }

    async fn observe_since(&self, cursor: Option<Cursor>, wait: Duration) -> Result<Changes, NodeError> {
        Ok(self.0.host.journal.since(cursor, wait, |ids| self.look(ids)).await)
    }

    async fn set_aside(&self, by: Epoch, id: ServerId, note: SetAside) -> Result<(), NodeError> {
        self.obey(by).await?;
        if self.reach(id).is_none() && !self.sealed().contains_key(&id) {
            return Err(no_server(id));
        }
        if self.aside().contains(&id) {
            return Ok(());
        }
        self.note(id, move |dir| quarantine::write(dir, &note)).await?;
        self.aside().insert(id);
        self.0.host.journal.note(id);
        Ok(())
    }

    async fn take_back(&self, by: Epoch, id: ServerId) -> Result<(), NodeError> {
        self.obey(by).await?;
        if !self.aside().contains(&id) {
            return Ok(());
        }
        self.note(id, quarantine::erase).await?;
        self.aside().remove(&id);
        self.0.host.journal.note(id);
        Ok(())
    }

    async fn quarantine(&self) -> Result<Vec<Quarantined>, NodeError> {
        let root = self.0.host.layout.root().to_owned();
        with_files("reading what is in quarantine", move || quarantine::quarantined(&root)).await
    }

    async fn discard(&self, by: Epoch, id: ServerId) -> Result<bool, NodeError> {
        self.obey(by).await?;
        if !self.aside().contains(&id) {
            let because = format!("server {id} is not in quarantine on this host");
            return Err(NodeError::Refused { because });
        }
        self.take_away(id, None).await
    }

    async fn console_output(&self, id: ServerId, lines: Option<u32>) -> Result<Vec<u8>, NodeError> {
        self.reach(id).ok_or_else(|| no_server(id))?;
        let logs = self.0.host.console(id);
        let log = with_files("reading the console", move || logs.end(CONSOLE_MOST)).await?;
        Ok(tail_lines(&log, lines).to_vec())
    }

    async fn open_console(&self, id: ServerId, kind: ConsoleKind) -> Result<ConsoleStream, NodeError> {
        let machine = self.lent(id).await?;
        self.0.consoles.open(&machine, &self.0.host.layout.instance(id), id, kind).await
    }

    async fn put_image(&self, by: Epoch, head: ImageHead, data: Data) -> Result<(), NodeError> {
        self.obey(by).await?;
        let taken = self.0.host.images.put(&head, data).await;
        // whoever waits for it goes on, or shows why it did not come
        self.wake_all();
        taken
    }

    async fn export_disk(&self, id: ServerId, slot: &Slot) -> Result<DiskCopy, NodeError> {
        let commands = self.reach(id).ok_or_else(|| no_server(id))?;
        let (answer, answered) = oneshot::channel();
        let export = Export { slot: slot.clone(), answer };
        commands.send(Command::Export(export)).await.map_err(|_| no_server(id))?;
        let removed =
            || NodeError::Refused { because: format!("server {id} is removed, its disk cannot be copied") };
        let file = answered.await.map_err(|_| removed())??;
        let bytes = file.metadata().map_err(|error| NodeError::failed("copying the disk", error))?.len();
        Ok(DiskCopy { bytes, data: Data::File(file) })
    }

    async fn apply_networking(
        &self,
        by: Epoch,
        change: NetworkingChange,
    ) -> Result<ObservedNetworking, NodeError> {
        self.obey(by).await?;
        let applied = Arc::clone(&self.0.networking).lock_owned().await;
        let host = Arc::clone(&self.0.host);
        // goes on when the caller gives up: else a newer one could overtake it
        let applying = tokio::spawn(networking::apply(host, applied, by, change));
        let ended = |error| Err(NodeError::failed("applying networking", error));
        let observed = applying.await.unwrap_or_else(ended);
        self.wake_all();
        observed
    }
}
