//! VMDK: only `monolithicSparse` and `streamOptimized`, whose data are in the file itself.
//!
//! Everything else (descriptor-only files, `COWD`, other create types, extents with a path) can name files of the
//! host. Layout: VMware's "Virtual Disk Format 5.0"; rules as in upstream's inspector.

use super::{Format, Found, Source, le32, le64};

const SECTOR: u64 = 512;
const DESCRIPTOR_AT: u64 = 512;
const DESCRIPTOR_MOST: u64 = (1 << 20) - 1;
const GRAIN_DIRECTORY_AT_END: u64 = u64::MAX;
const ALLOWED_TYPES: [&str; 2] = ["monolithicsparse", "streamoptimized"];
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

fn text(source: &impl Source) -> Option<Found> {
    let head = source.read_up_to(0, 64 * 1024)?;
    let text = std::str::from_utf8(head.get(..head.len().min(512))?).ok()?;
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let whole = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let versioned = whole
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| line.starts_with("version="));
    let described = whole.contains("createtype=") || whole.starts_with("# disk descriptorfile");
    (versioned || described)
        .then(|| nothing_known().danger("it is a VMDK descriptor whose data are in other files"))
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
    let at = le64(&header, 28).and_then(|n| n.checked_mul(SECTOR));
    if at != Some(DESCRIPTOR_AT) {
        return found.danger("its VMDK descriptor is at a wrong place");
    }
    let size = le64(&header, 36).and_then(|n| n.checked_mul(SECTOR)).unwrap_or(u64::MAX).min(DESCRIPTOR_MOST);
    let read = source.read_up_to(DESCRIPTOR_AT, usize::try_from(size).unwrap_or(0));
    let found = match read.as_deref().map(descriptor) {
        Some(Ok(())) => found,
        Some(Err(why)) => found.danger(why),
        None => found.danger("its VMDK descriptor is cut off"),
    };
    if le64(&header, 56) == Some(GRAIN_DIRECTORY_AT_END) { footer(source, &header, found) } else { found }
}

fn descriptor(bytes: &[u8]) -> Result<(), String> {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let text =
        bytes.get(..end).filter(|text| text.is_ascii()).ok_or("its VMDK descriptor is not ASCII text")?;
    let text = String::from_utf8_lossy(text).to_ascii_lowercase();
    let kind =
        text.split_once("createtype=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(kind, _)| kind);
    if !kind.is_some_and(|kind| ALLOWED_TYPES.contains(&kind)) {
        return Err("its VMDK subformat is not allowed, only monolithicSparse and streamOptimized".into());
    }
    let parent =
        text.split_once("parentcid=").is_some_and(|(_, id)| !id.trim_start().starts_with("ffffffff"));
    if parent || text.contains("parentfilenamehint") {
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

/// True if the line declares an extent.
fn extent(line: &str) -> Result<bool, String> {
    let first = line.split(' ').next().unwrap_or_default();
    let assignment = line.split_once('=').is_some_and(|(key, _)| !key.trim_end().contains(' '));
    if line.starts_with("ddb") || (assignment && !EXTENT_ACCESS.contains(&first)) {
        return Ok(false);
    }
    if !EXTENT_ACCESS.contains(&first) {
        return Err("its VMDK descriptor has a line that is not understood".into());
    }
    if line.contains('/') || line.contains('\\') || line.contains("..") {
        return Err("an extent of its VMDK descriptor names a path".into());
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
