//! What images of the pool are called.
//!
//! ```text
//! volume-ID            plain bytes, perhaps a clone that shares what is the same
//! volume-ID.luks       a LUKS container
//! volume-ID.b …        the same, after its contents were replaced an odd number of times
//! snapshot-ID …        likewise
//! base-DIGEST.raw      an image of the image service (or .qcow2: what it was before), which volumes are clones of
//! draft-…              half made
//! released-volume-ID   let go: nobody's any more
//! ```
//!
//! A disk is what lies at its second name (`.b`), else at its first: a single step changes what it is.

use std::collections::BTreeSet;

use kogge_node_api::{DiskFormat, ImageHead};

pub(super) use crate::side::Side;
use crate::{DiskId, RELEASED};

/// Ceph allows no longer ones.
const MOST: usize = 96;

/// What an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Plain bytes.
    Raw,
    /// A LUKS container.
    Luks,
}

/// A disk's image, as it was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub image: String,
    pub kind: Kind,
    pub side: Side,
}

/// The name of a disk's image.
pub(super) fn name(id: DiskId, side: Side, kind: Kind) -> String {
    let side = if side == Side::Second { ".b" } else { "" };
    let kind = if kind == Kind::Luks { ".luks" } else { "" };
    format!("{id}{side}{kind}")
}

/// All names that lie at one side of a disk.
pub(super) fn at(id: DiskId, side: Side) -> [String; 2] {
    [Kind::Raw, Kind::Luks].map(|kind| name(id, side, kind))
}

/// A disk on its way.
pub(super) fn draft(id: DiskId) -> String {
    format!("draft-{id}")
}

/// A disk that was let go.
pub(super) fn released(id: DiskId, kind: Kind) -> String {
    format!("{RELEASED}{}", name(id, Side::First, kind))
}

/// Names of images of the image service begin so.
pub(super) const BASE: &str = "base-";

/// An image of the image service. The same bytes in another format are another image.
pub(super) fn base(head: &ImageHead) -> String {
    let format = match head.format {
        DiskFormat::Raw => "raw",
        DiskFormat::Qcow2 => "qcow2",
    };
    // 256 bits of the digest are enough, and all of it is longer than a name may be
    let digest: String = head.digest.chars().take(64).collect();
    format!("{BASE}{digest}.{format}")
}

/// The disk whose image is called so.
pub(super) fn disk_of(name: &str) -> Option<DiskId> {
    let (stem, rest) = name.split_once('.').unwrap_or((name, ""));
    if !matches!(rest, "" | "b" | "luks" | "b.luks") {
        return None;
    }
    Some(match stem.split_once('-')? {
        ("volume", id) => DiskId::Volume(id.parse().ok()?),
        ("snapshot", id) => DiskId::Snapshot(id.parse().ok()?),
        _ => return None,
    })
}

/// Whether an image is ours.
pub(super) fn is_ours(name: &str) -> bool {
    disk_of(name).is_some() || name.starts_with(BASE) || name.starts_with("draft-")
}

/// Whether an image may be called so: one word that no tool takes for an option, another pool or a snapshot.
pub(super) fn is_word(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=MOST).contains(&name.len()) && !name.starts_with(['-', '.']) && name.chars().all(good)
}

/// Finds a disk among the images of the pool.
pub(super) fn find(all: &BTreeSet<String>, id: DiskId) -> Option<Found> {
    let sides = [Side::Second, Side::First].into_iter();
    let names = sides.flat_map(|side| [Kind::Raw, Kind::Luks].map(|kind| (side, kind)));
    let mut found = names.map(|(side, kind)| Found { image: name(id, side, kind), kind, side });
    found.find(|found| all.contains(&found.image))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_disks_and_the_second_one_wins() {
        let id = DiskId::Volume(kogge_ids::VolumeId::random());
        let mut all = BTreeSet::new();
        for side in [Side::First, Side::Second] {
            for image in at(id, side) {
                assert!(disk_of(&image) == Some(id) && is_ours(&image) && is_word(&image), "{image}");
            }
            all.insert(name(id, side, Kind::Luks));
            let found = find(&all, id).unwrap();
            assert_eq!((found.side, found.kind), (side, Kind::Luks));
        }
        let digest = "a".repeat(128);
        let head = |format| ImageHead { digest: digest.clone(), bytes: 1, format };
        assert_ne!(base(&head(DiskFormat::Raw)), base(&head(DiskFormat::Qcow2)));
        for ours in [draft(id), base(&head(DiskFormat::Qcow2))] {
            assert!(is_ours(&ours) && is_word(&ours) && disk_of(&ours).is_none(), "{ours}");
        }
        for kind in [Kind::Raw, Kind::Luks] {
            assert!(!is_ours(&released(id, kind)) && is_word(&released(id, kind)));
        }
        for bad in ["", "-x", ".x", "a/b", "a@b", "a b", "ä", &"x".repeat(97)] {
            assert!(!is_word(bad), "{bad}");
        }
    }
}
