//! One packet.

/// How a test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It exists.
    Exists,
    /// It runs.
    InProgress,
    /// It passed.
    Success,
    /// It passed, and was expected to fail.
    UnexpectedSuccess,
    /// It was skipped.
    Skip,
    /// It failed.
    Fail,
    /// It failed, as was expected.
    ExpectedFail,
}

/// What one packet says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packet {
    /// The test that it is about.
    pub test: Option<String>,
    /// How that test stands now.
    pub status: Option<Status>,
    /// When, in microseconds since 1970.
    pub at_micros: Option<u64>,
    /// An attachment's name and a part of its bytes.
    pub file: Option<(String, Vec<u8>)>,
}

const TEST: u16 = 0x0800;
const ROUTE: u16 = 0x0400;
const TIME: u16 = 0x0200;
const TAGS: u16 = 0x0080;
const FILE: u16 = 0x0040;
const KIND: u16 = 0x0020;

impl Packet {
    /// Reads a whole packet, its checksum included. `None` if anything in it is not as it must be.
    pub(super) fn read(whole: &[u8]) -> Option<Self> {
        let (body, sum) = whole.split_at_checked(whole.len().checked_sub(4)?)?;
        if crc32fast::hash(body).to_be_bytes() != sum {
            return None;
        }
        let mut fields = Fields(body.get(1..)?);
        let flags = u16::from_be_bytes([fields.byte()?, fields.byte()?]);
        fields.number()?;
        let mut packet = Self { status: status(flags), ..Self::default() };
        if flags & TIME != 0 {
            packet.at_micros = Some(fields.time()?);
        }
        if flags & TEST != 0 {
            packet.test = Some(fields.text()?);
        }
        if flags & TAGS != 0 {
            for _ in 0..fields.number()? {
                fields.text()?;
            }
        }
        if flags & KIND != 0 {
            fields.text()?;
        }
        if flags & FILE != 0 {
            let name = fields.text()?;
            packet.file = Some((name, fields.bytes()?.to_vec()));
        }
        if flags & ROUTE != 0 {
            fields.text()?;
        }
        Some(packet)
    }
}

fn status(flags: u16) -> Option<Status> {
    Some(match flags & 7 {
        1 => Status::Exists,
        2 => Status::InProgress,
        3 => Status::Success,
        4 => Status::UnexpectedSuccess,
        5 => Status::Skip,
        6 => Status::Fail,
        7 => Status::ExpectedFail,
        _ => return None,
    })
}

/// The bytes that have not been read yet.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of one to four bytes, whose first two bits say how many.
    fn number(&mut self) -> Option<usize> {
        let first = self.byte()?;
        let mut value = usize::from(first & 0x3f);
        for byte in self.take(usize::from(first >> 6))? {
            value = value << 8 | usize::from(*byte);
        }
        Some(value)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn text(&mut self) -> Option<String> {
        let text = std::str::from_utf8(self.bytes()?).ok()?;
        (!text.contains('\0')).then(|| text.to_owned())
    }

    fn time(&mut self) -> Option<u64> {
        let seconds = u32::from_be_bytes(self.take(4)?.try_into().ok()?);
        let nanos = self.number()? as u64;
        Some(u64::from(seconds) * 1_000_000 + nanos / 1000)
    }
}
