//! This machine as a node: QEMU and the Linux data plane.

use std::sync::{Arc, OnceLock};

use kogge_config::{Accel, Config};
use kogge_dataplane::{Dataplane, DataplaneConfig, HostSide};
use kogge_node::{Guests, MetadataBook, NodeConfig, QemuNode, UserRange, Wiring};
use kogge_node_api::{Accelerator, Node, NodeError, NodeHandle};
use kogge_qemu::AccelSetting;

use super::namespace;
use crate::cloud::{Hosts, Services};
use crate::data_dir::DataDir;

/// The machine once it has joined. Cheap to clone.
#[derive(Clone)]
pub struct RealNode {
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
    /// Starts the node and lets it join; a node that does not start is told in the log, and the APIs go on without.
    pub(super) async fn run(self, place: Arc<OnceLock<RealNode>>, hosts: Hosts) {
        match self.open().await {
            Ok(node) => {
                let handle = Arc::new(node.agent.clone()) as NodeHandle;
                let _ = place.set(node);
                hosts.join(&self.host, handle);
            }
            Err(error) => tracing::error!(%error, "this machine cannot run guests; `kogge doctor` says more"),
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
