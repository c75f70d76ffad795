//! This machine as a node: QEMU and the Linux data plane.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kogge_config::{Accel, Config};
use kogge_dataplane::{Dataplane, DataplaneConfig, HostSide};
use kogge_node::{Guests, MetadataBook, NodeConfig, QemuNode, UserRange, VolumeBackend, Wiring};
use kogge_node_api::{Accelerator, Node, NodeError, NodeHandle};
use kogge_qemu::AccelSetting;
use tokio::task::JoinHandle;

use super::namespace;
use crate::cloud::services::{FILES, volumes_of};
use crate::cloud::{Hosts, Services};
use crate::data_dir::DataDir;

/// This machine: where its guests lie, and how its start went once that is over.
pub(super) struct Machine {
    /// The node's part of the data directory.
    pub(super) place: PathBuf,
    started: OnceLock<Result<RealNode, String>>,
    /// Its start, while nobody has waited for that.
    starting: Mutex<Option<JoinHandle<()>>>,
}

impl Machine {
    /// Starts the node behind our back; it joins `hosts` when it is there.
    pub(super) fn start(start: Start, hosts: Hosts) -> Arc<Self> {
        let place = start.data.join("node");
        let machine = Arc::new(Self { place, started: OnceLock::new(), starting: Mutex::default() });
        let starting = tokio::spawn(start.run(Arc::clone(&machine), hosts));
        *machine.starting.lock().unwrap_or_else(PoisonError::into_inner) = Some(starting);
        machine
    }

    /// Waits until its start is over, well or not.
    pub(super) async fn settled(&self) {
        let starting = self.starting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(starting) = starting {
            // one that panicked is over too
            let _ = starting.await;
        }
    }

    /// The node, once it works.
    pub(super) fn node(&self) -> Option<&RealNode> {
        self.started.get()?.as_ref().ok()
    }

    /// Why it does not start, where that is known.
    pub(super) fn failure(&self) -> Option<&str> {
        self.started.get()?.as_ref().err().map(String::as_str)
    }
}

/// The machine once it has joined. Cheap to clone.
#[derive(Clone)]
pub(super) struct RealNode {
    agent: QemuNode,
    dataplane: Arc<Dataplane>,
    accelerator: Accelerator,
}

/// What a real node is started from.
pub(in crate::cloud) struct Start {
    pub(in crate::cloud) config: Config,
    pub(in crate::cloud) data: DataDir,
    pub(in crate::cloud) host: String,
    pub(in crate::cloud) services: Services,
}

impl Start {
    /// Starts the node and lets it join; a node that does not start is told, and the APIs go on without.
    async fn run(self, machine: Arc<Machine>, hosts: Hosts) {
        match self.open().await {
            Ok(node) => {
                let handle = node.handle();
                let _ = machine.started.set(Ok(node));
                hosts.join(&self.host, handle);
            }
            Err(error) => {
                tracing::error!(%error, "this machine cannot run guests; `kogge doctor` says more");
                let _ = machine.started.set(Err(kogge_client::chain(&error)));
            }
        }
    }

    async fn open(&self) -> Result<RealNode, NodeError> {
        let book = MetadataBook::default();
        let place = self.data.join("node");
        let data = self.data.clone();
        let prefix = tokio::task::spawn_blocking(move || namespace::prefix(&data)).await;
        let prefix = prefix.map_err(std::io::Error::other).and_then(|prefix| prefix);
        let prefix = prefix.map_err(|error| NodeError::failed("naming the network namespaces", error))?;
        let dataplane = Arc::new(
            Dataplane::open(DataplaneConfig {
                prefix,
                data_dir: place.join("network"),
                host: HostSide { masquerade: self.config.network.masquerade, ..HostSide::default() },
                metadata: Arc::new(book.clone()),
            })
            .await?,
        );
        let mut node = NodeConfig::new(&self.host, place);
        node.cloud = Some(self.services.cloud);
        node.engine.accel = match self.config.hypervisor.accel {
            Accel::Auto => AccelSetting::Auto,
            Accel::Kvm => AccelSetting::Kvm,
            Accel::Tcg => AccelSetting::Tcg,
        };
        node.users = UserRange {
            first: self.config.hypervisor.guest_uid_first,
            count: self.config.hypervisor.guest_uid_count,
        };
        node.guests_as_root = self.config.hypervisor.guests_as_root;
        // as its backend has it, which leads to the place itself where several processes share one
        let volumes = volumes_of(&self.data);
        let volumes = volumes.canonicalize().unwrap_or(volumes);
        node.backends.insert(FILES.to_owned(), VolumeBackend::Files(volumes));
        for given in &self.config.volume.ceph {
            let access = VolumeBackend::Ceph {
                conf: given.conf.clone(),
                user: given.user.clone(),
                keyring: given.keyring.clone(),
            };
            node.backends.insert(given.name.clone(), access);
        }
        let agent = QemuNode::open(node, Arc::clone(&dataplane) as Arc<dyn Wiring>, book).await?;
        let accelerator = agent.facts().await?.accelerator;
        Ok(RealNode { agent, dataplane, accelerator })
    }
}

impl RealNode {
    pub(super) const fn accelerator(&self) -> Accelerator {
        self.accelerator
    }

    pub(super) fn handle(&self) -> NodeHandle {
        Arc::new(self.agent.clone())
    }

    /// Ends the agent; without `keep` also the guests, and their networks.
    pub(super) async fn end(&self, keep: bool) {
        if keep {
            return self.agent.shut_down(Guests::Keep).await;
        }
        self.agent.shut_down(Guests::Stop).await;
        if let Err(error) = self.dataplane.teardown().await {
            tracing::error!(%error, "networking could not be taken down");
        }
    }
}
