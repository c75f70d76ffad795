//! The public face: async calls that do their work on blocking threads, one at a time.

mod engine;
mod memory;

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use kogge_ids::PortId;
use kogge_node_api::{DesiredNetworking, NodeError, ObservedNetworking};

use crate::config::DataplaneConfig;
use engine::Engine;

/// The data plane of one node. Clones share it.
#[derive(Clone)]
pub struct Dataplane {
    engine: Arc<Mutex<Engine>>,
}

impl std::fmt::Debug for Dataplane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dataplane").finish_non_exhaustive()
    }
}

impl Dataplane {
    /// Opens the data plane: checks that the machine can do it, and changes nothing yet. Has to be called on a tokio
    /// runtime, on which the responders will run.
    ///
    /// # Errors
    /// [`NodeError::Refused`] with what is missing: root, a package, the kernel's bridge filter, or a usable prefix.
    pub async fn open(config: DataplaneConfig) -> Result<Self, NodeError> {
        let runtime = tokio::runtime::Handle::current();
        let engine = blocking(move || Engine::open(config, runtime)).await?;
        Ok(Self { engine: Arc::new(Mutex::new(engine)) })
    }

    /// Takes up what an earlier process of the same data directory left, running guests' traffic included: applies
    /// the state that was last applied, so that DHCP and metadata answer before the control plane speaks.
    ///
    /// # Errors
    /// As [`Dataplane::apply`].
    pub async fn recover(&self) -> Result<ObservedNetworking, NodeError> {
        self.with(Engine::recover).await
    }

    /// Makes everything as `desired` says. Applying the same twice changes nothing; a failure leaves what is not
    /// reached closed, and the next call goes on.
    ///
    /// # Errors
    /// The first of the steps that failed; the other steps are done all the same, as far as they are safe.
    pub async fn apply(&self, desired: DesiredNetworking) -> Result<ObservedNetworking, NodeError> {
        self.with(move |engine| engine.apply(desired)).await
    }

    /// What is, without changing anything.
    ///
    /// # Errors
    /// [`NodeError::Failed`] where the kernel cannot be asked.
    pub async fn observe(&self) -> Result<ObservedNetworking, NodeError> {
        self.with(|engine| engine.observe()).await
    }

    /// Makes the tap of a port, behind its firewall and on its network, and opens it: for QEMU's `-netdev
    /// tap,fd=…`, with a virtio-net header. The tap ends with the last copy of the descriptor.
    ///
    /// # Errors
    /// [`NodeError::NotYet`] where the port is not in the applied state, or a running guest holds its tap.
    pub async fn plug(&self, port: PortId) -> Result<OwnedFd, NodeError> {
        self.with(move |engine| engine.plug(port)).await
    }

    /// Takes the tap of a port away, whoever holds it. No error where there is none.
    ///
    /// # Errors
    /// [`NodeError::Failed`] where the kernel refuses.
    pub async fn unplug(&self, port: PortId) -> Result<(), NodeError> {
        self.with(move |engine| engine.unplug(port)).await
    }

    /// Removes everything that this data plane made on the host: responders, namespaces, links, rules and the saved
    /// state. Guests still running lose their network.
    ///
    /// # Errors
    /// The first of the steps that failed; the others are done.
    pub async fn teardown(&self) -> Result<(), NodeError> {
        self.with(Engine::teardown).await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Engine) -> Result<T, NodeError> + Send + 'static,
    ) -> Result<T, NodeError> {
        let engine = Arc::clone(&self.engine);
        blocking(move || work(&mut engine.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

/// Does `work` on a thread for blocking work. It is not stopped when the caller goes away.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NodeError> + Send + 'static,
) -> Result<T, NodeError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(NodeError::failed("work on the data plane", error)))
}
