//! A raw disk that begins with an MBR, protective or not. A FAT boot sector has the same last bytes and is no MBR.

use super::{Format, Found, Source};

/// Looks at the first sector.
pub(super) fn probe(source: &impl Source) -> Option<Found> {
    let sector = source.read(0, 512)?;
    let fat = sector.get(0x10) == Some(&2) && sector.get(0x15) == Some(&0xF8);
    let signed = sector.get(510..512) == Some(&[0x55, 0xAA]);
    (signed && !fat).then(|| Found::safe(Format::Partitioned, source.length()))
}
