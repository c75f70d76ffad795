//! The file of one journal: locked as long as it is open, whole lines only.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Line;

/// Where a journal is kept.
#[derive(Default)]
pub(super) enum Place {
    /// Nowhere but in memory.
    #[default]
    Memory,
    /// In a file that is made with the first line, since most runs create nothing.
    Planned(PathBuf),
    /// In a file.
    Kept(Book),
}

/// An open journal, ours alone.
pub(super) struct Book {
    path: PathBuf,
    file: File,
    /// Whether the last line may lack its end.
    torn: bool,
}

impl Place {
    /// Writes a line; it is on disk when this returns.
    pub(super) fn write(&mut self, line: &Line) -> io::Result<()> {
        if let Self::Planned(path) = self {
            *self = Self::Kept(Book::make(path)?);
        }
        match self {
            Self::Kept(book) => book.write(line),
            Self::Memory | Self::Planned(_) => Ok(()),
        }
    }

    /// Removes the file, if there is one. It is still locked, so that nobody reads what is going.
    pub(super) fn remove(&mut self) {
        if let Self::Kept(book) = self
            && let Err(error) = std::fs::remove_file(&book.path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(path = %book.path.display(), %error, "an empty journal stays");
        }
    }
}

impl Book {
    /// Makes the file. It gets its name when it is locked, so that nobody takes it for one that was left.
    fn make(path: &Path) -> io::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let unnamed = path.with_extension("new");
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).mode(0o600).open(&unnamed)?;
        lock(&file)?.ok_or_else(|| io::Error::other("another process makes the same journal"))?;
        file.set_len(0)?;
        std::fs::rename(&unnamed, path)?;
        File::open(folder)?.sync_all()?;
        Ok(Self { path: path.to_owned(), file, torn: false })
    }

    /// Opens a journal that is there, with its lines; `None` if its run lives, or it is gone by now. Lines that were cut
    /// off, or that nobody can read, are left out.
    pub(super) fn open(path: &Path) -> io::Result<Option<(Self, Vec<Line>)>> {
        let mut file = match OpenOptions::new().read(true).append(true).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        // its run may have ended, and removed it, between the two
        if lock(&file)?.is_none() || file.metadata()?.nlink() == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        let lines = lines.collect();
        let torn = bytes.last().is_some_and(|byte| *byte != b'\n');
        Ok(Some((Self { path: path.to_owned(), file, torn }, lines)))
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut text = if self.torn { "\n".to_owned() } else { String::new() };
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
        // until it is through, part of it may be there
        self.torn = true;
        self.file.write_all(text.as_bytes())?;
        self.torn = false;
        self.file.sync_data()
    }
}

/// Locks a file until it is closed; `None` if another process has it.
fn lock(file: &File) -> io::Result<Option<()>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
