//! ISO 9660 and UDF: the volume descriptors start at sector 16.

use super::{Format, Found, Source, le16, le32};

const DESCRIPTORS: u64 = 32 << 10;
const SIGNATURES: [&[u8]; 3] = [b"CD001", b"NSR02", b"NSR03"];
const PRIMARY: u8 = 1;

/// Looks at the first volume descriptor.
pub(super) fn probe(source: &impl Source) -> Option<Found> {
    let descriptor = source.read(DESCRIPTORS, 2048)?;
    let signature = descriptor.get(1..6)?;
    if !SIGNATURES.contains(&signature) {
        return None;
    }
    let blocks = le32(&descriptor, 80)?;
    let block = le16(&descriptor, 128)?;
    let size = (descriptor.first() == Some(&PRIMARY)).then(|| u64::from(blocks) * u64::from(block));
    Some(Found { format: Format::Iso, virtual_size: size, dangers: Vec::new() })
}
