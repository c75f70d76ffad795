//! Volumes as nodes are told of them: where their data are, never how to make them.

use kogge_ids::{AttachmentId, VolumeId};
use serde::{Deserialize, Serialize};

use crate::DiskFormat;

/// A volume that a disk of an instance is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeSource {
    /// The volume. The guest reads the first 20 characters of its id as the serial number of the disk.
    pub volume: VolumeId,
    /// The tie between server and volume; another one is another disk, though the volume be the same.
    pub attachment: AttachmentId,
    /// Where its data are.
    pub place: VolumePlace,
    /// The passphrase of its LUKS container, if it is encrypted. A secret: nodes keep it only as long as the guest needs it.
    pub passphrase: Option<String>,
    /// The guest may not write to it.
    pub read_only: bool,
    /// Other guests use it at the same time: QEMU locks nothing then.
    pub shared: bool,
    /// How much the guest may ask of it.
    pub limits: IoLimits,
}

impl std::fmt::Debug for VolumeSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // the passphrase is a secret
        f.debug_struct("VolumeSource")
            .field("volume", &self.volume)
            .field("attachment", &self.attachment)
            .field("place", &self.place)
            .field("encrypted", &self.passphrase.is_some())
            .finish_non_exhaustive()
    }
}

/// Where the data of a volume are. A node finds a backend among its own settings by its name: no path comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum VolumePlace {
    /// A file in the directory of a backend.
    File {
        /// The backend.
        backend: String,
        /// The file's name: one word without slashes, as the backend made it.
        name: String,
        /// What the file is; with a passphrase it is a LUKS container in `raw`.
        format: DiskFormat,
    },
    /// An image of a Ceph cluster.
    Rbd {
        /// The backend: configuration, user and keyring are the node's own settings.
        backend: String,
        /// The pool.
        pool: String,
        /// The image's name.
        image: String,
    },
    /// Nowhere: a volume of a simulated cloud.
    Simulated,
}

/// Whether a file of a backend may be called so: one word that leads nowhere, and is no draft or hidden file.
#[must_use]
pub fn is_volume_file(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=200).contains(&name.len()) && !name.starts_with('.') && name.chars().all(good)
}

/// What the file below a qcow2 volume called `name` is called, where there is one: it lies beside it and needs no other.
#[must_use]
pub fn base_of_volume(name: &str, format: DiskFormat) -> String {
    let stem = name.strip_suffix(".qcow2").unwrap_or(name);
    match format {
        DiskFormat::Raw => format!("{stem}.base.raw"),
        DiskFormat::Qcow2 => format!("{stem}.base.qcow2"),
    }
}

/// Upper bounds of what a guest may ask of a disk; none where nothing is said. Operations and bytes in each second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IoLimits {
    /// Operations of any kind.
    pub total_iops: Option<u64>,
    /// Reads.
    pub read_iops: Option<u64>,
    /// Writes.
    pub write_iops: Option<u64>,
    /// Bytes of any kind.
    pub total_bytes: Option<u64>,
    /// Bytes read.
    pub read_bytes: Option<u64>,
    /// Bytes written.
    pub write_bytes: Option<u64>,
}

/// A volume that an instance has open, or may have: nobody else may change or remove its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldVolume {
    /// By which attachment.
    pub attachment: AttachmentId,
    /// How large the guest sees it, in MiB; nothing while it does not run.
    pub size_mib: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_volume_is_one_word_that_leads_nowhere() {
        for good in ["volume-1.raw", "a", "lv_1", &"x".repeat(200)] {
            assert!(is_volume_file(good), "{good}");
        }
        for bad in ["", ".", "..", ".draft-1", "a/b", "/etc/passwd", "a b", "a\0", &"x".repeat(201)] {
            assert!(!is_volume_file(bad), "{bad}");
        }
        assert_eq!(base_of_volume("volume-1.qcow2", DiskFormat::Raw), "volume-1.base.raw");
    }
}
