//! VMDK: only `monolithicSparse` and `streamOptimized`, whose data are in the file itself.
//!
//! Everything else (descriptor-only files, `COWD`, other create types, extents with a path) can name files of the
//! host. Layout: VMware's "Virtual Disk Format 5.0"; rules as in upstream's inspector, and stricter where readers
//! differ: QEMU (`block/vmdk.c`) takes a sparse file with the capacity 0 for a mere descriptor, looks for keys by
//! exact case and anywhere, and reads 20 sectors of descriptor whatever the header says.

use super::{Format, Found, Source, le32, le64};

const SECTOR: u64 = 512;
const DESCRIPTOR_AT: u64 = 512;
/// What QEMU reads of a descriptor, whatever its header says, in bytes.
const DESCRIPTOR_OF_QEMU: u64 = 20 * SECTOR;
/// What QEMU looks at to recognize a descriptor, in bytes.
const PROBED: usize = 512;
const GRAIN_DIRECTORY_AT_END: u64 = u64::MAX;
const ALLOWED_TYPES: [&str; 2] = ["monolithicsparse", "streamoptimized"];
const NO_PARENT: &str = "ffffffff";
const EXTENT_ACCESS: [&str; 3] = ["rw", "rdonly", "noaccess"];

/// Looks for the sparse header, the old ESX header, or a file that is only a descriptor.
pub(super) fn probe(source: &impl Source) -> Option<Found> {
    let magic = source.read(0, 4)?;
    match magic.as_slice() {
        b"KDMV" => Some(sparse(source)),
        b"COWD" => Some(nothing_known().danger("the VMDK subformat of ESX hosts is not allowed")),
        _ => text(source),
    }
}

fn nothing_known() -> Found {
    Found { format: Format::Vmdk, virtual_size: None, dangers: Vec::new() }
}

/// QEMU's own probe reads comments byte by byte, so what stands in them does not matter.
fn text(source: &impl Source) -> Option<Found> {
    let head = source.read_up_to(0, 64 * 1024)?;
    let first = first_statement(head.get(..head.len().min(PROBED))?);
    let versioned = first.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"version="));
    let whole = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let printable = |c: char| !c.is_control() || c.is_whitespace();
    let described = whole.starts_with("# disk descriptorfile")
        || (whole.chars().take(PROBED).all(printable) && whole.contains("createtype"));
    (versioned || described)
        .then(|| nothing_known().danger("it is a VMDK descriptor whose data are in other files"))
}

/// The rest of `text` from its first line that is neither empty nor a comment.
fn first_statement(text: &[u8]) -> &[u8] {
    let mut rest = text.trim_ascii_start();
    while rest.first() == Some(&b'#') {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        rest = rest.get(end..).unwrap_or_default().trim_ascii_start();
    }
    rest
}

fn sparse(source: &impl Source) -> Found {
    let Some(header) = source.read(0, 64) else {
        return nothing_known().danger("its VMDK header is cut off");
    };
    let found =
        Found { virtual_size: le64(&header, 12).and_then(|n| n.checked_mul(SECTOR)), ..nothing_known() };
    if !le32(&header, 4).is_some_and(|version| (1..=3).contains(&version)) {
        return found.danger("its VMDK version is not supported");
    }
    // a reader then takes the descriptor's word for where the data are
    if matches!(found.virtual_size, None | Some(0)) {
        return found.danger("its VMDK header names no usable capacity");
    }
    let at = le64(&header, 28).and_then(|n| n.checked_mul(SECTOR));
    if at != Some(DESCRIPTOR_AT) {
        return found.danger("its VMDK descriptor is at a wrong place");
    }
    let declared = le64(&header, 36).and_then(|n| n.checked_mul(SECTOR)).unwrap_or(u64::MAX);
    let found = match descriptor_text(source, declared).and_then(|text| descriptor(&text)) {
        Ok(()) => found,
        Err(why) => found.danger(why),
    };
    if le64(&header, 56) == Some(GRAIN_DIRECTORY_AT_END) { footer(source, &header, found) } else { found }
}

/// The descriptor in lower case. Some readers take as much as the header says, QEMU always takes 20 sectors; all of
/// them end at the first NUL, so there must be one before the shorter of the two ends.
fn descriptor_text(source: &impl Source, declared: u64) -> Result<String, String> {
    let most = usize::try_from(declared.min(DESCRIPTOR_OF_QEMU)).unwrap_or(0);
    let bytes = source.read_up_to(DESCRIPTOR_AT, most).ok_or("its VMDK descriptor is cut off")?;
    let end = bytes.iter().position(|byte| *byte == 0).ok_or("its VMDK descriptor does not end")?;
    let text = bytes.get(..end).filter(|text| text.is_ascii());
    let text = text.ok_or("its VMDK descriptor is not ASCII text")?;
    Ok(String::from_utf8_lossy(text).to_ascii_lowercase())
}

fn descriptor(text: &str) -> Result<(), String> {
    let kind = only(text, "createtype")?.and_then(|rest| rest.strip_prefix("=\"")?.split_once('"'));
    if !kind.is_some_and(|(kind, _)| ALLOWED_TYPES.contains(&kind)) {
        return Err("its VMDK subformat is not allowed, only monolithicSparse and streamOptimized".into());
    }
    let parent = only(text, "parentcid")?;
    let alone = parent.is_none_or(|rest| rest.trim_start_matches([' ', '=']).starts_with(NO_PARENT));
    if !alone || text.contains("parentfilenamehint") {
        return Err("it is a VMDK snapshot, which needs a parent file".into());
    }
    let mut extents = 0;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        extents += usize::from(extent(line)?);
    }
    if extents == 1 {
        Ok(())
    } else {
        Err(format!("its VMDK descriptor lists {extents} extents instead of one"))
    }
}

/// What follows the only place of `key`. Readers search for keys anywhere in the text, comments and values included,
/// some by exact case and some not: a key that is there twice says different things to different readers.
fn only<'t>(text: &'t str, key: &str) -> Result<Option<&'t str>, String> {
    let mut places = text.split(key).skip(1);
    let Some(_) = places.next() else { return Ok(None) };
    if places.next().is_some() {
        return Err(format!(
            "its VMDK descriptor says {key} more than once, which its readers understand differently"
        ));
    }
    Ok(text.split_once(key).map(|(_, rest)| rest))
}

/// True if the line declares an extent.
fn extent(line: &str) -> Result<bool, String> {
    let mut words = line.split_ascii_whitespace();
    if !words.next().is_some_and(|access| EXTENT_ACCESS.contains(&access)) {
        let key = line.split_once('=').map(|(key, _)| key.trim_end());
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        return match key {
            Some(key) if !key.is_empty() && key.chars().all(plain) => Ok(false),
            _ => Err("its VMDK descriptor has a line that is not understood".into()),
        };
    }
    if line.contains('/') || line.contains('\\') || line.contains("..") {
        return Err("an extent of its VMDK descriptor names a path".into());
    }
    let size = words.next().is_some_and(|size| size.parse::<u64>().is_ok());
    if !size || words.next() != Some("sparse") {
        return Err("an extent of its VMDK descriptor is kept in another file".into());
    }
    Ok(true)
}

/// The footer takes precedence over the header for its readers, so it must say the same.
fn footer(source: &impl Source, header: &[u8], found: Found) -> Found {
    let tail = source.length().checked_sub(1536).and_then(|at| source.read(at, 1536));
    let Some(tail) = tail else { return found.danger("its VMDK footer is cut off") };
    let same = tail.get(512..520) == header.get(..8) && tail.get(524..556) == header.get(12..44);
    if !same {
        return found.danger("its VMDK footer differs from its header");
    }
    let marker = le32(&tail, 8) == Some(0) && le32(&tail, 12) == Some(3);
    let end = tail.get(1024..).is_some_and(|end| end.iter().all(|byte| *byte == 0));
    if le64(&tail, 512 + 56) == Some(GRAIN_DIRECTORY_AT_END) || !marker || !end {
        return found.danger("its VMDK footer is malformed");
    }
    found
}
