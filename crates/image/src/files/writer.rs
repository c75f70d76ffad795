//! Writing, hashing and inspecting, on a thread of its own.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use bytes::Bytes;
use md5::Md5;
use sha2::{Digest as _, Sha512};
use tokio::sync::mpsc::Receiver;

use super::receive_error::ReceiveError;
use crate::inspect::{FileSource, Head, Inspection, inspect};

/// What is known of a file after its last byte.
#[derive(Debug, Clone)]
pub(crate) struct Digest {
    /// Length in bytes.
    pub(crate) size: u64,
    /// MD5 in hex.
    pub(crate) md5: String,
    /// SHA-512 in hex.
    pub(crate) sha512: String,
    /// What its bytes look like.
    pub(crate) inspection: Inspection,
}

/// What comes through the channel: bytes, or the end. A channel that closes without end was given up.
pub(super) enum Piece {
    /// Some bytes.
    Bytes(Bytes),
    /// That was all.
    End,
}

/// Writes what comes in to a new file at `path`, makes it last, hashes and inspects it.
pub(super) fn write(mut pieces: Receiver<Piece>, path: &Path) -> Result<Digest, ReceiveError> {
    let mut file = super::create(path)?;
    let mut hashes = Hashes::default();
    let mut head = Head::default();
    loop {
        match pieces.blocking_recv() {
            None => return Err(ReceiveError::GivenUp),
            Some(Piece::End) => break,
            Some(Piece::Bytes(bytes)) => {
                hashes.take(&bytes);
                if let Some(why) = head.take(&bytes) {
                    return Err(ReceiveError::Dangerous(why));
                }
                file.write_all(&bytes)?;
            }
        }
    }
    file.sync_all()?;
    hashes.finish(path)
}

/// Reads a file that is there already.
pub(super) fn read(path: &Path) -> Result<Digest, ReceiveError> {
    let mut file = File::open(path)?;
    file.sync_all()?;
    let mut hashes = Hashes::default();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => hashes.take(buffer.get(..count).unwrap_or_default()),
        }
    }
    hashes.finish(path)
}

#[derive(Default)]
struct Hashes {
    size: u64,
    md5: Md5,
    sha512: Sha512,
}

impl Hashes {
    fn take(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.md5.update(bytes);
        self.sha512.update(bytes);
    }

    fn finish(self, path: &Path) -> Result<Digest, ReceiveError> {
        let inspection = inspect(&FileSource::open(path)?);
        if inspection.length != self.size {
            return Err(io::Error::other("the file changed while it was read").into());
        }
        Ok(Digest {
            size: self.size,
            md5: hex::encode(self.md5.finalize()),
            sha512: hex::encode(self.sha512.finalize()),
            inspection,
        })
    }
}
