//! What a run created: written down *before* each call that creates, so that nothing can be forgotten.
//!
//! A file of JSON lines. `intend` comes before the call, `made` adds the id after it, `gone` follows the removal. An
//! entry without `made` may or may not exist: it is looked for by its name, which holds the run's id.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// An object that is about to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEntry {
    /// The cloud's name in the configuration.
    pub cloud: String,
    /// The identity service's address, so that entries of another cloud are left alone.
    pub auth_url: String,
    /// The project, so that entries of another project are left alone.
    pub project: Option<String>,
    /// The run's id.
    pub run: String,
    /// What kind of thing it is, such as `volume`.
    pub kind: String,
    /// Its unique name.
    pub name: String,
}

/// An object that was, or may have been, created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the journal.
    pub number: u64,
    /// What it is.
    #[serde(flatten)]
    pub object: NewEntry,
    /// Its id, once known.
    pub id: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Intend {
        number: u64,
        #[serde(flatten)]
        object: NewEntry,
    },
    Made {
        number: u64,
        id: String,
    },
    Gone {
        number: u64,
    },
}

/// The journal, in memory and optionally in a file.
#[derive(Default)]
pub struct Journal(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    left: BTreeMap<u64, Entry>,
    file: Option<File>,
}

impl Journal {
    /// One that ends with the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// One in a file, with what earlier runs left. A last line that was cut off by a crash is ignored.
    ///
    /// # Errors
    /// If the file cannot be opened or read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut state = State::default();
        let mut whole = true;
        for line in BufReader::new(&file).lines() {
            let line = line?;
            match serde_json::from_str(&line) {
                Ok(line) => state.apply(line),
                Err(_) => whole = line.is_empty(),
            }
        }
        if !whole {
            writeln!(file)?;
        }
        state.file = Some(file);
        Ok(Self(Mutex::new(state)))
    }

    /// Notes that an object is about to be created. It is on disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written; then nothing must be created.
    pub fn intend(&self, object: NewEntry) -> io::Result<u64> {
        let mut state = self.lock();
        let number = state.next;
        state.write(Line::Intend { number, object })?;
        Ok(number)
    }

    /// Notes the object's id.
    ///
    /// # Errors
    /// If it cannot be written; the object can still be found by its name.
    pub fn made(&self, number: u64, id: &str) -> io::Result<()> {
        self.lock().write(Line::Made { number, id: id.to_owned() })
    }

    /// Notes that the object is gone, or was never made.
    ///
    /// # Errors
    /// If it cannot be written; then a later clean-up looks again, which does no harm.
    pub fn gone(&self, number: u64) -> io::Result<()> {
        self.lock().write(Line::Gone { number })
    }

    /// What is not known to be gone, the newest first: the order in which to remove it.
    #[must_use]
    pub fn left(&self) -> Vec<Entry> {
        self.lock().left.values().rev().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, line: Line) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            let mut text = serde_json::to_string(&line)?;
            text.push('\n');
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
        }
        self.apply(line);
        Ok(())
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::Intend { number, object } => {
                self.next = self.next.max(number.saturating_add(1));
                self.left.insert(number, Entry { number, object, id: None });
            }
            Line::Made { number, id } => {
                if let Some(entry) = self.left.get_mut(&number) {
                    entry.id = Some(id);
                }
            }
            Line::Gone { number } => {
                self.left.remove(&number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str) -> NewEntry {
        NewEntry {
            cloud: "c".into(),
            auth_url: "http://k".into(),
            project: None,
            run: "r".into(),
            kind: "volume".into(),
            name: name.into(),
        }
    }

    #[test]
    fn a_crash_leaves_what_was_intended() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        let a = journal.intend(object("a")).unwrap();
        let b = journal.intend(object("b")).unwrap();
        journal.made(a, "id-a").unwrap();
        journal.intend(object("c")).unwrap();
        journal.gone(b).unwrap();
        drop(journal);
        let left = Journal::open(&path).unwrap().left();
        let seen: Vec<_> = left.iter().map(|e| (e.object.name.as_str(), e.id.as_deref())).collect();
        assert_eq!(seen, [("c", None), ("a", Some("id-a"))]);
    }

    #[test]
    fn a_line_cut_off_by_a_crash_spoils_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        Journal::open(&path).unwrap().intend(object("a")).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(br#"{"event":"intend","numb"#).unwrap();
        let journal = Journal::open(&path).unwrap();
        journal.intend(object("b")).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().left().len(), 2);
    }

    #[test]
    fn numbers_go_on_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let first = Journal::open(&path).unwrap().intend(object("a")).unwrap();
        assert!(Journal::open(&path).unwrap().intend(object("b")).unwrap() > first);
    }
}
