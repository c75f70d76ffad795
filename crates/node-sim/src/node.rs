//! The simulated node: a map of records behind one lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kogge_clock::{Clock, Timestamp};
use kogge_ids::{PortId, ServerId};
use kogge_node_api::{
    DesiredInstance, DesiredNetworking, DesiredPort, Epoch, HostFacts, InstanceState, Node, NodeError,
    Obeyed, ObservedInstance, ObservedNetworking, ObservedPort, Quarantined, SetAside,
};
use tokio::sync::Notify;

use crate::config::{Delays, SimConfig};
use crate::faults::{Call, Effect, Faults};
use crate::instance::Instance;
use crate::{console, disk, work};

/// A whole hypervisor in memory. Cheap to clone; all clones are the same node.
#[derive(Clone)]
pub struct SimNode(Arc<Inner>);

struct Inner {
    config: SimConfig,
    clock: Clock,
    faults: Faults,
    changed: Arc<Notify>,
    obeyed: Obeyed,
    state: Mutex<State>,
}

/// Everything that is on the node.
#[derive(Default)]
pub(crate) struct State {
    pub instances: BTreeMap<ServerId, Instance>,
    pub ports: BTreeMap<PortId, DesiredPort>,
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
            changed: Arc::new(Notify::new()),
            obeyed: Obeyed::default(),
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
        self.with(|state| state.ports.keys().copied().collect())
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

    /// Wakes everybody who waits, and the next one who comes.
    pub(crate) fn ring(&self) {
        self.0.changed.notify_waiters();
        self.0.changed.notify_one();
    }

    /// Finishes the work whose time has come.
    pub(crate) fn settle(&self) {
        let now = self.now();
        self.with(|state| {
            for id in std::mem::take(&mut state.pending) {
                let Some(instance) = state.instances.get_mut(&id) else { continue };
                if instance.gone_at.is_some_and(|at| at <= now) {
                    state.instances.remove(&id);
                    continue;
                }
                if instance.due.is_some_and(|due| due <= now) {
                    self.attempt(instance, &state.ports);
                }
                if instance.due.is_some() || instance.gone_at.is_some() {
                    state.pending.insert(id);
                }
            }
        });
    }

    /// Finishes the work on `instance`, or writes down why not.
    fn attempt(&self, instance: &mut Instance, ports: &BTreeMap<PortId, DesiredPort>) {
        if instance.state == InstanceState::Building && instance.desired.root.source.is_none() {
            let because =
                "the server's disk was built before and is not on its host any more; it is not made anew";
            instance.fault = Some(NodeError::Refused { because: because.to_owned() });
            instance.due = None;
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
                instance.fault = Some(error);
                instance.due = None;
            }
            Some(Effect::Hang(_)) | None => work::finish(instance),
        }
    }

    /// Rings when work that takes `how_long` is done. Under a fake clock a test rings by `tick`.
    fn ring_in(&self, how_long: Duration) {
        if how_long.is_zero() {
            return self.ring();
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
            let State { instances, ports, pending } = state;
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
                    self.attempt(instance, ports);
                }
                if instance.due.is_some() {
                    pending.insert(instance.desired.id);
                }
            }
            (instance.observed(), takes)
        })
    }

    fn remove_now(&self, id: ServerId) -> bool {
        let now = self.now();
        let takes = self.delays().remove;
        self.with(|state| {
            let Some(instance) = state.instances.get_mut(&id) else { return true };
            let gone_at = *instance.gone_at.get_or_insert_with(|| now.plus(takes));
            if gone_at <= now {
                state.instances.remove(&id);
                return true;
            }
            state.pending.insert(id);
            false
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
        self.ring_in(takes);
        answer(lost, observed)
    }

    async fn remove(&self, by: Epoch, id: ServerId) -> Result<bool, NodeError> {
        let lost = self.pass(Call::Remove, Some(id)).await?;
        self.0.obeyed.admit(by)?;
        self.settle();
        let gone = self.remove_now(id);
        self.ring_in(if gone { Duration::ZERO } else { self.delays().remove });
        answer(lost, gone)
    }

    async fn observe(&self) -> Result<Vec<ObservedInstance>, NodeError> {
        let lost = self.pass(Call::Observe, None).await?;
        self.settle();
        answer(lost, self.with(|state| state.instances.values().map(Instance::observed).collect()))
    }

    async fn set_aside(&self, by: Epoch, id: ServerId, note: SetAside) -> Result<(), NodeError> {
        let lost = self.pass(Call::Quarantine, Some(id)).await?;
        self.0.obeyed.admit(by)?;
        self.settle();
        let known = self.with(|state| {
            let instance = state.instances.get_mut(&id);
            instance.map(|instance| instance.aside.get_or_insert(note).since).is_some()
        });
        self.ring();
        answer(lost, known).and_then(|known| if known { Ok(()) } else { Err(no_server(id)) })
    }

    async fn take_back(&self, by: Epoch, id: ServerId) -> Result<(), NodeError> {
        let lost = self.pass(Call::Quarantine, Some(id)).await?;
        self.0.obeyed.admit(by)?;
        self.with(|state| state.instances.get_mut(&id).map(|instance| instance.aside = None));
        self.ring();
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
        self.remove(by, id).await
    }

    async fn console_output(&self, id: ServerId, lines: Option<u32>) -> Result<Vec<u8>, NodeError> {
        let lost = self.pass(Call::ConsoleOutput, Some(id)).await?;
        self.settle();
        let text = self.with(|state| state.instances.get(&id).map(Instance::console));
        let text = text.ok_or_else(|| no_server(id))?;
        answer(lost, console::tail(&text, lines).as_bytes().to_vec())
    }

    async fn export_disk(&self, id: ServerId, target: &Path) -> Result<u64, NodeError> {
        let lost = self.pass(Call::ExportDisk, Some(id)).await?;
        self.settle();
        let found = self.with(|state| state.instances.get(&id).map(|i| (i.state, i.desired.root.clone())));
        let (state, root) = found.ok_or_else(|| no_server(id))?;
        if state == InstanceState::Building {
            return Err(NodeError::NotYet { what: format!("the disk of server {id}") });
        }
        let target = target.to_owned();
        let writing = tokio::task::spawn_blocking(move || {
            disk::write(&target, disk::virtual_size(&root), &format!("disk of server {id}\n"))
        });
        let written = writing.await.map_err(std::io::Error::other).and_then(|written| written);
        let written = written.map_err(|error| NodeError::failed("writing the picture", error))?;
        answer(lost, written)
    }

    async fn apply_networking(
        &self,
        by: Epoch,
        desired: DesiredNetworking,
    ) -> Result<ObservedNetworking, NodeError> {
        let lost = self.pass(Call::ApplyNetworking, None).await?;
        self.0.obeyed.admit(by)?;
        self.with(|state| state.ports = desired.ports.into_iter().map(|port| (port.id, port)).collect());
        self.settle();
        answer(lost, self.with(|state| ObservedNetworking { ports: observed_ports(state) }))
    }

    fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.0.changed)
    }
}

fn observed_ports(state: &State) -> Vec<ObservedPort> {
    let plugged = |port: &DesiredPort| {
        let instance = port.server.and_then(|server| state.instances.get(&server));
        instance.is_some_and(|i| i.is_alive() && i.plugged.contains(&port.id))
    };
    let observe = |port: &DesiredPort| ObservedPort { id: port.id, up: port.admin_up && plugged(port) };
    state.ports.values().map(observe).collect()
}
