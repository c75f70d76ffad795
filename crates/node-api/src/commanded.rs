//! A node as whoever commands its host sees it: every order bears the commander's epoch.

use std::time::Duration;

use kogge_ids::ServerId;

use crate::{
    Changes, ConsoleKind, ConsoleStream, Cursor, Data, DesiredInstance, DiskCopy, Epoch, Hello, HostFacts,
    ImageHead, NetworkingChange, NodeError, NodeHandle, ObservedInstance, ObservedNetworking, Quarantined,
    SetAside, Slot, Welcome,
};

/// A node, and the epoch in which it is commanded. A run takes one at its beginning and keeps it: once another process
/// commands the host, all that the run still orders is refused. Cheap to clone.
#[derive(Clone)]
pub struct Commanded {
    node: NodeHandle,
    epoch: Epoch,
}

impl Commanded {
    /// This node, commanded in this epoch.
    #[must_use]
    pub const fn new(node: NodeHandle, epoch: Epoch) -> Self {
        Self { node, epoch }
    }

    /// The epoch of all orders.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The node itself.
    #[must_use]
    pub const fn node(&self) -> &NodeHandle {
        &self.node
    }

    /// As [`crate::Node::hello`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn hello(&self, hello: Hello) -> Result<Welcome, NodeError> {
        self.node.hello(hello).await
    }

    /// As [`crate::Node::facts`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn facts(&self) -> Result<HostFacts, NodeError> {
        self.node.facts().await
    }

    /// As [`crate::Node::apply`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn apply(&self, desired: DesiredInstance) -> Result<ObservedInstance, NodeError> {
        self.node.apply(self.epoch, desired).await
    }

    /// As [`crate::Node::remove`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn remove(&self, id: ServerId, generation: i64) -> Result<bool, NodeError> {
        self.node.remove(self.epoch, id, generation).await
    }

    /// As [`crate::Node::observe`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn observe(&self) -> Result<Vec<ObservedInstance>, NodeError> {
        self.node.observe().await
    }

    /// As [`crate::Node::observe_since`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn observe_since(&self, cursor: Option<Cursor>, wait: Duration) -> Result<Changes, NodeError> {
        self.node.observe_since(cursor, wait).await
    }

    /// As [`crate::Node::set_aside`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn set_aside(&self, id: ServerId, note: SetAside) -> Result<(), NodeError> {
        self.node.set_aside(self.epoch, id, note).await
    }

    /// As [`crate::Node::take_back`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn take_back(&self, id: ServerId) -> Result<(), NodeError> {
        self.node.take_back(self.epoch, id).await
    }

    /// As [`crate::Node::quarantine`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn quarantine(&self) -> Result<Vec<Quarantined>, NodeError> {
        self.node.quarantine().await
    }

    /// As [`crate::Node::discard`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn discard(&self, id: ServerId) -> Result<bool, NodeError> {
        self.node.discard(self.epoch, id).await
    }

    /// As [`crate::Node::console_output`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn console_output(&self, id: ServerId, lines: Option<u32>) -> Result<Vec<u8>, NodeError> {
        self.node.console_output(id, lines).await
    }

    /// As [`crate::Node::open_console`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn open_console(&self, id: ServerId, kind: ConsoleKind) -> Result<ConsoleStream, NodeError> {
        self.node.open_console(id, kind).await
    }

    /// As [`crate::Node::put_image`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn put_image(&self, head: ImageHead, data: Data) -> Result<(), NodeError> {
        self.node.put_image(self.epoch, head, data).await
    }

    /// As [`crate::Node::export_disk`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn export_disk(&self, id: ServerId, slot: &Slot) -> Result<DiskCopy, NodeError> {
        self.node.export_disk(id, slot).await
    }

    /// As [`crate::Node::apply_networking`].
    ///
    /// # Errors
    /// Those of the node.
    pub async fn apply_networking(&self, change: NetworkingChange) -> Result<ObservedNetworking, NodeError> {
        self.node.apply_networking(self.epoch, change).await
    }
}
