//! What the node does to an instance to reach its desired state: pure steps over the record.

use std::collections::BTreeSet;
use std::time::Duration;

use kogge_ids::PortId;
use kogge_node_api::{InstanceState, Power};

use crate::config::Delays;
use crate::console::{Mark, push};
use crate::instance::Instance;

/// How long the work that `instance` needs now takes.
pub(crate) fn duration(instance: &Instance, delays: &Delays) -> Duration {
    match (instance.state, instance.desired.power) {
        (InstanceState::Building, _) => delays.build,
        (InstanceState::Running | InstanceState::Paused, Power::Stopped | Power::Suspended) => delays.stop,
        (InstanceState::Running | InstanceState::Paused, _) if reboot_wanted(instance) => delays.reboot,
        (InstanceState::Running, Power::Paused) | (InstanceState::Paused, Power::Running) => delays.pause,
        (InstanceState::Running | InstanceState::Paused, _) if instance.devices_differ() => delays.plug,
        (
            InstanceState::Stopped | InstanceState::Crashed | InstanceState::Suspended,
            Power::Running | Power::Paused,
        ) => delays.start,
        _ => Duration::ZERO,
    }
}

/// Does the work: afterwards the instance is as desired.
pub(crate) fn finish(instance: &mut Instance) {
    let reboot = reboot_wanted(instance);
    let alive = instance.is_alive();
    let resumes = instance.state == InstanceState::Suspended && !reboot;
    match (instance.desired.power, alive) {
        (Power::Stopped, true) => push(&mut instance.marks, Mark::Down),
        (Power::Running | Power::Paused, true) if reboot => {
            push(&mut instance.marks, Mark::Down);
            push(&mut instance.marks, Mark::Boot);
        }
        (Power::Running | Power::Paused, false) if !resumes => push(&mut instance.marks, Mark::Boot),
        (_, _) => {}
    }
    instance.state = match instance.desired.power {
        Power::Running => InstanceState::Running,
        Power::Stopped => InstanceState::Stopped,
        Power::Paused => InstanceState::Paused,
        Power::Suspended => InstanceState::Suspended,
    };
    if alive && instance.desired.interrupt > instance.interrupts {
        push(&mut instance.marks, Mark::Interrupt);
    }
    instance.interrupts = instance.desired.interrupt;
    wire(instance, alive && !reboot);
    if let Some(reboot) = instance.desired.reboot {
        instance.reboots_done = instance.reboots_done.max(reboot.number);
    }
    instance.reached = instance.desired.generation;
    instance.fault = None;
    instance.due = None;
}

/// Gives the guest the interfaces and volumes that it should have. One that goes on running (`same`) may hold some of it up.
pub(crate) fn wire(instance: &mut Instance, same: bool) {
    let wanted: BTreeSet<PortId> = instance.desired.nics.iter().map(|nic| nic.port).collect();
    if !instance.is_alive() {
        instance.plugged.clear();
        instance.shells.clear();
        instance.volumes.start(None);
        return;
    }
    if !same {
        instance.plugged = wanted;
        instance.shells.clear();
        instance.volumes.start(Some(&instance.desired));
        return;
    }
    instance.volumes.plug(&instance.desired, instance.clings, instance.full);
    let gone: Vec<PortId> = instance.plugged.difference(&wanted).copied().collect();
    if instance.clings {
        instance.shells.extend(&gone);
    } else {
        instance.shells.clear();
    }
    instance.plugged.retain(|port| wanted.contains(port));
    if !instance.full {
        instance.plugged.extend(wanted.difference(&instance.shells));
    }
}

fn reboot_wanted(instance: &Instance) -> bool {
    instance.desired.reboot.is_some_and(|reboot| reboot.number > instance.reboots_done)
}
