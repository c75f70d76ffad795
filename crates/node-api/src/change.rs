//! What of networking changes on a node: the objects that changed and no others, in an order that cannot be mixed up.
//!
//! A change bears a generation and names the one that it builds on. A node that is not there, because a call was lost or
//! it lost its memory, takes nothing of it and answers where it is; it is then told the whole. So a late or doubled call
//! never brings back what went meanwhile, and no object arrives before what it refers to.

use std::net::IpAddr;

use kogge_ids::{NetworkId, PortId, RouterId, SecurityGroupId};
use serde::{Deserialize, Serialize};

use crate::DesiredNetworking;

/// A change of a node's networking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkingChange {
    /// Its number; higher than those of all changes before it.
    pub generation: u64,
    /// The generation that it builds on. `None`: `put` is the whole, and what it does not name goes.
    pub since: Option<u64>,
    /// Objects that are new or different, each whole: a network with its subnets, a group with its rules and members.
    #[serde(default)]
    pub put: DesiredNetworking,
    /// Objects that go.
    #[serde(default)]
    pub gone: GoneNetworking,
    /// Addresses that come to security groups or leave them, where nothing else of these changes.
    #[serde(default)]
    pub members: Vec<MembersChange>,
    /// Ports that the answer shall speak of, besides those in `put`.
    #[serde(default)]
    pub ask: Vec<PortId>,
    /// Makes everything that is desired true once more, also what does not change; the answer speaks of all ports.
    #[serde(default)]
    pub repair: bool,
}

/// Objects that go from a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneNetworking {
    /// Networks.
    #[serde(default)]
    pub networks: Vec<NetworkId>,
    /// Routers.
    #[serde(default)]
    pub routers: Vec<RouterId>,
    /// Ports.
    #[serde(default)]
    pub ports: Vec<PortId>,
    /// Security groups.
    #[serde(default)]
    pub security_groups: Vec<SecurityGroupId>,
}

/// How the members of a security group change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersChange {
    /// The group.
    pub group: SecurityGroupId,
    /// Addresses that are members now.
    #[serde(default)]
    pub come: Vec<IpAddr>,
    /// Addresses that are members no more.
    #[serde(default)]
    pub gone: Vec<IpAddr>,
}

impl NetworkingChange {
    /// The whole.
    #[must_use]
    pub fn whole(generation: u64, put: DesiredNetworking) -> Self {
        Self { generation, put, repair: true, ..Self::default() }
    }

    /// True where nothing becomes different by it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.since.is_some()
            && self.put.is_empty()
            && self.gone == GoneNetworking::default()
            && self.members.is_empty()
    }
}
