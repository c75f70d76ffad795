//! Interfaces of the running guest, as the actor handles them. What to do is decided in `nics`.

use std::sync::Arc;

use kogge_node_api::{Hardware, Nic, NodeError};
use kogge_qemu::{Machine, QemuError, QmpError, nic_device};
use tokio::time::Instant;

use super::Actor;
use super::guest::Guest;
use super::work::{Done, Work};
use crate::host::Host;
use crate::nics::NicStep;
use crate::record::Plug;
use crate::step::Step;

impl Actor {
    /// What there is to do with the guest's interfaces and volumes. One that is waited for holds up no other.
    pub(super) fn next_plug(&self) -> Option<Step> {
        let (patience, now) = (self.host.config.patience.unplug, Instant::now());
        let record = &self.record;
        let nic = self.nics.next(&record.desired.nics, &record.plugs, patience, now).map(Step::Nic);
        let volume =
            self.volumes.next(&record.desired.disks, &record.volumes, patience, now).map(Step::Volume);
        let (waiting, ready): (Vec<_>, Vec<_>) = [nic, volume].into_iter().flatten().partition(Step::waits);
        ready.into_iter().chain(waiting).next()
    }

    /// What the guest holds up.
    pub(super) fn deferred(&self) -> Option<NodeError> {
        let record = &self.record;
        let nic = self.nics.deferred(&record.desired.nics, &record.plugs);
        nic.or_else(|| self.volumes.deferred(&record.desired.disks, &record.volumes))
    }

    /// Asks QEMU which interfaces the guest has.
    pub(super) async fn look_at_nics(&mut self) {
        let Guest::Held(machine, _) = &self.guest else { return };
        // a monitor that does not answer is found out by asking for the guest's state
        let Ok(seen) = machine.nics().await else { return };
        let new = self.nics.look(seen, &self.record.desired.nics, &mut self.record.plugs);
        self.nics.forget_refusals(&self.record.desired.nics, &self.record.plugs);
        if new && let Err(error) = self.save().await {
            self.fail(error);
        }
    }

    /// Begins a step with an interface. What a kill would leave half done is written down before.
    pub(super) async fn begin_nic(
        &mut self,
        machine: Machine,
        step: &NicStep,
    ) -> Result<Option<Work>, NodeError> {
        let host = Arc::clone(&self.host);
        let work: Work = match step {
            NicStep::Plug(port) => {
                let wanted = self.record.desired.nics.iter().find(|nic| nic.port == *port).cloned();
                let Some(nic) = wanted else { return Ok(None) };
                if !self.record.plugs.iter().any(|plug| plug.device == nic_device(*port)) {
                    self.record.plugs.push(Plug::of(*port));
                    self.save().await?;
                }
                Box::pin(plug(host, machine, nic, self.record.desired.hardware.clone()))
            }
            NicStep::Ask(device) => {
                self.nics.note_asked(device, Instant::now());
                Box::pin(ask(machine, device.clone()))
            }
            NicStep::Cut(device) => {
                for plug in self.record.plugs.iter_mut().filter(|plug| plug.device == *device) {
                    plug.cut = true;
                }
                self.save().await?;
                tracing::warn!(server.id = %self.id, device, "a guest does not let go of an interface");
                Box::pin(clear(host, machine, self.note_of(device)))
            }
            NicStep::Clear(device) => Box::pin(clear(host, machine, self.note_of(device))),
            NicStep::Wait => return Ok(None),
        };
        Ok(Some(work))
    }

    fn note_of(&self, device: &str) -> Plug {
        let known = self.record.plugs.iter().find(|plug| plug.device == device).cloned();
        known.unwrap_or_else(|| Plug { device: device.to_owned(), port: None, cut: true })
    }

    /// Forgets an interface of which nothing is left.
    pub(super) async fn forget_plug(&mut self, device: &str) -> Result<(), NodeError> {
        let before = self.record.plugs.len();
        self.record.plugs.retain(|plug| plug.device != device);
        if self.record.plugs.len() == before { Ok(()) } else { self.save().await }
    }
}

/// The tap is made behind the rules of its port: [`NodeError::NotYet`] until those are in force.
async fn plug(host: Arc<Host>, machine: Machine, nic: Nic, hardware: Hardware) -> Result<Done, NodeError> {
    let device = nic_device(nic.port);
    let failed = |error| NodeError::failed("plugging in an interface", error);
    // what an interrupted try left: above all a tap that QEMU holds would be in the way
    machine.clear_nic(&device).await.map_err(failed)?;
    let tap = host.wiring.plug(nic.port).await?;
    match machine.plug_nic(&device, &nic.mac, nic.mtu, &hardware, tap).await {
        Ok(()) => Ok(Done::Told),
        Err(error @ (QemuError::NoSlot | QemuError::Qmp(QmpError::Refused { .. }))) => {
            machine.clear_nic(&device).await.map_err(failed)?;
            Ok(Done::NicRefused(nic.port, error.to_string()))
        }
        Err(error) => Err(failed(error)),
    }
}

async fn ask(machine: Machine, device: String) -> Result<Done, NodeError> {
    let asked = machine.ask_for(&device).await;
    asked.map_err(|error| NodeError::failed("unplugging an interface", error))?;
    Ok(Done::Told)
}

async fn clear(host: Arc<Host>, machine: Machine, plug: Plug) -> Result<Done, NodeError> {
    let cleared = machine.clear_nic(&plug.device).await;
    cleared.map_err(|error| NodeError::failed("unplugging an interface", error))?;
    if let Some(port) = plug.port {
        host.wiring.unplug(port).await?;
    }
    Ok(Done::Cleared(plug.device, plug.cut))
}
