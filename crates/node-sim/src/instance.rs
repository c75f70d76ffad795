//! The record of one simulated instance.

use std::collections::BTreeSet;

use kogge_clock::Timestamp;
use kogge_ids::PortId;
use kogge_node_api::{
    DesiredInstance, ImageSource, InstanceState, NodeError, ObservedInstance, Quarantined, SetAside,
};

use crate::console::{self, Mark};
use crate::volumes::Volumes;

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
    /// Number of the last interrupt.
    pub interrupts: i64,
    /// Ports of the interfaces that the guest has; nothing while it is off.
    pub plugged: BTreeSet<PortId>,
    /// Ports of interfaces that the guest kept though they were taken away: shells without network.
    pub shells: BTreeSet<PortId>,
    /// Volumes that its process has open.
    pub volumes: Volumes,
    /// The guest lets no interface or volume go while it runs.
    pub clings: bool,
    /// The guest has no slot for a further interface or volume until it starts anew.
    pub full: bool,
    /// Why the work is not done.
    pub fault: Option<NodeError>,
    /// When the work under way is done; `None` where nothing is under way.
    pub due: Option<Timestamp>,
    /// When the removal is done, once it was asked for.
    pub gone_at: Option<Timestamp>,
    /// Images that its disks wait for.
    pub lacks: Vec<ImageSource>,
    /// What the console shows.
    pub marks: Vec<Mark>,
    /// Since when and why it is in quarantine.
    pub aside: Option<SetAside>,
}

impl Instance {
    pub(crate) fn new(desired: DesiredInstance) -> Self {
        Self {
            desired,
            reached: 0,
            state: InstanceState::Building,
            reboots_done: 0,
            interrupts: 0,
            plugged: BTreeSet::new(),
            shells: BTreeSet::new(),
            volumes: Volumes::default(),
            clings: false,
            full: false,
            fault: None,
            due: None,
            gone_at: None,
            lacks: Vec::new(),
            marks: Vec::new(),
            aside: None,
        }
    }

    pub(crate) fn observed(&self) -> ObservedInstance {
        ObservedInstance {
            id: self.desired.id,
            reached: self.reached,
            state: self.state,
            disks_built: self.state != InstanceState::Building,
            reboots_done: self.reboots_done,
            holds: if self.is_alive() { self.volumes.held() } else { Vec::new() },
            fault: self.fault.clone(),
            deferred: self.deferred(),
            lacks: self.lacks.clone(),
            quarantined: self.aside.is_some(),
        }
    }

    /// What operators are told of it while it is in quarantine.
    pub(crate) fn quarantined(&self) -> Option<Quarantined> {
        Some(Quarantined {
            id: self.desired.id,
            note: self.aside.clone()?,
            name: self.desired.metadata.name.clone(),
            project_id: self.desired.metadata.project_id.clone(),
            running: self.is_alive(),
            bytes: 0,
            place: "in memory".to_owned(),
        })
    }

    /// What of the reached state the guest holds up.
    fn deferred(&self) -> Option<NodeError> {
        if let Some(port) = self.shells.iter().next() {
            let because = format!("the guest does not let go of the interface of port {port}");
            return Some(NodeError::failed("unplugging an interface", because));
        }
        let settled = self.is_alive() && self.reached >= self.desired.generation;
        let missing = self.desired.nics.iter().find(|nic| !self.plugged.contains(&nic.port));
        let Some(missing) = missing.filter(|_| settled) else {
            return self.volumes.deferred(&self.desired, settled).filter(|_| self.is_alive());
        };
        let step = format!("plugging in the interface of port {}", missing.port);
        Some(NodeError::failed(&step, "the guest has no free slot left for another interface"))
    }

    /// True where a running guest has other interfaces or volumes than it should.
    pub(crate) fn devices_differ(&self) -> bool {
        let wanted: BTreeSet<PortId> = self.desired.nics.iter().map(|nic| nic.port).collect();
        wanted != self.plugged || self.volumes.differ(&self.desired)
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
