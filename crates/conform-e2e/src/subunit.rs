//! The subunit v2 stream that Tempest writes: read as it comes, bounded, and never believed.
//!
//! ```text
//!  0xB3 │ version and flags (2) │ length of the whole packet (1..3) │ fields that the flags announce │ CRC-32 (4)
//! ```
//!
//! A packet is at most 4 MiB long by the format's own rule. What is no packet (a stray `print`, a wrong checksum, a field
//! that claims more than there is) is passed on as [`Piece::Noise`], one byte is skipped, and reading goes on behind it:
//! a broken stream loses what is broken, never the rest, and never memory.

mod packet;

pub use packet::{Packet, Status};

/// The first byte of every packet.
const SIGNATURE: u8 = 0xb3;
/// The longest packet that the format can name: a length of three bytes has 22 bits.
const LONGEST: usize = (1 << 22) - 1;
/// Noise is handed out in pieces no longer than this.
const NOISE: usize = 4096;
/// How many bytes may be summed up in vain. Then a broken packet is skipped whole, so that a stream made of false
/// beginnings cannot keep us busy for ever.
const IN_VAIN: usize = 256 << 20;

/// A part of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A whole packet with the right checksum.
    Packet(Packet),
    /// Bytes between packets.
    Noise(Vec<u8>),
}

/// Takes bytes as they come and gives pieces as they are whole. It holds at most one packet.
#[derive(Debug, Default)]
pub struct Reader {
    held: Vec<u8>,
    begin: usize,
    in_vain: usize,
}

/// What stands at the beginning of the bytes that are held.
enum Found {
    Packet(Packet, usize),
    Broken(usize),
    Noise(usize),
    NotEnough,
}

impl Reader {
    /// Adds bytes, and gives all pieces that are whole now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.held.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while let Some(piece) = self.next(false) {
            pieces.push(piece);
        }
        self.held.drain(..self.begin);
        self.begin = 0;
        pieces
    }

    /// The stream has ended: what is left is no packet.
    pub fn finish(mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(piece) = self.next(true) {
            pieces.push(piece);
        }
        pieces
    }

    /// How many bytes are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len() - self.begin
    }

    fn next(&mut self, ended: bool) -> Option<Piece> {
        let rest = &self.held[self.begin..];
        if rest.is_empty() {
            return None;
        }
        match look(rest) {
            Found::Packet(packet, length) => {
                self.begin += length;
                Some(Piece::Packet(packet))
            }
            Found::Broken(length) => {
                self.in_vain = self.in_vain.saturating_add(length);
                Some(self.noise(if self.in_vain > IN_VAIN { length } else { 1 }))
            }
            Found::Noise(length) => Some(self.noise(length)),
            Found::NotEnough if ended => Some(self.noise(1)),
            Found::NotEnough => None,
        }
    }

    fn noise(&mut self, length: usize) -> Piece {
        let end = self.begin + length;
        let bytes = self.held[self.begin..end].to_vec();
        self.begin = end;
        Piece::Noise(bytes)
    }
}

fn look(bytes: &[u8]) -> Found {
    if bytes[0] != SIGNATURE {
        let length = bytes.iter().take(NOISE).position(|byte| *byte == SIGNATURE);
        return Found::Noise(length.unwrap_or_else(|| bytes.len().min(NOISE)));
    }
    match length_of(bytes) {
        None => Found::NotEnough,
        Some(Err(())) => Found::Noise(1),
        Some(Ok(length)) => match bytes.get(..length) {
            None => Found::NotEnough,
            Some(whole) => match Packet::read(whole) {
                Some(packet) => Found::Packet(packet, length),
                None => Found::Broken(length),
            },
        },
    }
}

/// The packet's length as its head tells it; `None` if the head is not whole, `Err` if it is none.
fn length_of(bytes: &[u8]) -> Option<Result<usize, ()>> {
    let version = bytes.get(1)? >> 4;
    if version != 2 {
        return Some(Err(()));
    }
    let first = *bytes.get(3)?;
    let (length, taken) = match first >> 6 {
        0 => (usize::from(first & 0x3f), 1),
        1 => (usize::from(first & 0x3f) << 8 | usize::from(*bytes.get(4)?), 2),
        2 => {
            let low = usize::from(*bytes.get(4)?) << 8 | usize::from(*bytes.get(5)?);
            (usize::from(first & 0x3f) << 16 | low, 3)
        }
        _ => return Some(Err(())),
    };
    // the head and the checksum are part of every packet
    let possible = (3 + taken + 4..=LONGEST).contains(&length);
    Some(if possible { Ok(length) } else { Err(()) })
}

#[cfg(test)]
mod tests;
