//! Packets of subunit v2 as Tempest sends them, for tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses a part of it")]

/// A number of one to four bytes.
pub fn number(value: usize) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    match value {
        0..=0x3f => vec![bytes[7]],
        0x40..=0x3fff => vec![bytes[6] | 0x40, bytes[7]],
        0x4000..=0x3f_ffff => vec![bytes[5] | 0x80, bytes[6], bytes[7]],
        _ => vec![bytes[4] | 0xc0, bytes[5], bytes[6], bytes[7]],
    }
}

/// A text with its length.
pub fn text(text: &str) -> Vec<u8> {
    [number(text.len()), text.as_bytes().to_vec()].concat()
}

/// A packet as the Python library writes it: test, status, time, tag, route.
pub fn packet(test: &str, status: u16, file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut flags = 0x2000 | 0x0800 | 0x0200 | 0x0100 | 0x0080 | 0x0400 | status;
    let mut body = [1_764_000_000u32.to_be_bytes().to_vec(), number(5_000_000)].concat();
    body.extend(text(test));
    body.extend([number(1), text("worker-0")].concat());
    if let Some((name, bytes)) = file {
        flags |= 0x0040 | 0x0020;
        body.extend(text("text/plain"));
        body.extend([text(name), number(bytes.len()), bytes.to_vec()].concat());
    }
    body.extend(text("0"));
    sealed(flags, &body)
}

/// A body with head and checksum.
pub fn sealed(flags: u16, body: &[u8]) -> Vec<u8> {
    let without = 3 + body.len() + 4;
    let width = [1, 2, 3].into_iter().find(|width| number(without + width).len() == *width).unwrap();
    let mut whole = vec![0xb3];
    whole.extend(flags.to_be_bytes());
    whole.extend(number(without + width));
    whole.extend(body);
    let sum = crc32fast::hash(&whole);
    whole.extend(sum.to_be_bytes());
    whole
}
