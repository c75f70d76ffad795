//! The journals of a user: one file for each run, `<run>.jsonl`.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::Journal;
use super::file::{Book, Place};
use crate::context::RunId;

/// The folder of all journals.
#[derive(Debug, Clone)]
pub struct Journals {
    folder: PathBuf,
}

/// What was found of runs that have ended.
#[derive(Default)]
pub struct Ended {
    /// Their journals, ours from now on.
    pub journals: Vec<Journal>,
    /// How many runs live, and keep theirs.
    pub running: usize,
    /// Journals that cannot be read, in words.
    pub unreadable: Vec<String>,
}

impl Journals {
    /// Those of a folder, which is made when something is to be written down.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The journal of a run: a new one, or the one that the run left when it was interrupted. Its file is made with the
    /// first line.
    ///
    /// # Errors
    /// If the run left one that cannot be read, or still runs.
    pub fn begin(&self, run: RunId) -> io::Result<Journal> {
        let path = self.folder.join(format!("{run}.jsonl"));
        if !path.is_file() {
            return Ok(Journal::kept(Place::Planned(path), Vec::new()));
        }
        match Book::open(&path)? {
            Some((book, lines)) => Ok(Journal::kept(Place::Kept(book), lines)),
            None => Err(io::Error::new(ErrorKind::WouldBlock, format!("run {run} is still running"))),
        }
    }

    /// The journals of runs that have ended and left something.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn ended(&self) -> io::Result<Ended> {
        let mut ended = Ended::default();
        let files = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(ended),
            files => files?,
        };
        for file in files {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "jsonl") {
                continue;
            }
            match Book::open(&path) {
                Ok(Some((book, lines))) => ended.journals.push(Journal::kept(Place::Kept(book), lines)),
                Ok(None) => ended.running += usize::from(path.exists()),
                Err(error) => ended.unreadable.push(format!("{}: {error}", path.display())),
            }
        }
        ended.journals.retain(|journal| !journal.left().is_empty());
        Ok(ended)
    }
}
