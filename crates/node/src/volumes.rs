//! Volumes of a running guest: what is open, what should be, and the one thing to do next.
//!
//! ```text
//!   wanted, not there:   note it ─▶ open it ─▶ device                no free slot: at the next start
//!   there, not wanted:   ask the guest, again and again ─▶ device gone ─▶ close it ─▶ forget the note
//!   there, too small:    grow it; limits that differ: set them
//! ```
//!
//! A note in the record says: this volume is open, or may be. It is there before the file is opened, and goes after it
//! is closed, so that whoever asks what the instance holds never hears too little. Nothing is ever closed behind the
//! back of a guest that does not let go.

use std::collections::BTreeMap;
use std::time::Duration;

use kogge_node_api::{DesiredDisk, HeldVolume, IoLimits, NodeError, Slot};
use kogge_qemu::{GuestDisk, effective};
use tokio::time::Instant;

use crate::nics::{ASK_AGAIN, ASK_SELDOM, TRY_AGAIN};
use crate::record::Held;

const MIB: u64 = 1 << 20;

/// What is known of the volumes of the present process.
#[derive(Debug, Default)]
pub(crate) struct Volumes {
    /// What QEMU has open, as it said last.
    seen: BTreeMap<String, GuestDisk>,
    /// Since when, and when last, the guest was asked to let a volume go.
    asked: BTreeMap<Slot, (Instant, Instant)>,
    /// What QEMU did not do with a volume: what it was, why not, and when that was.
    refused: BTreeMap<Slot, Refusal>,
    /// What the guest may ask of disks that are no volumes.
    own_limits: IoLimits,
}

#[derive(Debug)]
struct Refusal {
    step: &'static str,
    because: String,
    at: Instant,
}

/// The next thing to do with volumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VolumeStep {
    /// Give the guest the volume in this slot.
    Plug(Slot),
    /// Ask the guest to let it go.
    Ask(Slot),
    /// Close it: the guest let it go.
    Close(Slot),
    /// Make it as large as is wanted.
    Grow(Slot),
    /// Hold it back as is wanted.
    Limit(Slot),
    /// Nothing: the guest was asked.
    Wait,
}

impl VolumeStep {
    /// The step in words, and the slot.
    pub(crate) const fn about(&self) -> Option<(&'static str, &Slot)> {
        match self {
            Self::Plug(slot) => Some(("attaching the volume", slot)),
            Self::Ask(slot) | Self::Close(slot) => Some(("detaching the volume", slot)),
            Self::Grow(slot) => Some(("growing the volume", slot)),
            Self::Limit(slot) => Some(("setting limits of the volume", slot)),
            Self::Wait => None,
        }
    }
}

impl Volumes {
    /// Takes in how much the guest may ask of disks that are no volumes.
    pub(crate) const fn hold_back(&mut self, limits: IoLimits) {
        self.own_limits = limits;
    }

    /// How much the guest may ask of a disk.
    pub(crate) fn limits_of(&self, disk: &DesiredDisk) -> IoLimits {
        disk.volume().map_or(self.own_limits, |volume| volume.limits)
    }

    /// Takes in what QEMU says.
    pub(crate) fn look(&mut self, seen: Vec<GuestDisk>) {
        self.seen = seen.into_iter().map(|disk| (disk.node.clone(), disk)).collect();
        let seen = &self.seen;
        self.asked.retain(|slot, _| is_plugged(seen, slot));
    }

    /// Notes that the guest was asked to let a volume go.
    pub(crate) fn note_asked(&mut self, slot: &Slot, now: Instant) {
        self.asked.entry(slot.clone()).or_insert((now, now)).1 = now;
    }

    /// Notes that QEMU did not do a step.
    pub(crate) fn note_refused(&mut self, step: &VolumeStep, because: String, now: Instant) {
        if let Some((step, slot)) = step.about() {
            self.refused.insert(slot.clone(), Refusal { step, because, at: now });
        }
    }

    /// What to do next; `None` where all is as wanted, but for what [`Volumes::deferred`] says.
    pub(crate) fn next(
        &self,
        wanted: &[DesiredDisk],
        held: &[Held],
        patience: Duration,
        now: Instant,
    ) -> Option<VolumeStep> {
        let mut waits = false;
        for Held { slot, .. } in held.iter().filter(|held| !is_wanted(held, wanted)) {
            if !is_plugged(&self.seen, slot) {
                return Some(VolumeStep::Close(slot.clone()));
            }
            match self.unplugging(slot, patience, now) {
                Some(VolumeStep::Wait) => waits = true,
                None => {}
                step => return step,
            }
        }
        let due =
            |disk: &&DesiredDisk| self.refused.get(&disk.slot).is_none_or(|no| no.at + TRY_AGAIN <= now);
        let step = wanted.iter().filter(due).find_map(|disk| self.bring(disk));
        step.or_else(|| waits.then_some(VolumeStep::Wait))
    }

    fn unplugging(&self, slot: &Slot, patience: Duration, now: Instant) -> Option<VolumeStep> {
        let ask = || Some(VolumeStep::Ask(slot.clone()));
        let Some((first, last)) = self.asked.get(slot) else { return ask() };
        let slow = *first + patience <= now;
        match (*last + if slow { ASK_SELDOM } else { ASK_AGAIN } <= now, slow) {
            (true, _) => ask(),
            (false, false) => Some(VolumeStep::Wait),
            (false, true) => None,
        }
    }

    /// What a wanted disk lacks. One that is no volume comes and grows when the guest starts.
    fn bring(&self, disk: &DesiredDisk) -> Option<VolumeStep> {
        let slot = disk.slot.clone();
        let seen = self.seen.get(slot.as_str()).filter(|seen| seen.plugged);
        let is_volume = disk.volume().is_some();
        let Some(seen) = seen else { return is_volume.then_some(VolumeStep::Plug(slot)) };
        if effective(self.limits_of(disk)) != seen.limits {
            return Some(VolumeStep::Limit(slot));
        }
        (is_volume && seen.bytes < disk.size_mib.saturating_mul(MIB)).then_some(VolumeStep::Grow(slot))
    }

    /// What the guest or QEMU holds up, in words for its owner.
    pub(crate) fn deferred(&self, wanted: &[DesiredDisk], held: &[Held]) -> Option<NodeError> {
        let kept = held.iter().find(|held| !is_wanted(held, wanted) && is_plugged(&self.seen, &held.slot));
        if let Some(kept) = kept {
            let because = format!(
                "the guest does not let go of the volume of attachment {}; it is detached when the guest reacts, is \
                 rebooted hard, or is stopped",
                kept.attachment
            );
            return Some(NodeError::failed("detaching the volume", because));
        }
        let (disk, no) = wanted.iter().find_map(|disk| Some((disk, self.refused.get(&disk.slot)?)))?;
        let which = disk.volume().map_or_else(|| disk.slot.to_string(), |volume| volume.volume.to_string());
        Some(NodeError::failed(&format!("{} {which}", no.step), &no.because))
    }

    /// Forgets refusals of volumes that are as wanted by now, or not wanted any more.
    pub(crate) fn forget_refusals(&mut self, wanted: &[DesiredDisk]) {
        let settled: Vec<Slot> = self
            .refused
            .keys()
            .filter(|slot| {
                wanted.iter().find(|disk| disk.slot == **slot).is_none_or(|disk| self.bring(disk).is_none())
            })
            .cloned()
            .collect();
        self.refused.retain(|slot, _| !settled.contains(slot));
    }

    /// Whether the guest has a device of the volume in this slot.
    pub(crate) fn has(&self, slot: &Slot) -> bool {
        is_plugged(&self.seen, slot)
    }

    /// What the instance holds, as services are told.
    pub(crate) fn holds(&self, held: &[Held]) -> Vec<HeldVolume> {
        let size = |held: &Held| {
            self.seen.get(held.slot.as_str()).filter(|seen| seen.plugged).map(|seen| seen.bytes / MIB)
        };
        held.iter().map(|held| HeldVolume { attachment: held.attachment, size_mib: size(held) }).collect()
    }
}

fn is_plugged(seen: &BTreeMap<String, GuestDisk>, slot: &Slot) -> bool {
    seen.get(slot.as_str()).is_some_and(|disk| disk.plugged)
}

/// Whether a noted volume is one that should be there.
fn is_wanted(held: &Held, wanted: &[DesiredDisk]) -> bool {
    wanted.iter().any(|disk| {
        disk.slot == held.slot && disk.volume().is_some_and(|volume| volume.attachment == held.attachment)
    })
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
