//! The record of one simulated instance.

use kogge_clock::Timestamp;
use kogge_node_api::{DesiredInstance, InstanceState, NodeError, ObservedInstance};

use crate::console::{self, Mark};

/// An instance as the simulator holds it.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// The newest desired state.
    pub desired: DesiredInstance,
    /// As [`ObservedInstance::reached`].
    pub reached: i64,
    /// What it is doing.
    pub state: InstanceState,
    /// Number of the last reboot done.
    pub reboots_done: i64,
    /// Why the work is not done.
    pub fault: Option<NodeError>,
    /// When the work under way is done; `None` where nothing is under way.
    pub due: Option<Timestamp>,
    /// When the removal is done, once it was asked for.
    pub gone_at: Option<Timestamp>,
    /// What the console shows.
    pub marks: Vec<Mark>,
}

impl Instance {
    pub(crate) fn new(desired: DesiredInstance) -> Self {
        Self {
            desired,
            reached: 0,
            state: InstanceState::Building,
            reboots_done: 0,
            fault: None,
            due: None,
            gone_at: None,
            marks: Vec::new(),
        }
    }

    pub(crate) fn observed(&self) -> ObservedInstance {
        ObservedInstance {
            id: self.desired.id,
            reached: self.reached,
            state: self.state,
            reboots_done: self.reboots_done,
            fault: self.fault.clone(),
        }
    }

    /// True while a process would exist.
    pub(crate) const fn is_alive(&self) -> bool {
        matches!(self.state, InstanceState::Running | InstanceState::Paused)
    }

    pub(crate) fn console(&self) -> String {
        let metadata = &self.desired.metadata;
        console::render(
            &self.marks,
            &metadata.hostname,
            &self.desired.id.to_string(),
            self.desired.memory_mib,
        )
    }
}
