//! What an actor is told, and how it obeys.

use std::fs::File;
use std::sync::Mutex;

use kogge_node_api::{DesiredDisk, DesiredInstance, DiskSource, NodeError, ObservedInstance, Power, Slot};
use kogge_qemu::Machine;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinHandle};

use super::guest::Guest;
use super::{Actor, Course};
use crate::launch;
use crate::record::Password;
use crate::shut_down::Guests;

/// What an actor can be told.
pub(crate) enum Command {
    /// A desired state; answered when it is written down.
    Desire(Box<DesiredInstance>, oneshot::Sender<Result<ObservedInstance, NodeError>>),
    /// The instance shall go, if it was told no generation newer than this one.
    Remove(Option<i64>, oneshot::Sender<Result<(), NodeError>>),
    /// A copy of a disk is wanted.
    Export(Export),
    /// The guest's process is wanted, to look at it; nothing where none runs.
    Lend(oneshot::Sender<Option<Machine>>),
    /// Something that a step may wait for happened.
    Wake,
    /// The agent ends.
    ShutDown(Guests),
}

/// A wish for a copy of a disk.
pub(crate) struct Export {
    /// Which disk.
    pub slot: Slot,
    /// Takes the copy: an open file.
    pub answer: oneshot::Sender<Result<File, NodeError>>,
}

/// The way to an actor.
pub(crate) struct Handle {
    commands: mpsc::Sender<Command>,
    observed: watch::Receiver<ObservedInstance>,
    abort: AbortHandle,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Handle {
    pub(super) fn new(
        commands: mpsc::Sender<Command>,
        observed: watch::Receiver<ObservedInstance>,
        task: JoinHandle<()>,
    ) -> Self {
        Self { commands, observed, abort: task.abort_handle(), task: Mutex::new(Some(task)) }
    }

    /// The sender, to be used without holding the register of actors.
    pub(crate) fn commands(&self) -> mpsc::Sender<Command> {
        self.commands.clone()
    }

    /// What the actor saw last.
    pub(crate) fn observed(&self) -> ObservedInstance {
        self.observed.borrow().clone()
    }

    /// The task, for whoever waits for its end first.
    pub(crate) fn task(&self) -> Option<JoinHandle<()>> {
        self.task.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

impl Drop for Handle {
    /// An agent that is dropped leaves guests alone and does nothing more.
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl Actor {
    pub(super) async fn obey(&mut self, command: Option<Command>) -> Course {
        match command {
            None => return Course::Ends,
            Some(Command::ShutDown(guests)) => {
                self.shut_down(guests).await;
                return Course::Ends;
            }
            Some(Command::Desire(desired, answer)) => {
                let result = self.desire(*desired).await;
                // who asked may have given up
                let _ = answer.send(result.map(|()| self.view()));
            }
            Some(Command::Remove(generation, answer)) => {
                let allowed = self.may_remove(generation);
                let goes = allowed.is_ok();
                // who asked may have given up
                let _ = answer.send(allowed);
                if goes {
                    self.remove().await;
                }
            }
            Some(Command::Lend(answer)) => {
                let machine = match &self.guest {
                    Guest::Held(machine, _) => Some(machine.clone()),
                    Guest::Absent | Guest::Lost(..) => None,
                };
                // who asked may have given up
                let _ = answer.send(machine);
            }
            Some(Command::Export(export)) => self.exports.push(export),
            Some(Command::Wake) => self.try_again(),
        }
        Course::Goes
    }

    /// What had to wait may be possible now.
    fn try_again(&mut self) {
        if self.fault.as_ref().is_some_and(|fault| !fault.is_final()) {
            self.retry_at = None;
        }
    }

    /// Takes over a newer desired state; an older or the same one changes nothing.
    async fn desire(&mut self, mut desired: DesiredInstance) -> Result<(), NodeError> {
        if !std::mem::replace(&mut self.told, true) {
            self.try_again();
        }
        let secret = desired.metadata.admin_password.take();
        if secret.is_some() && self.record.password == Password::Awaited {
            // an agent that came back is told it again
            self.secret.clone_from(&secret);
            self.try_again();
        }
        let mut encrypted = self.record.encrypted.clone();
        if self.keys.take(&mut desired, &mut encrypted) {
            self.try_again();
        }
        if self.record.removing || !self.is_newer(&desired) {
            return Ok(());
        }
        self.keep_formats(&mut desired);
        let encrypted = std::mem::replace(&mut self.record.encrypted, encrypted);
        self.record.lost_memory = self.without_memory(&desired);
        let before = (std::mem::replace(&mut self.record.desired, desired), self.record.password);
        let rescue = self.record.desired.disk(&Slot::rescue());
        let anew = !self.record.is_built() || (rescue.is_some() && before.0.disk(&Slot::rescue()).is_none());
        if secret.is_some() && self.record.desired.config_drive && anew {
            self.record.password = Password::Awaited;
            self.secret = secret;
        }
        if let Err(error) = self.save().await {
            (self.record.desired, self.record.password) = before;
            self.record.encrypted = encrypted;
            return Err(error);
        }
        self.host.book.write(self.record.desired.metadata.clone());
        self.keys.forget(&self.record.desired, &mut self.record.encrypted);
        self.failures = 0;
        self.retry_at = None;
        Ok(())
    }

    /// An order to remove that comes late must not hit what was made since.
    fn may_remove(&self, generation: Option<i64>) -> Result<(), NodeError> {
        let newest = self.record.desired.generation;
        match generation {
            Some(generation) if generation < newest => Err(NodeError::Older { generation, newest }),
            _ => Ok(()),
        }
    }

    /// Whether a desired state is to be taken over.
    fn is_newer(&self, desired: &DesiredInstance) -> bool {
        let known = &self.record.desired;
        // taken up from a version that knew images by files, which say nothing here
        let unnamed = !self.record.is_built() && known.image().is_some_and(|image| image.digest.is_none());
        desired.generation > known.generation
            || (desired.generation == known.generation && unnamed && known != desired)
    }

    /// A guest that was off before its memory could be kept starts anew where it should go on.
    fn without_memory(&self, desired: &DesiredInstance) -> Option<NodeError> {
        let record = &self.record;
        let suspended =
            record.desired.power == Power::Suspended && record.reached == record.desired.generation;
        let goes_on = matches!(desired.power, Power::Running | Power::Paused);
        let because = "the guest was off when it was to be suspended";
        (suspended && goes_on && record.memory.is_none())
            .then(|| NodeError::failed(launch::RESUMING, because))
    }

    /// What a disk stands on was decided when it was built.
    fn keep_formats(&self, desired: &mut DesiredInstance) {
        for disk in &mut desired.disks {
            let before = self.record.desired.disk(&disk.slot).and_then(DesiredDisk::image);
            if let (DiskSource::Image(image), Some(before)) = (&mut disk.source, before)
                && self.record.built.is_some()
                && before.image == image.image
            {
                image.format = before.format;
            }
        }
    }

    async fn remove(&mut self) {
        self.failures = if self.record.removing { self.failures } else { 0 };
        self.retry_at = None;
        if !std::mem::replace(&mut self.record.removing, true) {
            self.exports.clear();
            // a disk that is too full to write this down is no reason to keep the instance
            if let Err(error) = self.save().await {
                tracing::warn!(server.id = %self.id, %error, "a removal goes on without being written down");
            }
        }
    }

    async fn shut_down(&mut self, guests: Guests) {
        self.work = None;
        if guests == Guests::Keep {
            return;
        }
        if let Err(error) = self.mark_ending().await {
            tracing::warn!(server.id = %self.id, %error, "a guest is stopped without its record saying so");
        }
        let patience = self.host.config.patience;
        match &self.guest {
            Guest::Absent => return,
            Guest::Held(machine, _) => {
                let asks = matches!(self.state, kogge_qemu::RunState::Running);
                launch::take_down(machine, asks.then_some(patience.power_down), patience.press_again).await;
            }
            Guest::Lost(process, _) => process.kill(),
        }
        let process = match &self.guest {
            Guest::Held(machine, _) => Some(machine.process),
            Guest::Lost(process, _) => Some(*process),
            Guest::Absent => None,
        };
        if !process.is_some_and(kogge_qemu::ProcessId::is_alive) {
            self.forget_volumes();
        }
        self.guest = Guest::Absent;
        self.record.run = None;
        if let Err(error) = self.save().await {
            tracing::warn!(server.id = %self.id, %error, "the end of a guest is not written down");
        }
    }
}
