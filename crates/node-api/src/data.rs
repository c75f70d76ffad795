//! Data on their way to a node or from it: streams. Within one machine an open file may stand for its bytes, so that
//! nothing is copied that need not be; a path never does.

use std::fs::File;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio_util::io::ReaderStream;

/// Bytes that come piece by piece. An error ends them.
pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Pieces that are read from a file, in bytes.
const PIECE: usize = 256 * 1024;

/// The data of an image or of a disk.
pub enum Data {
    /// An open file of this machine, from its beginning to its end.
    File(File),
    /// Bytes from elsewhere.
    Stream(ByteStream),
}

impl Data {
    /// The data as a stream, whatever they are.
    #[must_use]
    pub fn into_stream(self) -> ByteStream {
        match self {
            Self::File(file) => ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE).boxed(),
            Self::Stream(stream) => stream,
        }
    }
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(_) => f.write_str("Data::File"),
            Self::Stream(_) => f.write_str("Data::Stream"),
        }
    }
}

/// An image on its way to a node.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageHead {
    /// SHA-512 of the data in hex.
    pub digest: String,
    /// Their length in bytes.
    pub bytes: u64,
    /// What they are.
    pub format: crate::DiskFormat,
}

/// A copy of a disk on its way from a node.
#[derive(Debug)]
pub struct DiskCopy {
    /// Length of the data in bytes.
    pub bytes: u64,
    /// A self-contained qcow2 disk.
    pub data: Data,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[tokio::test]
    async fn a_file_is_streamed_whole_and_in_order() {
        let mut file = tempfile::tempfile().unwrap();
        let wanted: Vec<u8> = (0..PIECE + 1_000).map(|n| u8::try_from(n % 251).unwrap()).collect();
        file.write_all(&wanted).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        let pieces: Vec<io::Result<Bytes>> = Data::File(file).into_stream().collect().await;
        assert!(pieces.len() > 1);
        let got: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.unwrap().to_vec()).collect();
        assert_eq!(got, wanted);
    }
}
