//! What files of the backend are called.
//!
//! ```text
//! DIR/volume-ID.raw          plain bytes
//!    /volume-ID.qcow2        QEMU's format, on
//!    /volume-ID.base.raw     (or .base.qcow2) an image, shared with other volumes: a hard link of
//!    /bases/DIGEST.raw       (or .qcow2)
//!    /volume-ID.luks         a LUKS container
//!    /volume-ID.b.raw …      the same, after its contents were replaced an odd number of times
//!    /snapshot-ID.…          likewise
//!    /released-volume-ID.…   let go: nobody's any more
//!    /.draft-N-…             half made; removed at the next start
//! ```
//!
//! A disk is what lies at its second name (`.b.`), else at its first. So a single step changes what it is: the second name
//! appears, or goes again. What lies at the first while there is a second is left over.

use std::path::{Path, PathBuf};

use kogge_node_api::{DiskFormat, base_of_volume};

use crate::DiskId;
pub(super) use crate::side::Side;

/// The folder of images.
pub(super) const BASES: &str = "bases";

/// What a disk's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Plain bytes.
    Raw,
    /// QEMU's format, on a base or not.
    Qcow2,
    /// A LUKS container.
    Luks,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Raw, Self::Qcow2, Self::Luks];

    /// The ending of its name.
    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Luks => "luks",
        }
    }

    /// As QEMU opens the file itself.
    pub(super) const fn format(self) -> DiskFormat {
        match self {
            Self::Raw | Self::Luks => DiskFormat::Raw,
            Self::Qcow2 => DiskFormat::Qcow2,
        }
    }
}

/// The name of a disk's file.
pub(super) fn name(id: DiskId, side: Side, kind: Kind) -> String {
    let ending = kind.ending();
    match side {
        Side::First => format!("{id}.{ending}"),
        Side::Second => format!("{id}.b.{ending}"),
    }
}

/// The disk whose file, or whose base, is called so.
pub(super) fn disk_of(name: &str) -> Option<(DiskId, bool)> {
    let (stem, rest) = name.split_once('.')?;
    let id = match stem.split_once('-')? {
        ("volume", id) => DiskId::Volume(id.parse().ok()?),
        ("snapshot", id) => DiskId::Snapshot(id.parse().ok()?),
        _ => return None,
    };
    let rest = rest.strip_prefix("b.").unwrap_or(rest);
    let whole = Kind::ALL.iter().any(|kind| rest == kind.ending());
    (whole || matches!(rest, "base.raw" | "base.qcow2")).then_some((id, whole))
}

/// A disk's file, as it was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub path: PathBuf,
    pub kind: Kind,
    pub side: Side,
    /// What it stands on.
    pub base: Option<(PathBuf, DiskFormat)>,
}

impl Found {
    /// Its layers as `qemu-img` takes them.
    pub(super) fn layers(&self) -> String {
        let base = self.base.as_ref().map(|(path, format)| (path.as_path(), *format));
        kogge_qemu::layers(&self.path, self.kind.format(), base)
    }
}

/// Finds a disk's file.
pub(super) fn find(dir: &Path, id: DiskId) -> std::io::Result<Option<Found>> {
    for side in [Side::Second, Side::First] {
        for kind in Kind::ALL {
            let name = name(id, side, kind);
            let path = dir.join(&name);
            match std::fs::symlink_metadata(&path) {
                Ok(file) if file.is_file() => {
                    let base = if kind == Kind::Qcow2 { base(dir, &name)? } else { None };
                    return Ok(Some(Found { path, kind, side, base }));
                }
                Ok(_) => return Err(std::io::Error::other(format!("{name} is no plain file"))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(None)
}

fn base(dir: &Path, name: &str) -> std::io::Result<Option<(PathBuf, DiskFormat)>> {
    for format in [DiskFormat::Raw, DiskFormat::Qcow2] {
        let path = dir.join(base_of_volume(name, format));
        if path.try_exists()? {
            return Ok(Some((path, format)));
        }
    }
    Ok(None)
}

/// Every file that may lie at one of a disk's names: first what it is, then what it stands on.
pub(super) fn files(dir: &Path, id: DiskId, side: Side) -> Vec<PathBuf> {
    let whole = Kind::ALL.map(|kind| dir.join(name(id, side, kind)));
    let qcow2 = name(id, side, Kind::Qcow2);
    let bases = [DiskFormat::Raw, DiskFormat::Qcow2].map(|format| dir.join(base_of_volume(&qcow2, format)));
    whole.into_iter().chain(bases).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_disks_and_nothing_else_does() {
        let id = DiskId::Volume(kogge_ids::VolumeId::random());
        for side in [Side::First, Side::Second] {
            for kind in Kind::ALL {
                let name = name(id, side, kind);
                assert_eq!(disk_of(&name), Some((id, true)), "{name}");
                assert!(kogge_node_api::is_volume_file(&name));
            }
            let base = base_of_volume(&name(id, side, Kind::Qcow2), DiskFormat::Raw);
            assert_eq!(disk_of(&base), Some((id, false)), "{base}");
        }
        for other in
            ["volume-1.raw", "disk.raw", "bases", &format!("{id}.iso"), &format!("released-{id}.raw")]
        {
            assert_eq!(disk_of(other), None, "{other}");
        }
    }
}
