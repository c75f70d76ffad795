//! LUKS version 1; version 2 is refused as upstream does.

use super::{Format, Found, Source, be16, be32};

/// Looks at the header.
pub(super) fn probe(source: &impl Source) -> Option<Found> {
    let header = source.read(0, 108)?;
    if !header.starts_with(b"LUKS\xba\xbe") {
        return None;
    }
    let version = be16(&header, 6)?;
    let payload = u64::from(be32(&header, 104)?) * 512;
    let found = Found::safe(Format::Luks, source.length().saturating_sub(payload));
    Some(if version == 1 { found } else { found.danger(format!("LUKS version {version} is not supported")) })
}
