//! What an actor tells the world.

use kogge_node_api::{InstanceState, NodeError, ObservedInstance, Power};
use kogge_qemu::RunState;

use super::Actor;
use super::guest::Guest;
use crate::record::Record;
use crate::rescue;
use crate::volumes::Volumes;

/// What is known from the record alone, before the actor looked around.
pub(super) fn of_record(record: &Record) -> ObservedInstance {
    let state = if record.run.is_some() { InstanceState::Running } else { without_process(record) };
    ObservedInstance {
        id: record.desired.id,
        reached: record.reached,
        state,
        disks_built: record.is_built(),
        reboots_done: record.reboots_done,
        holds: Volumes::default().holds(&record.volumes),
        fault: crash(record),
        deferred: record.lost_memory.clone().or_else(|| record.deferred.clone()),
        // the actor knows
        lacks: Vec::new(),
        // the agent knows, not the actor
        quarantined: false,
    }
}

fn without_process(record: &Record) -> InstanceState {
    match &record.rest {
        Some(rest) if rest.crash.is_some() => InstanceState::Crashed,
        Some(_) => InstanceState::Stopped,
        None if is_suspended(record) => InstanceState::Suspended,
        None if record.reached == 0 || !record.is_built() => InstanceState::Building,
        None => InstanceState::Stopped,
    }
}

/// Whether the guest is to go on from where it was, or was meant to.
fn is_suspended(record: &Record) -> bool {
    record.memory.is_some() || (record.is_built() && record.desired.power == Power::Suspended)
}

fn crash(record: &Record) -> Option<NodeError> {
    let because = record.rest.as_ref()?.crash.as_ref()?;
    Some(NodeError::failed("running the guest", because))
}

impl Actor {
    pub(super) fn view(&self) -> ObservedInstance {
        let state = match &self.guest {
            _ if self.rebooting => InstanceState::Running,
            Guest::Absent => without_process(&self.record),
            Guest::Lost(..) => InstanceState::Running,
            Guest::Held(..) => match self.state {
                RunState::Running => InstanceState::Running,
                RunState::Paused | RunState::DiskFull => InstanceState::Paused,
                RunState::PoweredOff => InstanceState::Stopped,
                RunState::Panicked => InstanceState::Crashed,
            },
        };
        let starved = || {
            let because = "no space is left on the host's disk; the guest goes on when there is";
            self.is_starved().then(|| NodeError::failed("writing to the guest's disk", because))
        };
        let fault = self.fault.clone().or_else(starved).or_else(|| crash(&self.record));
        let waits = !self.record.is_built() && !self.record.removing;
        let mut lacks = if waits { self.host.images.lacking(&self.record.desired) } else { Vec::new() };
        if lacks.is_empty() && matches!(self.guest, Guest::Absent) {
            lacks = rescue::lacking(&self.host, &self.dir, &self.record);
        }
        let holds = self.volumes.holds(&self.record.volumes);
        let seen = of_record(&self.record);
        // what was reached is not so any more: whoever ordered it tells it again, with the passphrases
        let untold = matches!(self.fault, Some(NodeError::NotYet { .. })) && self.wanted_volumes().is_err();
        let reached =
            if untold { seen.reached.min(self.record.desired.generation - 1) } else { seen.reached };
        ObservedInstance { reached, state, fault, lacks, holds, ..seen }
    }
}
