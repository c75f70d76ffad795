//! What is on a disk, without its holes.

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;

/// A piece of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// What is there.
    pub data: Bytes,
}

/// What is stored of a disk: pieces in rising order that do not overlap; between them are zeros. An error ends them.
pub struct Contents {
    /// Length of what is stored in bytes. Of an encrypted disk it is that of its container.
    pub bytes: u64,
    /// The pieces, of at most 1 MiB each.
    pub extents: Pin<Box<dyn Stream<Item = io::Result<Extent>> + Send>>,
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contents").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
