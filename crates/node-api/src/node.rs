//! The trait every node implements, and the register of nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use kogge_ids::ServerId;

use crate::{
    Changes, Commanded, ConsoleKind, ConsoleStream, Cursor, Data, DesiredInstance, DiskCopy, Epoch, Hello,
    HostFacts, ImageHead, NetworkingChange, NodeError, ObservedInstance, ObservedNetworking, Quarantined,
    SetAside, Slot, Welcome,
};

/// A machine that runs instances. All calls are idempotent and may be repeated at any time, also late.
///
/// Every order bears the epoch of whoever gives it (`by`); one of an older epoch than was obeyed before is refused with
/// [`NodeError::Deposed`], and nothing of it is done. Questions bear none: anybody may ask. What is desired bears a
/// generation: an older one never wins over a newer one.
#[async_trait]
pub trait Node: Send + Sync {
    /// Agrees on a version of the protocol, and says what the node can do.
    ///
    /// # Errors
    /// [`NodeError::Refused`] where the versions do not meet.
    async fn hello(&self, hello: Hello) -> Result<Welcome, NodeError>;

    /// What the host is and has.
    async fn facts(&self) -> Result<HostFacts, NodeError>;

    /// Gives the command to whoever asks, who has the right to it, in an epoch newer than all before and not older than
    /// `at_least`: from then on no order of an older one is obeyed.
    async fn take_command(&self, at_least: Epoch) -> Result<Epoch, NodeError>;

    /// Takes over the desired state of an instance and answers at once with what is; the node works on in the
    /// background, and observers learn what comes of it. An older generation is ignored.
    async fn apply(&self, by: Epoch, desired: DesiredInstance) -> Result<ObservedInstance, NodeError>;

    /// Removes an instance with all that belongs to it: only ever called for one whose owner ordered that, never for one
    /// that nobody knows. True when nothing is left; false while it works on it.
    ///
    /// # Errors
    /// [`NodeError::Older`] where the node was told a generation newer than `generation`.
    async fn remove(&self, by: Epoch, id: ServerId, generation: i64) -> Result<bool, NodeError>;

    /// What changed since `cursor`: waits for so long until something does. Everything, and at once, where there is no
    /// cursor or it is one of an earlier life of the node.
    async fn observe_since(&self, cursor: Option<Cursor>, wait: Duration) -> Result<Changes, NodeError>;

    /// Every instance on this node, wanted or not.
    async fn observe(&self) -> Result<Vec<ObservedInstance>, NodeError> {
        Ok(self.observe_since(None, Duration::ZERO).await?.instances)
    }

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

    /// Opens a console of a guest that runs.
    ///
    /// # Errors
    /// [`NodeError::NotYet`] where the guest does not run, [`NodeError::Refused`] where it runs without such a console.
    async fn open_console(&self, id: ServerId, kind: ConsoleKind) -> Result<ConsoleStream, NodeError>;

    /// Takes the data of an image that instances may lack, and keeps them by their digest. Data that are here already are
    /// not asked for again.
    ///
    /// # Errors
    /// [`NodeError::Failed`] where the data break off, are not the ones that were named, or cannot be kept.
    async fn put_image(&self, by: Epoch, head: ImageHead, data: Data) -> Result<(), NodeError>;

    /// A consistent, self-contained copy of the disk in `slot` as it is at this moment: qcow2, whose content of an
    /// encrypted volume is its LUKS container as it is stored, never what is in it. Nothing of it stays on the node when
    /// it was read, or is dropped.
    async fn export_disk(&self, id: ServerId, slot: &Slot) -> Result<DiskCopy, NodeError>;

    /// Changes networking on this node, and answers what is. What is older than what was applied, by epoch and then by
    /// generation, and what builds on something else than what is held, changes nothing: the answer bears the number of
    /// what was applied.
    async fn apply_networking(
        &self,
        by: Epoch,
        change: NetworkingChange,
    ) -> Result<ObservedNetworking, NodeError>;
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
