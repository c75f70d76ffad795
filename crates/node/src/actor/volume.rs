//! Volumes of the running guest, as the actor handles them. What to do is decided in `volumes`.

use std::sync::Arc;

use kogge_node_api::{DesiredDisk, Hardware, IoLimits, NodeError, Slot};
use kogge_qemu::{Machine, QemuError, QmpError, disk_device};
use tokio::time::Instant;

use super::Actor;
use super::guest::Guest;
use super::work::{Done, Work};
use crate::host::Host;
use crate::open_volumes::{Wanted, open};
use crate::record::Held;
use crate::volumes::VolumeStep;

impl Actor {
    /// The volumes that the instance should have, with their passphrases.
    ///
    /// # Errors
    /// [`NodeError::NotYet`] until those were told, and until the instance was spoken of: after a restart of the machine it
    /// may have been evacuated, and another guest may write to its volumes.
    pub(super) fn wanted_volumes(&self) -> Result<Vec<Wanted>, NodeError> {
        self.record.desired.disks.iter().filter_map(|disk| self.wanted(disk)).collect()
    }

    fn wanted(&self, disk: &DesiredDisk) -> Option<Result<Wanted, NodeError>> {
        let volume = disk.volume()?;
        let what = || format!("the cloud to say that volume {} is still to be opened here", volume.volume);
        let passphrase = self.keys.of(&self.record.encrypted, volume).and_then(|passphrase| {
            if self.told { Ok(passphrase) } else { Err(NodeError::NotYet { what: what() }) }
        });
        Some(passphrase.map(|passphrase| Wanted { disk: disk.clone(), passphrase }))
    }

    /// Asks QEMU which volumes it has open, and what the guest may ask of its disks.
    pub(super) async fn look_at_volumes(&mut self) {
        let Guest::Held(machine, _) = &self.guest else { return };
        let limits = self.record.desired.hardware.disk_limits;
        self.volumes.hold_back(limits);
        if self.record.volumes.is_empty()
            && limits == IoLimits::default()
            && self.record.desired.disks.iter().all(|disk| disk.volume().is_none())
        {
            return;
        }
        // a monitor that does not answer is found out by asking for the guest's state
        let Ok(seen) = machine.disks().await else { return };
        self.volumes.look(seen);
        self.volumes.forget_refusals(&self.record.desired.disks);
    }

    /// Begins a step with a volume. It is written down before the volume is opened.
    pub(super) async fn begin_volume(
        &mut self,
        machine: Machine,
        step: &VolumeStep,
    ) -> Result<Option<Work>, NodeError> {
        let Some((_, slot)) = step.about() else { return Ok(None) };
        let disk = self.record.desired.disk(slot).cloned();
        let work: Work = match (step, disk) {
            (VolumeStep::Plug(_), Some(disk)) => {
                let (Some(held), Some(wanted)) = (Held::of(&disk), self.wanted(&disk)) else {
                    return Ok(None);
                };
                let wanted = wanted?;
                if !self.record.volumes.contains(&held) {
                    self.record.volumes.push(held);
                    self.save().await?;
                }
                let hardware = self.record.desired.hardware.clone();
                Box::pin(plug(Arc::clone(&self.host), machine, wanted, step.clone(), hardware))
            }
            (VolumeStep::Grow(_) | VolumeStep::Limit(_), Some(disk)) => {
                let limits = self.volumes.limits_of(&disk);
                Box::pin(adjust(machine, disk, step.clone(), limits))
            }
            (VolumeStep::Ask(slot), _) => {
                self.volumes.note_asked(slot, Instant::now());
                Box::pin(ask(machine, slot.clone()))
            }
            (VolumeStep::Close(slot), _) => Box::pin(close(machine, slot.clone())),
            (_, _) => return Ok(None),
        };
        Ok(Some(work))
    }

    /// Forgets a volume that is closed.
    pub(super) async fn forget_volume(&mut self, slot: &Slot) {
        self.record.volumes.retain(|held| held.slot != *slot);
        self.keys.forget(&self.record.desired, &mut self.record.encrypted);
        self.save_or_fail().await;
    }

    /// Forgets all volumes: the process that may have had them open is gone. The record is saved by whoever calls.
    pub(super) fn forget_volumes(&mut self) {
        self.record.volumes.clear();
        self.volumes = Default::default();
    }
}

async fn plug(
    host: Arc<Host>,
    machine: Machine,
    wanted: Wanted,
    step: VolumeStep,
    hardware: Hardware,
) -> Result<Done, NodeError> {
    let failed = |error| NodeError::failed("attaching the volume", error);
    let slot = wanted.disk.slot.clone();
    // what an interrupted try left
    machine.close_disk(slot.as_str()).await.map_err(failed)?;
    let open = open(&host.config.backends, wanted).await?;
    match machine.plug_disk(open, &hardware).await {
        Ok(()) => Ok(Done::Told),
        Err(error @ (QemuError::NoSlot | QemuError::Qmp(QmpError::Refused { .. }))) => {
            machine.close_disk(slot.as_str()).await.map_err(failed)?;
            Ok(Done::VolumeRefused(step, error.to_string()))
        }
        Err(error) => Err(failed(error)),
    }
}

async fn adjust(
    machine: Machine,
    disk: DesiredDisk,
    step: VolumeStep,
    limits: IoLimits,
) -> Result<Done, NodeError> {
    let node = disk.slot.as_str();
    let told = match &step {
        VolumeStep::Limit(_) => machine.limit_disk(node, limits).await,
        _ => machine.grow_disk(node, disk.size_mib.saturating_mul(1 << 20)).await,
    };
    match told {
        Ok(()) => Ok(Done::Told),
        Err(error @ QemuError::Qmp(QmpError::Refused { .. })) => {
            Ok(Done::VolumeRefused(step, error.to_string()))
        }
        Err(error) => Err(NodeError::failed("changing the volume", error)),
    }
}

async fn ask(machine: Machine, slot: Slot) -> Result<Done, NodeError> {
    let asked = machine.ask_for(&disk_device(slot.as_str())).await;
    asked.map_err(|error| NodeError::failed("detaching the volume", error))?;
    Ok(Done::Told)
}

async fn close(machine: Machine, slot: Slot) -> Result<Done, NodeError> {
    let closed = machine.close_disk(slot.as_str()).await;
    closed.map_err(|error| NodeError::failed("detaching the volume", error))?;
    Ok(Done::VolumeClosed(slot))
}
