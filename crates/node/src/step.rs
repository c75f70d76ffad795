//! What to do next: a pure function of the record and of what the process is doing.

use kogge_node_api::{Power, RebootKind};
use kogge_qemu::RunState;

use crate::nics::NicStep;
use crate::record::Record;
use crate::volumes::VolumeStep;

/// The next thing to do for an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Take everything away.
    Destroy,
    /// Make the disks.
    Build,
    /// Start a process.
    Start,
    /// End the process.
    TakeDown {
        /// Ask the guest first.
        soft: bool,
        /// What for.
        why: Why,
    },
    /// Let the guest stand still.
    Pause,
    /// Let the guest go on.
    Resume,
    /// Keep the guest's memory.
    Suspend,
    /// Interrupt the guest.
    Interrupt,
    /// Something with a network interface of the running guest.
    Nic(NicStep),
    /// Something with a volume of the running guest.
    Volume(VolumeStep),
    /// Nothing: the desired state is reached.
    Settled,
    /// Nothing: the guest came to rest by itself and stays so.
    AtRest,
}

/// Why a process is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It shall be stopped.
    Stop,
    /// It is started again right after.
    Reboot,
    /// The guest powered itself off: only an empty shell is left.
    PoweredOff,
    /// The guest panicked.
    Panicked,
    /// Its disk is replaced.
    Rebuild,
    /// Its memory is kept.
    Suspend,
}

impl Step {
    /// A guest was asked for something, and nothing else is to be done meanwhile.
    pub(crate) const fn waits(&self) -> bool {
        matches!(self, Self::Nic(NicStep::Wait) | Self::Volume(VolumeStep::Wait))
    }
}

/// What to do next; `state` is `None` where there is no process, `plug` what there is to do with interfaces and volumes
/// that come and go.
pub(crate) fn next(record: &Record, state: Option<RunState>, plug: Option<Step>) -> Step {
    if record.removing {
        return Step::Destroy;
    }
    match state {
        None => next_without_process(record),
        Some(_) if !record.is_built() => Step::TakeDown { soft: false, why: Why::Rebuild },
        Some(state) => next_with_process(record, state, plug),
    }
}

fn next_without_process(record: &Record) -> Step {
    if !record.is_built() {
        return Step::Build;
    }
    let rests = record.rest.as_ref().is_some_and(|rest| rest.generation >= record.desired.generation);
    match record.desired.power {
        Power::Stopped | Power::Suspended => Step::Settled,
        Power::Running | Power::Paused if rests && !record.wants_reboot() => Step::AtRest,
        Power::Running | Power::Paused => Step::Start,
    }
}

fn next_with_process(record: &Record, state: RunState, plug: Option<Step>) -> Step {
    let reacts = matches!(state, RunState::Running | RunState::DiskFull);
    if record.desired.power == Power::Stopped {
        return Step::TakeDown { soft: reacts, why: Why::Stop };
    }
    if let Some(reboot) = record.desired.reboot.filter(|_| record.wants_reboot()) {
        let soft = reacts && reboot.kind == RebootKind::Soft;
        return Step::TakeDown { soft, why: Why::Reboot };
    }
    if reacts && record.desired.interrupt > record.interrupts {
        return Step::Interrupt;
    }
    match (state, record.desired.power) {
        (RunState::PoweredOff, _) => Step::TakeDown { soft: false, why: Why::PoweredOff },
        (RunState::Panicked, _) => Step::TakeDown { soft: false, why: Why::Panicked },
        (_, Power::Suspended) if record.memory.is_some() => Step::TakeDown { soft: false, why: Why::Suspend },
        // the memory fits only the devices that the guest has when it is read again
        (_, Power::Suspended) => plug.unwrap_or(Step::Suspend),
        (RunState::Running, Power::Paused) => Step::Pause,
        (RunState::Paused, Power::Running) => Step::Resume,
        (_, _) => plug.unwrap_or(Step::Settled),
    }
}

/// Whether a step under way has to be given up because of what is wanted now.
pub(crate) fn gives_up(step: &Step, record: &Record) -> bool {
    if record.removing {
        return *step != Step::Destroy;
    }
    let hard = record.wants_reboot() && record.desired.reboot.is_some_and(|r| r.kind == RebootKind::Hard);
    match step {
        // a soft reboot that was overtaken by a hard one or by a stop
        Step::TakeDown { soft: true, why: Why::Reboot } => hard || record.desired.power == Power::Stopped,
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
