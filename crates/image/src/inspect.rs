//! Which disk format a file really has, and whether it would reach outside of itself.
//!
//! Disk images are hostile input: a qcow2 may name a backing file, a VMDK may list extents on the host, and a file
//! that is declared raw may begin with a header that some later program believes (the CVE-2024-32498 family). So
//! the bytes are judged here before any other program opens the file. Nothing is ever opened by a name found
//! inside the image, no read is longer than 1 MiB and their number is bounded, whatever the headers claim.
//!
//! [`inspect`] reads a [`Source`]; [`judge`] compares with what the uploader declared. Formats and safety rules
//! follow `oslo_utils.imageutils.format_inspector` (fixed VHD, differencing disks and VHDX parents are stricter).

mod content;
mod iso;
mod judge;
mod luks;
mod partition;
mod qcow2;
mod qed;
mod source;
#[cfg(test)]
mod tests;
mod vdi;
mod vhd;
mod vhdx;
mod vmdk;

pub(crate) use content::Head;
pub use content::{Content, content};
pub(crate) use judge::{Judgement, judge};
pub(crate) use source::{FileSource, Source};

/// A disk format that can be recognized from bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    /// A raw disk with an MBR or GPT partition table.
    Partitioned,
    /// QEMU copy on write, any version.
    Qcow2,
    /// VMware.
    Vmdk,
    /// Microsoft virtual PC with its header at the start.
    Vhd,
    /// Raw data followed by a VHD footer.
    FixedVhd,
    /// Microsoft Hyper-V.
    Vhdx,
    /// VirtualBox.
    Vdi,
    /// ISO 9660 or UDF.
    Iso,
    /// Encrypted block device.
    Luks,
    /// QEMU enhanced disk.
    Qed,
}

impl Format {
    /// The name that glance uses for it; a partition table is `gpt` there.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Partitioned => "gpt",
            Self::Qcow2 => "qcow2",
            Self::Vmdk => "vmdk",
            Self::Vhd | Self::FixedVhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Vdi => "vdi",
            Self::Iso => "iso",
            Self::Luks => "luks",
            Self::Qed => "qed",
        }
    }
}

/// What one probe found: the format, its size as a disk, and why it must not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The recognized format.
    pub(crate) format: Format,
    /// Size of the disk that a guest would see, in bytes, where the header says it.
    pub(crate) virtual_size: Option<u64>,
    /// Reasons why nobody should open the file.
    pub(crate) dangers: Vec<String>,
}

impl Found {
    fn safe(format: Format, virtual_size: u64) -> Self {
        Self { format, virtual_size: Some(virtual_size), dangers: Vec::new() }
    }

    fn danger(mut self, why: impl Into<String>) -> Self {
        self.dangers.push(why.into());
        self
    }
}

/// Everything that was recognized in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inspection {
    /// One entry for each format whose signature is there; empty means raw.
    pub(crate) found: Vec<Found>,
    /// Length of the file in bytes.
    pub(crate) length: u64,
}

/// Looks for every known format. Never fails: what cannot be read is not that format.
pub(crate) fn inspect(source: &impl Source) -> Inspection {
    let mut found: Vec<Found> = [
        qcow2::probe(source),
        qed::probe(source),
        vmdk::probe(source),
        vhdx::probe(source),
        vdi::probe(source),
        luks::probe(source),
        iso::probe(source),
        partition::probe(source),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(vhd::probe(source));
    Inspection { found, length: source.length() }
}

/// A reason to stop an upload after its first bytes: content that is refused whatever follows.
fn early_refusal(head: &[u8]) -> Option<String> {
    let found = [qcow2::probe(head), qed::probe(head)].into_iter().flatten();
    found.flat_map(|one| one.dangers).next()
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
