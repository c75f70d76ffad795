//! The trait every node implements, and the register of nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use kogge_ids::ServerId;
use tokio::sync::Notify;

use crate::{
    Commanded, DesiredInstance, DesiredNetworking, Epoch, HostFacts, NodeError, ObservedInstance,
    ObservedNetworking, Quarantined, SetAside,
};

/// A machine that runs instances. All calls are idempotent and may be repeated at any time.
///
/// Every order bears the epoch of whoever gives it (`by`); one of an older epoch than was obeyed before is refused with
/// [`NodeError::Deposed`], and nothing of it is done. Questions bear none: anybody may ask.
#[async_trait]
pub trait Node: Send + Sync {
    /// What the host is and has.
    async fn facts(&self) -> Result<HostFacts, NodeError>;

    /// Gives the command to whoever asks, who has the right to it, in an epoch newer than all before and not older than
    /// `at_least`: from then on no order of an older one is obeyed.
    async fn take_command(&self, at_least: Epoch) -> Result<Epoch, NodeError>;

    /// Takes over the desired state of an instance and answers at once with what is; the node works on in the
    /// background and rings [`Node::changed`] when the observation changes. An older generation is ignored.
    async fn apply(&self, by: Epoch, desired: DesiredInstance) -> Result<ObservedInstance, NodeError>;

    /// Removes an instance with all that belongs to it: only ever called for one whose owner ordered that, never for one
    /// that nobody knows. True when nothing is left; false while it works on it.
    async fn remove(&self, by: Epoch, id: ServerId) -> Result<bool, NodeError>;

    /// Every instance on this node, wanted or not.
    async fn observe(&self) -> Result<Vec<ObservedInstance>, NodeError>;

    /// Puts an instance that the cloud does not know into quarantine: guest and disks stay as they are. The note of the
    /// first time stays. [`NodeError::NotFound`] where it is not here.
    async fn set_aside(&self, by: Epoch, id: ServerId, note: SetAside) -> Result<(), NodeError>;

    /// Takes an instance that the cloud knows again out of quarantine; no error where it is in none.
    async fn take_back(&self, by: Epoch, id: ServerId) -> Result<(), NodeError>;

    /// What is in quarantine, oldest first.
    async fn quarantine(&self) -> Result<Vec<Quarantined>, NodeError>;

    /// Removes an instance that is in quarantine, for good. True when nothing is left; false while it works on it.
    /// [`NodeError::Refused`] where it is not in quarantine.
    async fn discard(&self, by: Epoch, id: ServerId) -> Result<bool, NodeError>;

    /// The last `lines` lines of the serial console (all that is kept, where `None`).
    async fn console_output(&self, id: ServerId, lines: Option<u32>) -> Result<Vec<u8>, NodeError>;

    /// Writes a consistent, self-contained qcow2 copy of the root disk to `target`; answers its size in bytes.
    /// A half-written `target` of an earlier try is replaced.
    async fn export_disk(&self, id: ServerId, target: &Path) -> Result<u64, NodeError>;

    /// Makes networking on this node exactly what `desired` says and answers what is.
    async fn apply_networking(
        &self,
        by: Epoch,
        desired: DesiredNetworking,
    ) -> Result<ObservedNetworking, NodeError>;

    /// Rings when some observation changed. Carries no data: ask [`Node::observe`].
    fn changed(&self) -> Arc<Notify>;
}

/// A shared node.
pub type NodeHandle = Arc<dyn Node>;

/// The nodes that this process commands, by host name, and the names of the other hosts of the cloud.
#[derive(Clone, Default)]
pub struct Nodes(Arc<RwLock<Register>>);

#[derive(Default)]
struct Register {
    own: BTreeMap<String, Commanded>,
    elsewhere: BTreeSet<String>,
}

impl Nodes {
    /// No nodes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces the node called `host`, where nobody else may command it.
    pub fn insert(&self, host: &str, node: NodeHandle) {
        self.command(host, Commanded::new(node, Epoch::FIRST));
    }

    /// Adds or replaces the node called `host`, with the epoch in which it is commanded.
    pub fn command(&self, host: &str, node: Commanded) {
        self.write().own.insert(host.to_owned(), node);
    }

    /// Gives the node called `host` up: this process does not command it any more.
    pub fn leave(&self, host: &str) {
        self.write().own.remove(host);
    }

    /// The node called `host`.
    ///
    /// # Errors
    /// [`NodeError::Unreachable`] where this process commands none of this name.
    pub fn get(&self, host: &str) -> Result<Commanded, NodeError> {
        self.read().own.get(host).cloned().ok_or_else(|| NodeError::Unreachable {
            host: host.to_owned(),
            because: "no node of this name has joined".to_owned(),
        })
    }

    /// All nodes by name.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Commanded)> {
        self.read().own.iter().map(|(name, node)| (name.clone(), node.clone())).collect()
    }

    /// Says which other hosts the cloud has: other processes command them, now or when they are back.
    pub fn set_elsewhere(&self, hosts: BTreeSet<String>) {
        self.write().elsewhere = hosts;
    }

    /// The names of all hosts of the cloud.
    #[must_use]
    pub fn known(&self) -> BTreeSet<String> {
        let register = self.read();
        register.own.keys().chain(&register.elsewhere).cloned().collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Register> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Register> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
