//! VDI of VirtualBox. A differencing image names its parent by UUID and is refused.

use super::{Format, Found, Source, le32, le64};

const SIGNATURE: u32 = 0xBEDA_107F;
const DYNAMIC_OR_STATIC: std::ops::RangeInclusive<u32> = 1..=2;
const LINK_AND_PARENT: std::ops::Range<usize> = 0x1A8..0x1C8;

/// Looks at the first sector.
pub(super) fn probe(source: &impl Source) -> Option<Found> {
    let header = source.read(0, 512)?;
    if le32(&header, 0x40)? != SIGNATURE {
        return None;
    }
    let found = Found::safe(Format::Vdi, le64(&header, 0x170)?);
    let alone = header.get(LINK_AND_PARENT)?.iter().all(|byte| *byte == 0);
    if alone && DYNAMIC_OR_STATIC.contains(&le32(&header, 0x4C)?) {
        return Some(found);
    }
    Some(found.danger("it is a differencing VDI, which needs a parent file"))
}
