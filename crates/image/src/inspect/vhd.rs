//! VHD ("Virtual PC"): dynamic disks have the footer's copy at the start, fixed ones only the footer.

use super::{Format, Found, Source, be32, be64};

const COOKIE: &[u8] = b"conectix";
const DIFFERENCING: u32 = 4;

/// Looks at the first sector, then at the last one.
pub(super) fn probe(source: &impl Source) -> Option<Found> {
    if let Some(head) = source.read(0, 512).filter(|head| head.starts_with(COOKIE)) {
        return Some(footer(&head, Format::Vhd));
    }
    let tail = source.read(source.length().checked_sub(512)?, 512)?;
    tail.starts_with(COOKIE).then(|| footer(&tail, Format::FixedVhd))
}

fn footer(sector: &[u8], format: Format) -> Found {
    let found = Found { format, virtual_size: be64(sector, 48), dangers: Vec::new() };
    match be32(sector, 60) {
        Some(2 | 3) => found,
        Some(DIFFERENCING) => found.danger("it is a differencing VHD, which needs a parent file"),
        _ => found.danger("its VHD disk type is not known"),
    }
}
