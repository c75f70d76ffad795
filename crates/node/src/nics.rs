//! Network interfaces of a running guest: what is, what should be, and the one thing to do next.
//!
//! ```text
//!   wanted, not there:   note it ─▶ tap behind its rules ─▶ device           no free slot: at the next start
//!   there, not wanted:   ask the guest, again and again ─▶ device gone ─▶ tap gone ─▶ forget it
//!                          └─ out of patience: cut the tap, leave the empty device, keep asking
//! ```
//!
//! A kill at any arrow leaves a note in the record; the next life finds it and goes on from what QEMU has.

use std::collections::BTreeMap;
use std::time::Duration;

use kogge_ids::PortId;
use kogge_node_api::{Nic, NodeError};
use kogge_qemu::{GuestDevice, port_of_device};
use tokio::time::Instant;

use crate::record::Plug;

/// A guest that does not react is asked again after so long: one that boots does not listen yet.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(4);
/// A guest that was asked for a long time is asked so often.
pub(crate) const ASK_SELDOM: Duration = Duration::from_secs(60);
/// A device that QEMU refused is tried again after so long.
pub(crate) const TRY_AGAIN: Duration = Duration::from_secs(60);

/// What is known of the interfaces of the present process.
#[derive(Debug, Default)]
pub(crate) struct Nics {
    /// The guest's devices, as QEMU said last.
    devices: Vec<String>,
    /// Since when, and when last, the guest was asked to let a device go.
    asked: BTreeMap<String, (Instant, Instant)>,
    /// Interfaces that QEMU did not take: why, and when that was.
    refused: BTreeMap<PortId, (String, Instant)>,
}

/// The next thing to do with interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NicStep {
    /// Give the guest the interface of this port.
    Plug(PortId),
    /// Ask the guest to let this device go.
    Ask(String),
    /// Take the network away from this device, which the guest does not let go.
    Cut(String),
    /// Take away what is left of this device, which is gone.
    Clear(String),
    /// Nothing: the guest was asked.
    Wait,
}

impl Nics {
    /// Takes in what QEMU says. Devices that no note is of yet, because a version without notes started the guest,
    /// get one; true where that happened.
    pub(crate) fn look(&mut self, seen: Vec<GuestDevice>, wanted: &[Nic], plugs: &mut Vec<Plug>) -> bool {
        let known = plugs.len();
        for device in &seen {
            if plugs.iter().any(|plug| plug.device == device.id) {
                continue;
            }
            let by_mac = || wanted.iter().find(|nic| nic.mac.eq_ignore_ascii_case(&device.mac));
            let port = port_of_device(&device.id).or_else(|| by_mac().map(|nic| nic.port));
            plugs.push(Plug { device: device.id.clone(), port, cut: false });
        }
        self.devices = seen.into_iter().map(|device| device.id).collect();
        self.asked.retain(|device, _| self.devices.contains(device));
        plugs.len() != known
    }

    /// Whether the guest has the device.
    pub(crate) fn has(&self, device: &str) -> bool {
        self.devices.iter().any(|one| one == device)
    }

    /// Notes that the guest was asked for a device.
    pub(crate) fn note_asked(&mut self, device: &str, now: Instant) {
        self.asked.entry(device.to_owned()).or_insert((now, now)).1 = now;
    }

    /// Notes that QEMU did not take the interface of a port.
    pub(crate) fn note_refused(&mut self, port: PortId, because: String, now: Instant) {
        self.refused.insert(port, (because, now));
    }

    /// What to do next; `None` where all is as wanted, but for what [`Nics::deferred`] says.
    pub(crate) fn next(
        &self,
        wanted: &[Nic],
        plugs: &[Plug],
        patience: Duration,
        now: Instant,
    ) -> Option<NicStep> {
        let mut waits = false;
        for plug in plugs {
            let there = self.has(&plug.device);
            match (there, is_wanted(plug, wanted)) {
                (_, true) => {}
                (false, false) => return Some(NicStep::Clear(plug.device.clone())),
                (true, false) => match self.unplugging(plug, wanted, patience, now) {
                    Some(NicStep::Wait) => waits = true,
                    None => {}
                    step => return step,
                },
            }
        }
        let lacks = |nic: &&Nic| {
            // a device of an earlier life of the same port has to go first
            !plugs.iter().any(|plug| plug.port == Some(nic.port) && self.has(&plug.device))
                && self.refused.get(&nic.port).is_none_or(|(_, at)| *at + TRY_AGAIN <= now)
        };
        let lacking = wanted.iter().find(lacks).map(|nic| NicStep::Plug(nic.port));
        lacking.or_else(|| waits.then_some(NicStep::Wait))
    }

    fn unplugging(&self, plug: &Plug, wanted: &[Nic], patience: Duration, now: Instant) -> Option<NicStep> {
        let Some((first, last)) = self.asked.get(&plug.device) else {
            return Some(NicStep::Ask(plug.device.clone()));
        };
        if !plug.cut && *first + patience <= now {
            return Some(NicStep::Cut(plug.device.clone()));
        }
        let in_the_way = wanted.iter().any(|nic| Some(nic.port) == plug.port);
        let pause = if plug.cut && !in_the_way { ASK_SELDOM } else { ASK_AGAIN };
        match (*last + pause <= now, plug.cut) {
            (true, _) => Some(NicStep::Ask(plug.device.clone())),
            (false, false) => Some(NicStep::Wait),
            (false, true) => None,
        }
    }

    /// What the guest holds up, in words for its owner.
    pub(crate) fn deferred(&self, wanted: &[Nic], plugs: &[Plug]) -> Option<NodeError> {
        let kept = plugs.iter().find(|plug| plug.cut && self.has(&plug.device));
        if let Some(plug) = kept {
            let which = plug.port.map_or_else(|| plug.device.clone(), |port| port.to_string());
            let because = format!(
                "the guest does not let go of the interface of port {which}; it has no network behind it any more, and \
                 is gone when the guest reacts, is rebooted, or is stopped and started"
            );
            return Some(NodeError::failed("unplugging an interface", because));
        }
        let refused = wanted.iter().find_map(|nic| Some((nic.port, &self.refused.get(&nic.port)?.0)));
        refused.map(|(port, because)| {
            NodeError::failed(&format!("plugging in the interface of port {port}"), because)
        })
    }

    /// Forgets refusals of ports that are there by now or not wanted any more.
    pub(crate) fn forget_refusals(&mut self, wanted: &[Nic], plugs: &[Plug]) {
        let devices = &self.devices;
        self.refused.retain(|port, _| {
            wanted.iter().any(|nic| nic.port == *port)
                && !plugs.iter().any(|p| p.port == Some(*port) && devices.contains(&p.device))
        });
    }
}

/// Whether a noted interface is one that should be. A shell without network never is.
fn is_wanted(plug: &Plug, wanted: &[Nic]) -> bool {
    !plug.cut && wanted.iter().any(|nic| Some(nic.port) == plug.port)
}

#[cfg(test)]
mod tests;
