//! The guest's process as its actor holds it: taken up, looked at, found dead.

use std::time::Duration;

use kogge_node_api::{NodeError, Power, RebootKind};
use kogge_qemu::{Event, FoundGuest, Machine, ProcessId, RunState, tail_lines};
use tokio::sync::broadcast;

use super::Actor;
use crate::blocking::with_files;
use crate::record::{Rest, Run};

/// How long a monitor may take to answer before the guest counts as lost.
const ANSWER: Duration = Duration::from_secs(20);
/// How long the process may take to vanish after its monitor hung up.
const VANISH: Duration = Duration::from_secs(5);

/// The guest's process.
pub(super) enum Guest {
    /// There is none.
    Absent,
    /// It runs and its monitor is ours.
    Held(Machine, broadcast::Receiver<Event>),
    /// It runs, but its monitor does not answer. With the number of the launch.
    Lost(ProcessId, u64),
}

impl Guest {
    /// Ends when something happened to the guest that is worth a look.
    pub(super) async fn stirs(&mut self) {
        match self {
            Self::Held(machine, events) => {
                tokio::select! {
                    // whatever it is: we ask what is, instead of believing what was
                    event = events.recv() => {
                        if matches!(event, Err(broadcast::error::RecvError::Closed)) {
                            machine.qmp().closed().await;
                        }
                    }
                    () = machine.qmp().closed() => {}
                }
            }
            Self::Absent | Self::Lost(..) => std::future::pending().await,
        }
    }
}

impl Actor {
    /// Finds out, at the start of the agent, what became of the guest.
    ///
    /// A guest that powers itself off leaves its process behind. So one whose process vanished while nobody looked was
    /// ended from outside, by a restart of the machine mostly: it is no crash, and what ran is started again.
    pub(super) async fn take_up(&mut self, found: Option<FoundGuest>) {
        let Some(found) = found else {
            // no process, nothing open; the record says so when it is saved next
            self.forget_volumes();
            return self.record.run = None;
        };
        let ending = self.record.run.as_ref().is_some_and(|run| run.launch == found.launch && run.ending);
        self.record.run = Some(Run { process: found.process, launch: found.launch, ending });
        self.record.launch = self.record.launch.max(found.launch);
        self.guest = Guest::Lost(found.process, found.launch);
        let rest = self.record.rest.clone();
        self.adopt().await;
        if matches!(self.guest, Guest::Absent) {
            // it was on its way out already
            self.record.rest = rest;
        }
    }

    /// Takes over a running guest.
    pub(super) async fn adopt(&mut self) {
        let Guest::Lost(process, launch) = self.guest else { return };
        if !process.is_alive() {
            return self.found_dead().await;
        }
        match tokio::time::timeout(ANSWER, Machine::adopt(process, &self.dir, launch)).await {
            Ok(Ok(machine)) => {
                tracing::info!(server.id = %self.id, process.pid = process.pid, "a running guest is taken over");
                self.hold(machine).await;
            }
            Ok(Err(_)) if !process.is_alive() => self.found_dead().await,
            Ok(Err(error)) => self.fault = Some(NodeError::failed("taking over the running guest", error)),
            Err(_) => {
                self.fault = Some(NodeError::failed("taking over the running guest", "QEMU does not answer"))
            }
        }
    }

    /// A guest whose monitor is deaf and that shall not go on as it is can only be killed.
    pub(super) async fn end_lost(&mut self) {
        let Guest::Lost(process, _) = self.guest else { return };
        let hard = self.record.desired.reboot.is_some_and(|reboot| reboot.kind == RebootKind::Hard);
        if self.record.desired.power != Power::Stopped && !(hard && self.record.wants_reboot()) {
            return;
        }
        if let Err(error) = self.mark_ending().await {
            return self.fail(error);
        }
        process.kill();
        if process.gone_within(VANISH).await {
            self.found_dead().await;
        }
    }

    /// Takes a machine into use.
    pub(super) async fn hold(&mut self, machine: Machine) {
        self.fault = None;
        let run = Run { process: machine.process, launch: machine.launch, ending: false };
        let ending = self.record.run.as_ref().is_some_and(|r| r.launch == run.launch && r.ending);
        self.record.run = Some(Run { ending, ..run });
        let events = machine.qmp().events();
        self.guest = Guest::Held(machine, events);
        if let Err(error) = self.save().await {
            self.fail(error);
        }
        self.look().await;
    }

    /// Looks what the guest is doing.
    pub(super) async fn look(&mut self) {
        let Guest::Held(machine, _) = &self.guest else { return };
        match tokio::time::timeout(ANSWER, machine.state()).await {
            Ok(Ok(state)) => {
                self.state = state;
                self.look_at_nics().await;
                self.look_at_volumes().await;
            }
            Ok(Err(_)) if machine.process.gone_within(VANISH).await => self.found_dead().await,
            Ok(Err(_)) | Err(_) => {
                self.fault =
                    Some(NodeError::failed("asking QEMU about the guest", "its monitor does not answer"));
                self.guest = Guest::Lost(machine.process, machine.launch);
            }
        }
    }

    /// The process is gone: by us, or it crashed.
    async fn found_dead(&mut self) {
        self.guest = Guest::Absent;
        self.forget_volumes();
        let Some(run) = self.record.run.take() else { return };
        let stays_off = self.record.desired.power == Power::Stopped || self.record.memory.is_some();
        if !run.ending && !stays_off {
            let because = self.last_words().await;
            tracing::warn!(server.id = %self.id, %because, "a guest's process ended by itself");
            self.record.rest = Some(Rest { generation: self.record.reached, crash: Some(because) });
        }
        if let Err(error) = self.save().await {
            self.fail(error);
        }
    }

    /// What QEMU said last.
    fn last_words(&self) -> impl Future<Output = String> + Send + use<> {
        let log = self.host.qemu_log(self.id);
        async move {
            let read = with_files("reading QEMU's log", move || log.end(4096)).await;
            let log = read.unwrap_or_default();
            let said =
                String::from_utf8_lossy(tail_lines(log.trim_ascii_end(), Some(3))).trim().replace('\n', "; ");
            if said.is_empty() { "QEMU ended without a word".to_owned() } else { said }
        }
    }

    /// Writes down that the process is about to be ended by us.
    pub(super) async fn mark_ending(&mut self) -> Result<(), NodeError> {
        match &mut self.record.run {
            Some(run) if !run.ending => run.ending = true,
            _ => return Ok(()),
        }
        self.save().await
    }

    /// True while the guest stands still because the host's disk is full.
    pub(super) fn is_starved(&self) -> bool {
        matches!(self.guest, Guest::Held(..)) && self.state == RunState::DiskFull
    }
}
