//! Upper bounds of what a request may bring.

/// Pairs of metadata of one thing.
pub const PAIRS: usize = 256;
/// GiB of one volume, whatever quotas say: what a 64-bit file offset has room for, by far.
pub const GIB: i64 = 1 << 20;
/// Bytes of what a client says of itself.
pub const CONNECTOR: usize = 16 * 1024;
/// Bytes in a GiB.
pub const BYTES: u64 = 1 << 30;

/// GiB in bytes.
#[must_use]
pub fn bytes(gib: i64) -> u64 {
    gib.unsigned_abs().saturating_mul(BYTES)
}
