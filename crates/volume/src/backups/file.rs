//! A backup as a file.
//!
//! ```text
//!   magic │ data of its own chunks … │ list: an entry per chunk … │ trailer
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use kogge_ids::BackupId;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::Receiver;

use super::Written;
use super::chunks::{CHUNK, Piece};

const MAGIC: &[u8; 8] = b"KOGGEBK1";
const ENTRY: usize = 8 + 8 + 4 + 32 + 16;
const TRAILER: usize = 4 * 8 + 32 + 8;

/// Where a chunk is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) position: u64,
    pub(super) length: u32,
    pub(super) digest: [u8; 32],
    pub(super) owner: BackupId,
}

impl Entry {
    fn write(&self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        bytes[..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.position.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.length.to_le_bytes());
        bytes[20..52].copy_from_slice(&self.digest);
        bytes[52..].copy_from_slice(self.owner.uuid().as_bytes());
        bytes
    }

    fn read(bytes: &[u8; ENTRY]) -> Option<Self> {
        let mut digest = [0; 32];
        digest.copy_from_slice(&bytes[20..52]);
        Some(Self {
            number: number(&bytes[..8]),
            position: number(&bytes[8..16]),
            length: u32::try_from(number(&bytes[16..20])).unwrap_or(u32::MAX),
            digest,
            owner: hex::encode(&bytes[52..]).parse().ok()?,
        })
    }
}

fn number(bytes: &[u8]) -> u64 {
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(whole)
}

/// What is wrong with a file that is not as it was written.
pub(super) fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// The list of a backup's chunks, read in its order.
pub(super) struct List {
    reader: BufReader<File>,
    left: u64,
    digest: Sha256,
    numbers: [u8; 32],
    wanted: [u8; 32],
    pub(super) written: Written,
}

impl List {
    /// Opens the list of a file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let end = file.metadata()?.len();
        let start = end.checked_sub(TRAILER as u64).ok_or_else(|| damaged("it is too short"))?;
        file.seek(SeekFrom::Start(start))?;
        let mut trailer = [0; TRAILER];
        file.read_exact(&mut trailer)?;
        let (at, left) = (number(&trailer[..8]), number(&trailer[8..16]));
        let length = left.checked_mul(ENTRY as u64).and_then(|length| at.checked_add(length));
        if trailer[TRAILER - 8..] != *MAGIC || length != Some(start) {
            return Err(damaged("its end is not as it was written"));
        }
        let (mut numbers, mut wanted) = ([0; 32], [0; 32]);
        numbers.copy_from_slice(&trailer[..32]);
        wanted.copy_from_slice(&trailer[32..64]);
        file.seek(SeekFrom::Start(at))?;
        let chunks = i64::try_from(number(&trailer[24..32])).unwrap_or(i64::MAX);
        let written = Written { chunks, bytes: number(&trailer[16..24]) };
        Ok(Self { reader: BufReader::new(file), left, digest: Sha256::new(), numbers, wanted, written })
    }

    /// The next chunk; nothing behind the last one, where the whole list is as it was written.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        if self.left == 0 {
            let digest: [u8; 32] = self.digest.clone().chain_update(self.numbers).finalize().into();
            return if digest == self.wanted {
                Ok(None)
            } else {
                Err(damaged("its list is not as it was written"))
            };
        }
        let mut bytes = [0; ENTRY];
        self.reader.read_exact(&mut bytes)?;
        self.digest.update(bytes);
        self.left -= 1;
        let entry = Entry::read(&bytes).filter(|entry| entry.length as usize <= CHUNK);
        entry.map(Some).ok_or_else(|| damaged("its list is not as it was written"))
    }
}

/// Writes a backup from the pieces that come in; it is there when all of it is on the disk, or not at all.
pub(super) fn write(
    path: &Path,
    id: BackupId,
    parent: Option<&Path>,
    pieces: &mut Receiver<Piece>,
) -> io::Result<Written> {
    let drafts = [path.with_extension("draft"), path.with_extension("list")];
    let written = Draft::new(&drafts, id, parent).and_then(|draft| draft.fill(pieces));
    let done = written.and_then(|written| {
        fs::rename(&drafts[0], path)?;
        File::open(path.parent().unwrap_or(path))?.sync_all()?;
        Ok(written)
    });
    for draft in &drafts {
        // one that is not there any more needs no removing
        let _ = fs::remove_file(draft);
    }
    done
}

struct Draft {
    id: BackupId,
    data: BufWriter<File>,
    list: BufWriter<File>,
    position: u64,
    entries: u64,
    own: u64,
    parent: Option<List>,
    ahead: Option<Entry>,
}

impl Draft {
    fn new(drafts: &[PathBuf; 2], id: BackupId, parent: Option<&Path>) -> io::Result<Self> {
        let open = |path: &PathBuf| {
            OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)
        };
        let mut data = BufWriter::new(open(&drafts[0])?);
        data.write_all(MAGIC)?;
        let mut parent = parent.map(List::open).transpose()?;
        let ahead = match &mut parent {
            Some(list) => list.next()?,
            None => None,
        };
        let list = BufWriter::new(open(&drafts[1])?);
        let position = MAGIC.len() as u64;
        Ok(Self { id, data, list, position, entries: 0, own: 0, parent, ahead })
    }

    fn fill(mut self, pieces: &mut Receiver<Piece>) -> io::Result<Written> {
        loop {
            match pieces.blocking_recv() {
                Some(Piece::Chunk(number, chunk)) => self.take(number, &chunk)?,
                Some(Piece::End(bytes)) => return self.end(bytes),
                None => return Err(io::Error::other("what was to be backed up broke off")),
            }
        }
    }

    /// Notes a chunk, and writes it where the parent does not have it.
    fn take(&mut self, number: u64, chunk: &[u8]) -> io::Result<()> {
        let digest: [u8; 32] = Sha256::digest(chunk).into();
        let entry = match self.known(number)?.filter(|entry| entry.digest == digest) {
            Some(entry) => entry,
            None => {
                self.data.write_all(chunk)?;
                let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
                let entry = Entry { number, position: self.position, length, digest, owner: self.id };
                self.position += chunk.len() as u64;
                self.own += 1;
                entry
            }
        };
        self.entries += 1;
        self.list.write_all(&entry.write())
    }

    /// The parent's chunk of this number.
    fn known(&mut self, number: u64) -> io::Result<Option<Entry>> {
        let Some(list) = &mut self.parent else { return Ok(None) };
        while self.ahead.as_ref().is_some_and(|entry| entry.number < number) {
            self.ahead = list.next()?;
        }
        Ok(self.ahead.clone().filter(|entry| entry.number == number))
    }

    fn end(mut self, bytes: u64) -> io::Result<Written> {
        let mut list = self.list.into_inner().map_err(io::IntoInnerError::into_error)?;
        list.seek(SeekFrom::Start(0))?;
        let mut digest = Sha256::new();
        let mut block = vec![0; ENTRY * 1024];
        loop {
            let read = list.read(&mut block)?;
            if read == 0 {
                break;
            }
            digest.update(&block[..read]);
            self.data.write_all(&block[..read])?;
        }
        for number in [self.position, self.entries, bytes, self.own] {
            digest.update(number.to_le_bytes());
            self.data.write_all(&number.to_le_bytes())?;
        }
        self.data.write_all(&digest.finalize())?;
        self.data.write_all(MAGIC)?;
        let file = self.data.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(Written { chunks: i64::try_from(self.own).unwrap_or(i64::MAX), bytes })
    }
}
