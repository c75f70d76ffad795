//! qcow2, versions 2 and 3; version 1 is recognized and refused. Layout: QEMU's `docs/interop/qcow2.txt`.

use super::{Format, Found, Source, be32, be64};

const MAGIC: u32 = 0x5146_49fb;
/// Length of the version 2 header; version 3 has 104 bytes.
const HEADER_V2: usize = 72;
/// Bits 0 to 3: dirty, corrupt, external data file, compression type. Anything else needs a newer reader.
const KNOWN_FEATURES: u64 = 0b1111;
const EXTERNAL_DATA_FILE: u64 = 1 << 2;
/// LUKS or AES: a guest could not be started without a key that we do not hold.
const NO_ENCRYPTION: u32 = 0;

/// Looks at the header.
pub(super) fn probe(source: &(impl Source + ?Sized)) -> Option<Found> {
    if be32(&source.read(0, 4)?, 0)? != MAGIC {
        return None;
    }
    let header = source.read_up_to(0, 112).unwrap_or_default();
    let found = Found { format: Format::Qcow2, virtual_size: be64(&header, 24), dangers: Vec::new() };
    Some(check(&header, found))
}

fn check(header: &[u8], mut found: Found) -> Found {
    let (Some(version), true) = (be32(header, 4), header.len() >= HEADER_V2) else {
        return found.danger("its qcow2 header is cut off");
    };
    if !(2..=3).contains(&version) {
        return found.danger(format!("qcow2 version {version} is not supported, only 2 and 3"));
    }
    if be64(header, 8) != Some(0) || be32(header, 16) != Some(0) {
        found = found.danger("it names a backing file");
    }
    if be32(header, 20).is_none_or(|bits| !(9..=21).contains(&bits)) {
        found = found.danger("its cluster size is out of range");
    }
    if found.virtual_size.is_none_or(|size| i64::try_from(size).is_err()) {
        found = found.danger("its virtual size is out of range");
    }
    if be32(header, 32) != Some(NO_ENCRYPTION) {
        found = found.danger("it is encrypted");
    }
    if version == 3 { check_features(header, found) } else { found }
}

fn check_features(header: &[u8], mut found: Found) -> Found {
    let (Some(features), Some(length)) = (be64(header, 72), be32(header, 100)) else {
        return found.danger("its qcow2 header is cut off");
    };
    if length < 104 {
        found = found.danger("its header length is out of range");
    }
    if features & EXTERNAL_DATA_FILE != 0 {
        found = found.danger("it keeps its data in an external file");
    }
    let unknown = features & !KNOWN_FEATURES;
    if unknown == 0 {
        found
    } else {
        found.danger(format!("it has unknown incompatible features {unknown:#x}"))
    }
}
