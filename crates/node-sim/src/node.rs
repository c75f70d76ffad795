//! The simulated node: a map of records behind one lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use kogge_clock::{Clock, Timestamp};
use kogge_ids::{PortId, ServerId};
use kogge_node_api::{
    AppliedNetworking, Changes, ConsoleKind, ConsoleStream, Cursor, Data, DesiredDisk, DesiredInstance,
    DesiredPort, DiskCopy, Epoch, HeldNetworking, Hello, HostFacts, ImageHead, ImageSource, InstanceState,
    Journal, NetworkingChange, Node, NodeError, Obeyed, ObservedInstance, ObservedNetworking, ObservedPort,
    Quarantined, SetAside, Slot, Welcome, capability,
};

use crate::config::{Delays, SimConfig};
use crate::digest::MembersDigest;
use crate::faults::{Call, Effect, Faults};
use crate::instance::Instance;
use crate::{console, disk, images, live, work};

/// A whole hypervisor in memory. Cheap to clone; all clones are the same node.
#[derive(Clone)]
pub struct SimNode(Arc<Inner>);

struct Inner {
    config: SimConfig,
    clock: Clock,
    faults: Faults,
    obeyed: Obeyed,
    journal: RwLock<Arc<Journal>>,
    state: Mutex<State>,
}

/// Everything that is on the node.
#[derive(Default)]
pub(crate) struct State {
    pub instances: BTreeMap<ServerId, Instance>,
    /// What it was told of networking.
    pub networking: AppliedNetworking<MembersDigest>,
    /// Sizes in bytes of the images that are here, by digest.
    pub images: BTreeMap<String, u64>,
    /// Instances with work or a removal under way, so that nobody walks all.
    pub pending: BTreeSet<ServerId>,
}

impl SimNode {
    /// An empty node. Work takes its time by `clock`.
    #[must_use]
    pub fn new(config: SimConfig, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            config,
            clock,
            faults: Faults::default(),
            obeyed: Obeyed::default(),
            journal: RwLock::default(),
            state: Mutex::default(),
        }))
    }

    /// The handle that orders faults.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.0.faults.clone()
    }

    /// Its host's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.config.facts.name
    }

    /// The newest desired state that reached the node, for assertions.
    #[must_use]
    pub fn desired(&self, id: ServerId) -> Option<DesiredInstance> {
        self.with(|state| state.instances.get(&id).map(|i| i.desired.clone()))
    }

    /// Ids of all instances here, for assertions about orphans.
    #[must_use]
    pub fn instance_ids(&self) -> Vec<ServerId> {
        self.settle();
        self.with(|state| state.instances.keys().copied().collect())
    }

    /// Ids of all ports of the networking applied last.
    #[must_use]
    pub fn port_ids(&self) -> Vec<PortId> {
        self.with(|state| state.networking.held.ports.keys().copied().collect())
    }

    /// All that it was told of networking, put together, for assertions.
    #[must_use]
    pub fn networking(&self) -> HeldNetworking<MembersDigest> {
        self.with(|state| state.networking.held.clone())
    }

    /// Ports of the interfaces that the guest has now, for assertions.
    #[must_use]
    pub fn plugged(&self, id: ServerId) -> Vec<PortId> {
        self.settle();
        self.with(|state| state.instances.get(&id).map(|i| i.plugged.iter().copied().collect()))
            .unwrap_or_default()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn delays(&self) -> Delays {
        self.0.config.delays
    }

    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The book of changes of this life of the agent.
    pub(crate) fn journal(&self) -> Arc<Journal> {
        Arc::clone(&self.0.journal.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins another life of the agent: cursors of the one before are worth nothing.
    pub(crate) fn begin_anew(&self) {
        let mut journal = self.0.journal.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *journal);
        // whoever waits for it shall ask again
        before.note(ServerId::random());
    }

    /// Observers look at these again.
    pub(crate) fn note(&self, ids: impl IntoIterator<Item = ServerId>) {
        let journal = self.journal();
        ids.into_iter().for_each(|id| journal.note(id));
    }

    /// Finishes the work whose time has come.
    pub(crate) fn settle(&self) {
        let now = self.now();
        let changed = self.with(|state| {
            let mut changed = Vec::new();
            for id in std::mem::take(&mut state.pending) {
                let Some(instance) = state.instances.get_mut(&id) else { continue };
                if instance.gone_at.is_some_and(|at| at <= now) {
                    state.instances.remove(&id);
                    changed.push(id);
                    continue;
                }
                if instance.due.is_some_and(|due| due <= now) {
                    let before = instance.observed();
                    self.attempt(instance, &state.networking.held.ports, &state.images);
                    changed.extend((instance.observed() != before).then_some(id));
                }
                if instance.due.is_some() || instance.gone_at.is_some() {
                    state.pending.insert(id);
                }
            }
            changed
        });
        self.note(changed);
    }

    /// Finishes the work on `instance`, or writes down why not.
    fn attempt(
        &self,
        instance: &mut Instance,
        ports: &BTreeMap<PortId, DesiredPort>,
        images: &BTreeMap<String, u64>,
    ) {
        instance.lacks.clear();
        if instance.state == InstanceState::Building {
            if instance.desired.disks.iter().any(|disk| disk.made && disk.volume().is_none()) {
                let because =
                    "the server's disk was built before and is not on its host any more; it is not made anew";
                instance.fault = Some(NodeError::Refused { because: because.to_owned() });
                instance.due = None;
                return;
            }
            let here =
                |image: &ImageSource| image.digest.as_ref().is_some_and(|digest| images.contains_key(digest));
            let wanted = instance.desired.disks.iter().filter_map(DesiredDisk::image);
            instance.lacks = wanted.filter(|image| !here(image)).cloned().collect();
            if let Some(image) = instance.lacks.first() {
                instance.fault = Some(NodeError::NotYet { what: format!("image {} to arrive", image.image) });
                return;
            }
        }
        let rescue = instance.desired.disk(&Slot::rescue()).and_then(DesiredDisk::image);
        let here =
            |image: &&ImageSource| !image.digest.as_ref().is_some_and(|digest| images.contains_key(digest));
        if let Some(image) = rescue.filter(here) {
            instance.lacks = vec![image.clone()];
            instance.fault = Some(NodeError::NotYet { what: format!("image {} to arrive", image.image) });
            return;
        }
        let missing = instance.desired.nics.iter().find(|nic| !ports.contains_key(&nic.port));
        if let (true, Some(nic)) = (self.0.config.strict_ports, missing) {
            let what = format!("port {} to be part of this host's networking", nic.port);
            instance.fault = Some(NodeError::NotYet { what });
            return;
        }
        match self.0.faults.strike(Call::Work, Some(instance.desired.id)) {
            Some(Effect::Fail(error) | Effect::LoseAnswer(error)) => {
                if instance.is_alive() {
                    instance.volumes.note(&instance.desired);
                }
                instance.fault = Some(error);
                instance.due = None;
            }
            Some(Effect::Hang(_)) | None => work::finish(instance),
        }
    }

    /// Looks again when work that takes `how_long` is done. Under a fake clock a test does so by `tick`.
    fn look_in(&self, how_long: Duration) {
        if how_long.is_zero() {
            return;
        }
        let node = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(how_long).await;
            node.tick();
        });
    }

    /// Lets an ordered fault strike: waits, fails, or answers the error that shall replace the call's answer.
    async fn pass(&self, call: Call, server: Option<ServerId>) -> Result<Option<NodeError>, NodeError> {
        match self.0.faults.strike(call, server) {
            None => Ok(None),
            Some(Effect::Fail(error)) => Err(error),
            Some(Effect::LoseAnswer(error)) => Ok(Some(error)),
            Some(Effect::Hang(how_long)) => {
                tokio::time::sleep(how_long).await;
                Ok(None)
            }
        }
    }

    fn take_over(&self, desired: DesiredInstance) -> (ObservedInstance, Duration) {
        let now = self.now();
        let delays = self.delays();
        self.with(|state| {
            let State { instances, networking, images, pending, .. } = state;
            let known = instances.get(&desired.id).map(Instance::observed);
            let instance = instances.entry(desired.id).or_insert_with(|| Instance::new(desired.clone()));
            let newer = desired.generation > instance.desired.generation || instance.reached == 0;
            let stuck = instance.fault.is_some() && instance.reached < instance.desired.generation;
            let mut takes = Duration::ZERO;
            if desired.generation >= instance.desired.generation
                && (newer || stuck)
                && instance.gone_at.is_none()
            {
                let begun = instance.due.is_some() && instance.desired == desired;
                instance.desired = desired;
                takes = work::duration(instance, &delays);
                if !begun {
                    instance.due = Some(now.plus(takes));
                }
                if instance.due.is_some_and(|due| due <= now) {
                    self.attempt(instance, &networking.held.ports, images);
                }
                if instance.due.is_some() {
                    pending.insert(instance.desired.id);
                }
            }
            let now = instance.observed();
            if known.as_ref() != Some(&now) {
                self.journal().note(now.id);
            }
            (now, takes)
        })
    }

    /// Removes an instance that was told nothing newer than `generation`, where one is given.
    fn remove_now(&self, id: ServerId, generation: Option<i64>) -> Result<bool, NodeError> {
        let now = self.now();
        let takes = self.delays().remove;
        self.with(|state| {
            let Some(instance) = state.instances.get_mut(&id) else { return Ok(true) };
            let newest = instance.desired.generation;
            if let Some(generation) = generation.filter(|generation| *generation < newest) {
                return Err(NodeError::Older { generation, newest });
            }
            let gone_at = *instance.gone_at.get_or_insert_with(|| now.plus(takes));
            if gone_at <= now {
                state.instances.remove(&id);
                self.journal().note(id);
                return Ok(true);
            }
            state.pending.insert(id);
            Ok(false)
        })
    }

    async fn take_away(&self, by: Epoch, id: ServerId, generation: Option<i64>) -> Result<bool, NodeError> {
        let lost = self.pass(Call::Remove, Some(id)).await?;
        self.0.obeyed.admit(by)?;
        self.settle();
        let gone = self.remove_now(id, generation)?;
        self.look_in(if gone { Duration::ZERO } else { self.delays().remove });
        answer(lost, gone)
    }

    /// What is, of these instances or of all.
    fn look(&self, ids: Option<&[ServerId]>) -> Vec<ObservedInstance> {
        self.settle();
        self.with(|state| match ids {
            None => state.instances.values().map(Instance::observed).collect(),
            Some(ids) => {
                ids.iter().filter_map(|id| state.instances.get(id)).map(Instance::observed).collect()
            }
        })
    }
}

fn answer<T>(lost: Option<NodeError>, value: T) -> Result<T, NodeError> {
    lost.map_or(Ok(value), Err)
}

fn no_server(id: ServerId) -> NodeError {
    NodeError::NotFound { kind: "server".to_owned(), id: id.to_string() }
}

#[async_trait]
impl Node for SimNode {
    async fn hello(&self, hello: Hello) -> Result<Welcome, NodeError> {
        let lost = self.pass(Call::Hello, None).await?;
        let can = [capability::INSTANCES, capability::NETWORKING, capability::UEFI];
        let welcome = Welcome::answer(&hello, self.journal().incarnation(), &can)?;
        answer(lost, welcome)
    }

    async fn facts(&self) -> Result<HostFacts, NodeError> {
        let lost = self.pass(Call::Facts, None).await?;
        answer(lost, self.0.config.facts.clone())
    }

    async fn take_command(&self, at_least: Epoch) -> Result<Epoch, NodeError> {
        Ok(self.0.obeyed.begin(at_least))
    }

    async fn apply(&self, by: Epoch, desired: DesiredInstance) -> Result<ObservedInstance, NodeError> {
        let lost = self.pass(Call::Apply, Some(desired.id)).await?;
        self.0.obeyed.admit(by)?;
        self.settle();
        let (observed, takes) = self.take_over(desired);
        self.look_in(takes);
        answer(lost, observed)
    }

    async fn remove(&self, by: Epoch, id: ServerId, generation: i64) -> Result<bool, NodeError> {
        self.take_away(by, id, Some(generation)).await
    }

    async fn observe_since(&self, cursor: Option<Cursor>, wait: Duration) -> Result<Changes, NodeError> {
        // who waits for changes is another one than who looks at everything
        let call = if cursor.is_some() { Call::Listen } else { Call::Observe };
        let lost = self.pass(call, None).await?;
        self.settle();
        let journal = self.journal();
        answer(lost, journal.since(cursor, wait, |ids| self.look(ids)).await)
    }

    async fn set_aside(&self, by: Epoch, id: ServerId, note: SetAside) -> Result<(), NodeError> {
        let lost = self.pass(Call::Quarantine, Some(id)).await?;
        self.0.obeyed.admit(by)?;
        self.settle();
        let known = self.with(|state| {
            let instance = state.instances.get_mut(&id);
            instance.map(|instance| instance.aside.get_or_insert(note).since).is_some()
        });
        self.note([id]);
        answer(lost, known).and_then(|known| if known { Ok(()) } else { Err(no_server(id)) })
    }

    async fn take_back(&self, by: Epoch, id: ServerId) -> Result<(), NodeError> {
        let lost = self.pass(Call::Quarantine, Some(id)).await?;
        self.0.obeyed.admit(by)?;
        self.with(|state| state.instances.get_mut(&id).map(|instance| instance.aside = None));
        self.note([id]);
        answer(lost, ())
    }

    async fn quarantine(&self) -> Result<Vec<Quarantined>, NodeError> {
        let lost = self.pass(Call::Quarantine, None).await?;
        self.settle();
        let mut kept: Vec<Quarantined> =
            self.with(|state| state.instances.values().filter_map(Instance::quarantined).collect());
        kept.sort_by_key(|one| (one.note.since, one.id));
        answer(lost, kept)
    }

    async fn discard(&self, by: Epoch, id: ServerId) -> Result<bool, NodeError> {
        let kept = self.with(|state| state.instances.get(&id).is_some_and(|one| one.aside.is_some()));
        if !kept {
            let because = format!("server {id} is not in quarantine on this host");
            return Err(NodeError::Refused { because });
        }
        self.take_away(by, id, None).await
    }

    async fn console_output(&self, id: ServerId, lines: Option<u32>) -> Result<Vec<u8>, NodeError> {
        let lost = self.pass(Call::ConsoleOutput, Some(id)).await?;
        self.settle();
        let text = self.with(|state| state.instances.get(&id).map(Instance::console));
        let text = text.ok_or_else(|| no_server(id))?;
        answer(lost, console::tail(&text, lines).as_bytes().to_vec())
    }

    async fn open_console(&self, id: ServerId, kind: ConsoleKind) -> Result<ConsoleStream, NodeError> {
        let lost = self.pass(Call::OpenConsole, Some(id)).await?;
        self.settle();
        let guest = self.with(|state| {
            let instance = state.instances.get(&id).ok_or_else(|| no_server(id))?;
            let down = || NodeError::NotYet { what: "the guest to run".to_owned() };
            instance.is_alive().then(|| instance.console()).ok_or_else(down)
        })?;
        let node = self.clone();
        let alive = move || node.with(|state| state.instances.get(&id).is_some_and(Instance::is_alive));
        answer(lost, live::open(kind, guest, alive))
    }

    async fn put_image(&self, by: Epoch, head: ImageHead, data: Data) -> Result<(), NodeError> {
        let lost = self.pass(Call::PutImage, None).await?;
        self.0.obeyed.admit(by)?;
        if !self.with(|state| state.images.contains_key(&head.digest)) {
            let size = images::read(&head, data).await?;
            self.with(|state| state.images.insert(head.digest, size));
        }
        self.settle();
        answer(lost, ())
    }

    async fn export_disk(&self, id: ServerId, slot: &Slot) -> Result<DiskCopy, NodeError> {
        let lost = self.pass(Call::ExportDisk, Some(id)).await?;
        self.settle();
        let found = self.with(|state| {
            let instance = state.instances.get(&id)?;
            let Some(disk) = instance.desired.disk(slot).filter(|disk| {
                // what no guest has open is not the node's to copy
                disk.volume()
                    .is_none_or(|volume| instance.is_alive() && instance.volumes.has(volume.attachment))
            }) else {
                return Some(Err(NodeError::NotFound { kind: "Disk".to_owned(), id: slot.to_string() }));
            };
            let digest = instance.desired.image().and_then(|image| image.digest.as_ref());
            let image = digest.and_then(|digest| state.images.get(digest)).copied();
            let size = disk::virtual_size(Some(disk), image);
            Some(Ok((instance.state, size)))
        });
        let (state, size) = found.ok_or_else(|| no_server(id))??;
        if state == InstanceState::Building {
            return Err(NodeError::NotYet { what: format!("the disk of server {id}") });
        }
        let bytes = Bytes::from(disk::qcow2(size, &format!("disk of server {id}\n")));
        let copy = DiskCopy {
            bytes: bytes.len() as u64,
            data: Data::Stream(futures_util::stream::iter([Ok(bytes)]).boxed()),
        };
        answer(lost, copy)
    }

    async fn apply_networking(
        &self,
        by: Epoch,
        change: NetworkingChange,
    ) -> Result<ObservedNetworking, NodeError> {
        let lost = self.pass(Call::ApplyNetworking, None).await?;
        self.0.obeyed.admit(by)?;
        let put = change.put.ports.iter().map(|port| port.id);
        let named: Vec<PortId> = put.chain(change.ask.iter().copied()).collect();
        let all = change.repair;
        let taken = self.with(|state| state.networking.take(by, change));
        self.settle();
        let seen = self.with(|state| {
            let ports = if all || !taken { observed_ports(state) } else { observed(state, &named) };
            ObservedNetworking { generation: state.networking.answer(), ports }
        });
        answer(lost, seen)
    }
}

/// All ports as they are.
fn observed_ports(state: &State) -> Vec<ObservedPort> {
    state.networking.held.ports.values().map(|port| observe(state, port)).collect()
}

/// These ports as they are, as far as they are here.
fn observed(state: &State, ids: &[PortId]) -> Vec<ObservedPort> {
    ids.iter().filter_map(|id| state.networking.held.ports.get(id)).map(|port| observe(state, port)).collect()
}

fn observe(state: &State, port: &DesiredPort) -> ObservedPort {
    let instance = port.server.and_then(|server| state.instances.get(&server));
    let plugged = instance.is_some_and(|i| i.is_alive() && i.plugged.contains(&port.id));
    ObservedPort { id: port.id, up: port.admin_up && plugged }
}
