//! What a file is, by its first bytes and never by its name: a guest, or whoever put a file here, may have made one look
//! like something that leads QEMU to other files of the host.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// A format, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing that is known: plain bytes.
    Plain,
    /// QEMU's format: the size for guests, and whether its header names a file below it, or one for its data.
    Qcow2 { bytes: u64, backing: bool, data_file: bool },
    /// A LUKS container (of the first version), whose data begin at this offset.
    Luks { offset: u64 },
    /// Something that no volume is.
    Other(&'static str),
}

/// The first bytes of formats that lead to other files, or that somebody could take for one.
const SIGNATURES: [(u64, &[u8], &str); 12] = [
    (0, b"QFI\xfb", "an older qcow2"),
    (0, b"KDMV", "VMDK"),
    (0, b"COWD", "VMDK"),
    (0, b"# Disk Descriptor", "VMDK"),
    (0, b"conectix", "VHD"),
    (0, b"vhdxfile", "VHDX"),
    (0, b"QED\0", "QED"),
    (0, b"WithoutFreeSpace", "Parallels"),
    (0, b"WithouFreSpacExt", "Parallels"),
    (0, b"OOOM", "VMware's"),
    (0, b"LUKS\xba\xbe", "a newer LUKS"),
    (64, b"\x7f\x10\xda\xbe", "VDI"),
];

/// Data of a container begin no later than this: more is no header of ours.
const HEADER_MOST: u64 = 64 << 20;

/// Looks at the beginning of a file.
pub(crate) fn sniff(file: &File) -> io::Result<Content> {
    let mut head = [0; 512];
    let mut read = 0;
    while read < head.len() {
        match file.read_at(&mut head[read..], read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(judge(&head))
}

fn judge(head: &[u8; 512]) -> Content {
    if head.starts_with(b"QFI\xfb") && matches!(long(head, 4), 2 | 3) {
        let features = if long(head, 4) == 3 { quad(head, 72) } else { 0 };
        let backing = quad(head, 8) != 0 || long(head, 16) != 0;
        return Content::Qcow2 { bytes: quad(head, 24), backing, data_file: features & 4 != 0 };
    }
    if head.starts_with(b"LUKS\xba\xbe\0\x01") {
        let offset = u64::from(long(head, 104)) * 512;
        if (1..=HEADER_MOST).contains(&offset) {
            return Content::Luks { offset };
        }
    }
    let found = SIGNATURES.iter().find(|(at, bytes, _)| {
        let at = usize::try_from(*at).unwrap_or(usize::MAX);
        head.get(at..).is_some_and(|head| head.starts_with(bytes))
    });
    found.map_or(Content::Plain, |(_, _, what)| Content::Other(what))
}

fn long(head: &[u8; 512], at: usize) -> u32 {
    head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn quad(head: &[u8; 512], at: usize) -> u64 {
    head.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(parts: &[(usize, &[u8])]) -> Content {
        let mut head = [0; 512];
        for (at, bytes) in parts {
            head[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        judge(&head)
    }

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        let qcow2: &[(usize, &[u8])] = &[(0, b"QFI\xfb\0\0\0\x03"), (24, &(1_u64 << 30).to_be_bytes())];
        let leaning = |extra: (usize, &'static [u8])| with(&[qcow2, &[extra]].concat());
        let is = |backing, data_file| Content::Qcow2 { bytes: 1 << 30, backing, data_file };
        assert_eq!(with(qcow2), is(false, false));
        assert_eq!(leaning((15, b"\x70")), is(true, false));
        assert_eq!(leaning((19, b"\x09")), is(true, false));
        assert_eq!(leaning((79, b"\x04")), is(false, true));
        assert_eq!(with(&[(0, b"LUKS\xba\xbe\0\x01"), (106, b"\x10\0")]), Content::Luks { offset: 2 << 20 });
        assert_eq!(with(&[(0, b"LUKS\xba\xbe\0\x02")]), Content::Other("a newer LUKS"));
        assert_eq!(
            with(&[(0, b"LUKS\xba\xbe\0\x01"), (104, b"\xff\xff\xff\xff")]),
            Content::Other("a newer LUKS")
        );
        assert_eq!(with(&[(0, b"# Disk DescriptorFile")]), Content::Other("VMDK"));
        assert_eq!(with(&[(64, b"\x7f\x10\xda\xbe")]), Content::Other("VDI"));
        assert_eq!(with(&[(510, b"\x55\xaa")]), Content::Plain);
    }
}
