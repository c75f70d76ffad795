//! What a node needs of a data plane.

use std::os::fd::OwnedFd;

use async_trait::async_trait;
use kogge_dataplane::Dataplane;
use kogge_ids::PortId;
use kogge_node_api::{DesiredNetworking, NodeError, ObservedNetworking};

/// Networking as the node sees it: something that has taps for ports.
#[async_trait]
pub trait Wiring: Send + Sync {
    /// Takes up what an earlier life left.
    async fn recover(&self) -> Result<ObservedNetworking, NodeError>;

    /// Makes networking what `desired` says.
    async fn apply(&self, desired: DesiredNetworking) -> Result<ObservedNetworking, NodeError>;

    /// What is, without changing anything.
    async fn observe(&self) -> Result<ObservedNetworking, NodeError>;

    /// Opens the tap of a port; [`NodeError::NotYet`] until the port is part of the applied networking.
    async fn plug(&self, port: PortId) -> Result<OwnedFd, NodeError>;

    /// Takes the tap of a port away; no error where there is none.
    async fn unplug(&self, port: PortId) -> Result<(), NodeError>;
}

#[async_trait]
impl Wiring for Dataplane {
    async fn recover(&self) -> Result<ObservedNetworking, NodeError> {
        Self::recover(self).await
    }

    async fn apply(&self, desired: DesiredNetworking) -> Result<ObservedNetworking, NodeError> {
        Self::apply(self, desired).await
    }

    async fn observe(&self) -> Result<ObservedNetworking, NodeError> {
        Self::observe(self).await
    }

    async fn plug(&self, port: PortId) -> Result<OwnedFd, NodeError> {
        Self::plug(self, port).await
    }

    async fn unplug(&self, port: PortId) -> Result<(), NodeError> {
        Self::unplug(self, port).await
    }
}

/// A host without networking: instances without interfaces run, others are refused. Needs no root.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWiring;

#[async_trait]
impl Wiring for NoWiring {
    async fn recover(&self) -> Result<ObservedNetworking, NodeError> {
        Ok(ObservedNetworking::default())
    }

    async fn apply(&self, desired: DesiredNetworking) -> Result<ObservedNetworking, NodeError> {
        if desired == DesiredNetworking::default() {
            return Ok(ObservedNetworking::default());
        }
        Err(refused("networks"))
    }

    async fn observe(&self) -> Result<ObservedNetworking, NodeError> {
        Ok(ObservedNetworking::default())
    }

    async fn plug(&self, port: PortId) -> Result<OwnedFd, NodeError> {
        Err(refused(&format!("port {port}")))
    }

    async fn unplug(&self, _port: PortId) -> Result<(), NodeError> {
        Ok(())
    }
}

fn refused(what: &str) -> NodeError {
    NodeError::Refused { because: format!("{what}: this host runs without networking; start Kogge as root") }
}
