//! Work that takes time: futures that own what they need, so that dropping one gives the work up.

use std::fs::File;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use kogge_ids::PortId;
use kogge_node_api::{NodeError, Slot};
use kogge_qemu::{Machine, Slots};
use tokio::time::Instant;

use super::guest::Guest;
use super::{Actor, Export, Step, Why};
use crate::disks::Copied;
use crate::host::Host;
use crate::nics::Nics;
use crate::open_volumes::Wanted;
use crate::record::{Password, Plug, Record, Rest};
use crate::volumes::{VolumeStep, Volumes};
use crate::{disks, launch, memory, step};

/// Work under way.
pub(super) type Work = BoxFuture<'static, Result<Done, NodeError>>;

/// What is being done.
pub(super) enum Doing {
    /// A step.
    Step(Step),
    /// A copy of the disk.
    Export,
}

impl Doing {
    /// Whether it has to be given up because of what is wanted now.
    pub(super) fn gives_up(&self, record: &Record) -> bool {
        match self {
            Self::Step(step) => step::gives_up(step, record),
            Self::Export => record.removing,
        }
    }
}

/// What was done.
pub(crate) enum Done {
    /// The disks are complete.
    Built,
    /// A process runs.
    Started(Machine),
    /// None runs, and none is left of the try.
    NotStarted(NodeError),
    /// The process is gone.
    Down(Why),
    /// Its memory is written down, with its devices in these places.
    Saved(Slots),
    /// A start without the memory that it should go on from is all that is left.
    MemoryLost(NodeError),
    /// The guest was told something; it has to be looked at.
    Told,
    /// QEMU did not take the interface of a port.
    NicRefused(PortId, String),
    /// Of this device nothing is left but, where the guest keeps it (true), an empty shell.
    Cleared(String, bool),
    /// QEMU did not do this with a volume.
    VolumeRefused(VolumeStep, String),
    /// The volume in this slot is closed.
    VolumeClosed(Slot),
    /// Nothing is left.
    Destroyed,
    /// A copy ended, well or not.
    Exported(Result<File, NodeError>, Export),
}

/// Drives the work; only to be called while there is some.
pub(super) async fn progress(work: &mut Option<(Doing, Work)>) -> Result<Done, NodeError> {
    match work {
        Some((_, work)) => work.await,
        None => std::future::pending().await,
    }
}

impl Actor {
    /// Begins a step; what has to be known after a loss of power is written down before.
    pub(super) async fn begin(&mut self, step: Step) -> Result<(), NodeError> {
        let host = Arc::clone(&self.host);
        let work: Work = match (step.clone(), &self.guest) {
            (Step::Destroy, guest) => {
                let machine = if let Guest::Held(machine, _) = guest { Some(machine.clone()) } else { None };
                host.book.forget(self.id);
                Box::pin(destroy(host, self.record.clone(), machine))
            }
            (Step::Build, _) => Box::pin(build(host, self.record.clone(), self.secret.clone())),
            (Step::Start, _) => {
                if !self.record.resumes() {
                    self.forget_memory().await?;
                }
                let volumes = self.wanted_volumes()?;
                let left = !self.record.volumes.is_empty();
                self.prepare_launch().await?;
                Box::pin(start(host, self.record.clone(), self.secret.clone(), volumes, left))
            }
            (Step::TakeDown { soft, why }, Guest::Held(machine, _)) => {
                let machine = machine.clone();
                self.rebooting = why == Why::Reboot;
                if why != Why::Suspend {
                    self.forget_memory().await?;
                }
                self.mark_ending().await?;
                Box::pin(take_down(host, machine, soft, why))
            }
            (Step::Nic(nic), Guest::Held(machine, _)) => {
                let machine = machine.clone();
                match self.begin_nic(machine, &nic).await? {
                    Some(work) => work,
                    None => return Ok(()),
                }
            }
            (Step::Volume(volume), Guest::Held(machine, _)) => {
                let machine = machine.clone();
                match self.begin_volume(machine, &volume).await? {
                    Some(work) => work,
                    None => return Ok(()),
                }
            }
            (Step::Pause, Guest::Held(machine, _)) => Box::pin(tell(machine.clone(), true)),
            (Step::Resume, Guest::Held(machine, _)) => {
                let machine = machine.clone();
                // from here on its disks change
                self.forget_memory().await?;
                Box::pin(tell(machine, false))
            }
            (Step::Interrupt, Guest::Held(machine, _)) => {
                let machine = machine.clone();
                self.record.interrupts = self.record.desired.interrupt;
                self.save().await?;
                Box::pin(interrupt(machine))
            }
            (Step::Suspend, Guest::Held(machine, _)) => {
                let (machine, dir) = (machine.clone(), self.dir.clone());
                Box::pin(async move { memory::save(host, &dir, &machine).await.map(Done::Saved) })
            }
            _ => return Ok(()),
        };
        self.work = Some((Doing::Step(step), work));
        Ok(())
    }

    async fn prepare_launch(&mut self) -> Result<(), NodeError> {
        self.record.launch += 1;
        self.record.count_reboots();
        self.record.interrupts = self.record.desired.interrupt;
        self.record.rest = None;
        self.record.plugs = self.record.desired.nics.iter().map(|nic| Plug::of(nic.port)).collect();
        self.record.note_volumes();
        self.nics = Nics::default();
        self.volumes = Volumes::default();
        if self.record.user.is_none() {
            self.record.user = self.host.users.take(self.id)?;
        }
        self.record.machine_type = Some(launch::machine_type(&self.host, &self.record));
        self.save().await
    }

    /// Begins the next wanted copy of a disk, if there is one.
    pub(super) fn begin_export(&mut self) -> bool {
        self.exports.retain(|export| !export.answer.is_closed());
        if self.exports.is_empty() {
            return false;
        }
        let export = self.exports.remove(0);
        match self.copied(&export.slot) {
            Ok(what) => {
                let work = copy(Arc::clone(&self.host), self.record.clone(), what, export);
                self.work = Some((Doing::Export, Box::pin(work)));
                true
            }
            Err(error) => {
                // who asked may have given up
                let _ = export.answer.send(Err(error));
                false
            }
        }
    }

    /// What is to be copied of the disk in a slot.
    fn copied(&self, slot: &Slot) -> Result<Copied, NodeError> {
        let missing = || NodeError::NotFound { kind: "Disk".to_owned(), id: slot.to_string() };
        let wait = || NodeError::NotYet { what: format!("the disk {slot} of server {}", self.id) };
        if !self.record.is_built() || matches!(self.guest, Guest::Lost(..)) {
            return Err(wait());
        }
        let disk = self.record.desired.disk(slot).ok_or_else(missing)?;
        let machine = if let Guest::Held(machine, _) = &self.guest { Some(machine.clone()) } else { None };
        let volume = disk.volume();
        if machine.is_some() && volume.is_some() && !self.volumes.has(slot) {
            return Err(wait());
        }
        let encrypted = volume.is_some_and(|volume| self.record.encrypted.contains(&volume.attachment));
        Copied::of(disk, encrypted, machine).ok_or_else(missing)
    }

    /// Takes over what work brought.
    pub(super) async fn finish(&mut self, result: Result<Done, NodeError>) {
        match result {
            Ok(Done::Built) => {
                self.record.built = self.record.desired.image().map(|image| image.image);
                self.record.disks = Some(disks::names(&self.record.desired));
                if self.record.password == Password::Awaited {
                    self.record.password = Password::OnDrive;
                    self.secret = None;
                }
                self.succeed();
                self.save_or_fail().await;
            }
            Ok(Done::Started(machine)) => {
                self.succeed();
                if self.record.password == Password::Awaited {
                    self.record.password = Password::OnDrive;
                    self.secret = None;
                }
                self.hold(machine).await;
            }
            Ok(Done::NotStarted(error)) => {
                self.forget_volumes();
                self.fail(error);
                self.save_or_fail().await;
            }
            Ok(Done::Down(why)) => self.went_down(why).await,
            Ok(Done::Saved(slots)) => {
                self.record.memory = Some(slots);
                self.succeed();
                self.save_or_fail().await;
                self.look().await;
            }
            Ok(Done::MemoryLost(because)) => {
                tracing::warn!(server.id = %self.id, %because, "a suspended guest starts anew");
                self.record.lost_memory = Some(because);
                self.succeed();
                if let Err(error) = self.forget_memory().await {
                    self.fail(error);
                }
            }
            Ok(Done::Told) => {
                self.succeed();
                self.look().await;
            }
            Ok(Done::NicRefused(port, because)) => {
                tracing::warn!(server.id = %self.id, port.id = %port, because, "an interface waits for the next start");
                self.nics.note_refused(port, because, Instant::now());
                self.succeed();
                self.look().await;
            }
            Ok(Done::Cleared(device, kept)) => {
                self.succeed();
                self.look().await;
                if !kept || !self.nics.has(&device) {
                    self.forget_plug_or_fail(&device).await;
                }
            }
            Ok(Done::VolumeRefused(step, because)) => {
                tracing::warn!(server.id = %self.id, ?step, because, "a step with a volume waits");
                self.volumes.note_refused(&step, because, Instant::now());
                self.succeed();
                self.look().await;
            }
            Ok(Done::VolumeClosed(slot)) => {
                self.succeed();
                self.look().await;
                self.forget_volume(&slot).await;
            }
            Ok(Done::Exported(result, export)) => {
                // who asked may have given up
                let _ = export.answer.send(result);
                self.look().await;
            }
            Ok(Done::Destroyed) => {}
            Err(error) => {
                self.fail(error);
                self.look().await;
            }
        }
    }

    async fn went_down(&mut self, why: Why) {
        self.guest = Guest::Absent;
        self.record.run = None;
        self.forget_volumes();
        let crash = match why {
            Why::Panicked => Some(Some("the guest's kernel panicked".to_owned())),
            Why::PoweredOff => Some(None),
            Why::Stop | Why::Reboot | Why::Rebuild | Why::Suspend => None,
        };
        if let Some(crash) = crash {
            self.record.rest = Some(Rest { generation: self.record.reached, crash });
        }
        self.succeed();
        self.save_or_fail().await;
    }

    /// The guest goes on, or starts anew: what was in its memory is not needed any more.
    pub(super) async fn forget_memory(&mut self) -> Result<(), NodeError> {
        let Some(before) = self.record.memory.take() else { return Ok(()) };
        if let Err(error) = self.save().await {
            self.record.memory = Some(before);
            return Err(error);
        }
        if let Err(error) = memory::forget(&self.dir).await {
            tracing::warn!(server.id = %self.id, %error, "the memory of a guest stays on the disk until it goes");
        }
        Ok(())
    }

    async fn forget_plug_or_fail(&mut self, device: &str) {
        if let Err(error) = self.forget_plug(device).await {
            self.fail(error);
        }
    }

    pub(super) async fn save_or_fail(&mut self) {
        if let Err(error) = self.save().await {
            self.fail(error);
        }
    }
}

async fn build(host: Arc<Host>, record: Record, secret: Option<String>) -> Result<Done, NodeError> {
    let _turn = host.starts.acquire().await.map_err(|error| NodeError::failed("making the disks", error))?;
    let dir = host.layout.instance(record.desired.id);
    if record.password == Password::Awaited {
        launch::make_drive(&dir, &record, secret).await?;
    }
    disks::build(&host.tool, &host.images, &dir, &record.desired).await?;
    Ok(Done::Built)
}

/// Starts a process. What an earlier try left (`left`), or this one, is ended first: it may have volumes open.
async fn start(
    host: Arc<Host>,
    record: Record,
    secret: Option<String>,
    volumes: Vec<Wanted>,
    left: bool,
) -> Result<Done, NodeError> {
    let dir = host.layout.instance(record.desired.id);
    if left {
        launch::end_all(&host, &dir).await?;
    }
    match launch::start(&host, &record, secret, volumes).await {
        Ok(done) => Ok(done),
        Err(error) => {
            launch::end_all(&host, &dir).await?;
            Ok(Done::NotStarted(error))
        }
    }
}

async fn take_down(host: Arc<Host>, machine: Machine, soft: bool, why: Why) -> Result<Done, NodeError> {
    let patience = host.config.patience;
    let limit = if why == Why::Reboot { patience.soft_reboot } else { patience.power_down };
    launch::take_down(&machine, soft.then_some(limit), patience.press_again).await;
    if machine.process.is_alive() {
        return Err(NodeError::failed("stopping the guest", "its process does not end even by force"));
    }
    Ok(Done::Down(why))
}

async fn tell(machine: Machine, pause: bool) -> Result<Done, NodeError> {
    let (step, told) = if pause {
        ("pausing the guest", machine.pause().await)
    } else {
        ("unpausing the guest", machine.resume().await)
    };
    told.map_err(|error| NodeError::failed(step, error))?;
    Ok(Done::Told)
}

async fn interrupt(machine: Machine) -> Result<Done, NodeError> {
    let told = machine.interrupt().await;
    told.map(|()| Done::Told).map_err(|error| NodeError::failed("interrupting the guest", error))
}

/// Ends every process of the instance, also one that was only starting, and removes all that belongs to it.
async fn destroy(host: Arc<Host>, record: Record, machine: Option<Machine>) -> Result<Done, NodeError> {
    let dir = host.layout.instance(record.desired.id);
    if let Some(machine) = machine {
        machine.end().await;
    }
    launch::end_all(&host, &dir).await?;
    let ports = record.plugs.iter().filter_map(|plug| plug.port);
    for port in record.desired.nics.iter().map(|nic| nic.port).chain(ports) {
        host.wiring.unplug(port).await?;
    }
    launch::clear_away(&host, &dir).await?;
    if let Some(uid) = record.user {
        host.users.give_back(uid);
    }
    Ok(Done::Destroyed)
}

async fn copy(host: Arc<Host>, record: Record, what: Copied, export: Export) -> Result<Done, NodeError> {
    let dir = host.layout.instance(record.desired.id);
    let user = host.users.of(record.user);
    let copied = disks::copy(&host.tool, &dir, user.as_ref(), what).await;
    Ok(Done::Exported(copied, export))
}
