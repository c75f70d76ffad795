//! VHDX. Layout: Microsoft's MS-VHDX. The disk's size is in a metadata item found over two tables.

use super::{Format, Found, Source, le16, le32, le64};

const REGION_TABLES: [u64; 2] = [192 << 10, 256 << 10];
/// 8B7CA206-4790-4B9A-B8FE-575F050F886E, as stored.
const METADATA_REGION: [u8; 16] =
    [0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E];
/// 2FA54224-CD1B-4876-B211-5DBED83BF4B8
const VIRTUAL_DISK_SIZE: [u8; 16] =
    [0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8];
/// CAA16737-FA36-4D43-B3B6-33F0AA44E76B
const FILE_PARAMETERS: [u8; 16] =
    [0x37, 0x67, 0xA1, 0xCA, 0x36, 0xFA, 0x43, 0x4D, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B];
/// A8D35F2D-B30B-454D-ABF7-D3D84834AB0C
const PARENT_LOCATOR: [u8; 16] =
    [0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C];
const MOST_ENTRIES: usize = 2047;

/// Looks for the signature, then follows region and metadata table.
pub(super) fn probe(source: &impl Source) -> Option<Found> {
    if source.read(0, 8)? != b"vhdxfile" {
        return None;
    }
    let found = Found { format: Format::Vhdx, virtual_size: None, dangers: Vec::new() };
    Some(match metadata(source) {
        None => found.danger("its VHDX metadata cannot be read"),
        Some(Metadata { parent: true, .. }) => {
            found.danger("it is a differencing VHDX, which needs a parent file")
        }
        Some(Metadata { size: None, .. }) => found.danger("its VHDX metadata has no disk size"),
        Some(Metadata { size, .. }) => Found { virtual_size: size, ..found },
    })
}

struct Metadata {
    size: Option<u64>,
    parent: bool,
}

fn metadata(source: &impl Source) -> Option<Metadata> {
    let region = REGION_TABLES.iter().find_map(|at| region(source, *at))?;
    let head = source.read(region, 32)?;
    if !head.starts_with(b"metadata") {
        return None;
    }
    let count = usize::from(le16(&head, 10)?).min(MOST_ENTRIES);
    let table = source.read(region.checked_add(32)?, count.checked_mul(32)?)?;
    let mut metadata = Metadata { size: None, parent: false };
    for entry in table.chunks_exact(32) {
        let at = region.checked_add(u64::from(le32(entry, 16)?))?;
        if entry.starts_with(&VIRTUAL_DISK_SIZE) {
            metadata.size = le64(&source.read(at, 8)?, 0);
        } else if entry.starts_with(&FILE_PARAMETERS) {
            metadata.parent |= le32(&source.read(at, 8)?, 4)? & 0b10 != 0;
        } else if entry.starts_with(&PARENT_LOCATOR) {
            metadata.parent = true;
        }
    }
    Some(metadata)
}

fn region(source: &impl Source, table: u64) -> Option<u64> {
    let head = source.read(table, 16)?;
    if !head.starts_with(b"regi") {
        return None;
    }
    let count = usize::try_from(le32(&head, 8)?).ok()?.min(MOST_ENTRIES);
    let entries = source.read_up_to(table + 16, count * 32)?;
    entries
        .chunks_exact(32)
        .find(|entry| entry.starts_with(&METADATA_REGION))
        .and_then(|entry| le64(entry, 16))
}
