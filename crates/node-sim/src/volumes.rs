//! Volumes of a simulated guest: which its process has open, and how large it sees them.

use std::collections::{BTreeMap, BTreeSet};

use kogge_ids::AttachmentId;
use kogge_node_api::{DesiredInstance, HeldVolume, NodeError};

/// The volumes that a process has open or may have, with their sizes in MiB where the guest has a device of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Volumes(BTreeMap<AttachmentId, Option<u64>>);

fn wanted(desired: &DesiredInstance) -> BTreeMap<AttachmentId, u64> {
    let volume = |disk: &kogge_node_api::DesiredDisk| Some((disk.volume()?.attachment, disk.size_mib));
    desired.disks.iter().filter_map(volume).collect()
}

impl Volumes {
    /// A process that starts has just what is wanted; `None` where there is no process.
    pub(crate) fn start(&mut self, desired: Option<&DesiredInstance>) {
        let all = desired.map(wanted).unwrap_or_default();
        self.0 = all.into_iter().map(|(attachment, size)| (attachment, Some(size))).collect();
    }

    /// Gives a guest that goes on running what it should have. One that clings lets none go, and one that is full takes
    /// none.
    pub(crate) fn plug(&mut self, desired: &DesiredInstance, clings: bool, full: bool) {
        let wanted = wanted(desired);
        self.0.retain(|attachment, size| wanted.contains_key(attachment) || (clings && size.is_some()));
        for (attachment, size) in wanted {
            let has = self.0.get(&attachment).copied().flatten();
            if has.is_some() || !full {
                self.0.insert(attachment, Some(has.unwrap_or(0).max(size)));
            }
        }
    }

    /// What a step that failed may have opened.
    pub(crate) fn note(&mut self, desired: &DesiredInstance) {
        for attachment in wanted(desired).into_keys() {
            self.0.entry(attachment).or_insert(None);
        }
    }

    /// Whether the guest has others, or smaller ones, than it should.
    pub(crate) fn differ(&self, desired: &DesiredInstance) -> bool {
        let wanted = wanted(desired);
        let smaller = |(id, size): (&AttachmentId, &u64)| {
            self.0.get(id).copied().flatten().is_none_or(|has| has < *size)
        };
        self.0.keys().any(|attachment| !wanted.contains_key(attachment)) || wanted.iter().any(smaller)
    }

    pub(crate) fn held(&self) -> Vec<HeldVolume> {
        let held = |(attachment, size): (&AttachmentId, &Option<u64>)| HeldVolume {
            attachment: *attachment,
            size_mib: *size,
        };
        self.0.iter().map(held).collect()
    }

    /// Whether the guest has a device of it.
    pub(crate) fn has(&self, attachment: AttachmentId) -> bool {
        self.0.get(&attachment).is_some_and(Option::is_some)
    }

    /// What the guest holds up: a volume that it does not let go, or, where all else is as it should be (`settled`), one
    /// that it has no slot for.
    pub(crate) fn deferred(&self, desired: &DesiredInstance, settled: bool) -> Option<NodeError> {
        let wanted: BTreeSet<AttachmentId> = wanted(desired).into_keys().collect();
        if let Some(kept) = self.0.keys().find(|attachment| !wanted.contains(attachment)) {
            let because = format!("the guest does not let go of the volume of attachment {kept}");
            return Some(NodeError::failed("detaching the volume", because));
        }
        let missing = wanted.into_iter().find(|attachment| !self.has(*attachment)).filter(|_| settled)?;
        let step = format!("attaching the volume of attachment {missing}");
        Some(NodeError::failed(&step, "the guest has no free slot left for another device"))
    }
}
