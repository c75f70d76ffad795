//! The disks of an instance, as they should be.

use kogge_ids::ImageId;
use serde::{Deserialize, Serialize};

use crate::VolumeSource;

/// A disk of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredDisk {
    /// Which of the instance's disks it is.
    pub slot: Slot,
    /// What is on it at first.
    pub source: DiskSource,
    /// Its size in MiB; 0 takes the image's own. One that grows is grown at the next start.
    pub size_mib: u64,
    /// How it is attached.
    pub bus: DiskBus,
    /// Its place in the order in which the firmware tries disks, from 1; one without is not booted.
    pub boot: Option<u32>,
    /// It was made before. A node that misses it reports a fault and never makes it anew: what was on it may come back,
    /// and an empty one in its place would be taken for it.
    pub made: bool,
}

/// What is on a disk at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DiskSource {
    /// A copy of an image.
    Image(ImageSource),
    /// Nothing.
    Blank,
    /// Nothing but the signature by which a guest knows a swap disk.
    Swap,
    /// A volume: made by a storage backend, and not the node's to make or remove.
    Volume(VolumeSource),
}

/// An image that a disk is made from. Its data come by [`crate::Node::put_image`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSource {
    /// The image.
    pub image: ImageId,
    /// SHA-512 of its data in hex: what a node knows them by. Unknown for disks that a version before made.
    pub digest: Option<String>,
    /// What its data are, or were. A node that made the disk knows that better.
    pub format: DiskFormat,
}

impl DesiredDisk {
    /// The image that the disk is made from, if it is made from one.
    #[must_use]
    pub const fn image(&self) -> Option<&ImageSource> {
        match &self.source {
            DiskSource::Image(image) => Some(image),
            DiskSource::Blank | DiskSource::Swap | DiskSource::Volume(_) => None,
        }
    }

    /// The volume that it is, if it is one.
    #[must_use]
    pub const fn volume(&self) -> Option<&VolumeSource> {
        match &self.source {
            DiskSource::Volume(volume) => Some(volume),
            DiskSource::Image(_) | DiskSource::Blank | DiskSource::Swap => None,
        }
    }
}

/// The name of a disk within its instance: 1 to 31 of a-z, 0-9 and `-`, with a letter first. Nodes name files by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slot(String);

impl Slot {
    /// The disk that the guest boots from, where it has one of its own.
    #[must_use]
    pub fn root() -> Self {
        Self("root".to_owned())
    }

    /// The additional empty disk of a flavor.
    #[must_use]
    pub fn ephemeral() -> Self {
        Self("ephemeral".to_owned())
    }

    /// One of several additional empty disks, counted from 0.
    #[must_use]
    pub fn ephemeral_of(number: usize) -> Self {
        if number == 0 { Self::ephemeral() } else { Self(format!("ephemeral-{}", number + 1)) }
    }

    /// The volume of an attachment: named by the attachment, so that one that comes again is another disk.
    #[must_use]
    pub fn volume(attachment: kogge_ids::AttachmentId) -> Self {
        let digits = attachment.uuid().simple().to_string();
        Self(format!("vol-{}", &digits[..20]))
    }

    /// A disk that the guest boots from instead of its own, so that this can be mended.
    #[must_use]
    pub fn rescue() -> Self {
        Self("rescue".to_owned())
    }

    /// The swap disk of a flavor.
    #[must_use]
    pub fn swap() -> Self {
        Self("swap".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slot {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let letter = name.starts_with(|c: char| c.is_ascii_lowercase());
        if letter && name.len() <= 31 && name.chars().all(good) {
            return Ok(Self(name));
        }
        Err("the slot of a disk is named by 1 to 31 of a-z, 0-9 and -, a letter first".to_owned())
    }
}

impl From<Slot> for String {
    fn from(slot: Slot) -> Self {
        slot.0
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A disk format that guests may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskFormat {
    /// Plain bytes.
    Raw,
    /// QEMU's copy-on-write format.
    Qcow2,
}

/// How a disk is attached; `hw_disk_bus` of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskBus {
    /// virtio-blk.
    #[default]
    Virtio,
    /// A SCSI controller, virtio-scsi mostly.
    Scsi,
    /// SATA.
    Sata,
    /// IDE, which only the older machine has.
    Ide,
    /// A USB stick.
    Usb,
}

impl DiskBus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Virtio, Self::Scsi, Self::Sata, Self::Ide, Self::Usb];

    /// OpenStack's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Virtio => "virtio",
            Self::Scsi => "scsi",
            Self::Sata => "sata",
            Self::Ide => "ide",
            Self::Usb => "usb",
        }
    }

    /// What a word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bus| bus.word() == word)
    }

    /// Whether every node knows it, whatever its version.
    #[must_use]
    pub const fn is_old(self) -> bool {
        matches!(self, Self::Virtio | Self::Scsi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_a_plain_name_that_leads_nowhere() {
        for good in ["root", "a", "vol-0a1b", &"x".repeat(31)] {
            assert_eq!(Slot::try_from(good.to_owned()).unwrap().as_str(), good);
        }
        for bad in ["", "../root", "a/b", "a.b", "Root", "-a", "1a", "a b", &"x".repeat(32)] {
            assert!(Slot::try_from(bad.to_owned()).is_err(), "{bad}");
            assert!(serde_json::from_value::<Slot>(bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_disk_reads_as_it_is_written_down() {
        let text = r#"{"slot": "root", "source": {"kind": "image", "image": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "digest": null, "format": "qcow2"}, "size_mib": 1024, "bus": "virtio", "boot": 1, "made": false}"#;
        let disk: DesiredDisk = serde_json::from_str(text).unwrap();
        assert_eq!(disk.image().unwrap().format, DiskFormat::Qcow2);
        assert_eq!(
            serde_json::from_value::<DesiredDisk>(serde_json::to_value(&disk).unwrap()).unwrap(),
            disk
        );
    }
}
