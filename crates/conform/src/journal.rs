//! What a run created: written down *before* each call that creates, so that nothing can be forgotten.
//!
//! A file of JSON lines for each run, locked while the run lives ([`Journals`]). `intend` comes before the call, `made`
//! adds the id after it, `gone` follows the removal. An entry without `made` may or may not exist, and may still come to
//! exist: a cloud may do late what it did not answer. It is looked for by its name, which holds the run's id, and where
//! nothing bears it, `looked` is noted: only a second look, a good while later, settles it.

mod file;
mod folder;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kogge_clock::Timestamp;
use serde::{Deserialize, Serialize};

use file::Place;
pub use folder::{Ended, Journals};

/// How long after the first look in vain the second one settles that nothing was made.
pub const SETTLED_AFTER: Duration = Duration::from_secs(600);

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
    /// When it was first looked for in vain, `2026-11-24T08:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<String>,
}

/// What became of an object that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Gone,
    /// Nothing bears its name, and nobody knows whether that stays so: its create was never answered.
    NotSeen,
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
    Looked {
        number: u64,
        at: String,
    },
    Gone {
        number: u64,
    },
}

/// The journal of one run, in memory and in its file. When nothing is left, the file goes with it.
#[derive(Default)]
pub struct Journal(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    left: BTreeMap<u64, Entry>,
    place: Place,
}

impl Journal {
    /// One that ends with the process: for runs against doubles, and those that create nothing.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::default()
    }

    fn kept(place: Place, lines: Vec<Line>) -> Self {
        let mut state = State::default();
        state.place = place;
        lines.into_iter().for_each(|line| state.apply(line));
        Self(Mutex::new(state))
    }

    /// Notes that an object is about to be created. It is on disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written; then nothing must be created.
    pub fn intend(&self, object: NewEntry) -> io::Result<u64> {
        let mut state = self.lock();
        let number = state.next;
        let line = Line::Intend { number, object };
        state.place.write(&line)?;
        state.apply(line);
        Ok(number)
    }

    /// Notes the object's id.
    ///
    /// # Errors
    /// If it cannot be written: the object can still be found by its name, but no more must be created.
    pub fn made(&self, number: u64, id: &str) -> io::Result<()> {
        self.lock().note(Line::Made { number, id: id.to_owned() })
    }

    /// Notes that the object is gone, or was never made. Where that cannot be written, a later clean-up looks again, which
    /// does no harm.
    pub fn gone(&self, number: u64) {
        if let Err(error) = self.lock().note(Line::Gone { number }) {
            tracing::warn!(number, %error, "the journal cannot be written");
        }
    }

    /// Notes what became of an entry. `None` if that settles it; else when to look again at the earliest.
    pub fn settle(&self, entry: &Entry, removal: Removal, now: Timestamp) -> Option<Timestamp> {
        let first = entry.looked.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
        match (removal, first) {
            (Removal::NotSeen, Some(first)) if now < first.plus(SETTLED_AFTER) => {
                Some(first.plus(SETTLED_AFTER))
            }
            (Removal::NotSeen, None) => {
                let line = Line::Looked { number: entry.number, at: now.seconds_z() };
                if let Err(error) = self.lock().note(line) {
                    tracing::warn!(number = entry.number, %error, "the journal cannot be written");
                }
                Some(now.plus(SETTLED_AFTER))
            }
            (Removal::Gone | Removal::NotSeen, _) => {
                self.gone(entry.number);
                None
            }
        }
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
    /// What happened is so, whether or not it can be written down.
    fn note(&mut self, line: Line) -> io::Result<()> {
        let written = self.place.write(&line);
        self.apply(line);
        written
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::Intend { number, object } => {
                self.next = self.next.max(number.saturating_add(1));
                self.left.insert(number, Entry { number, object, id: None, looked: None });
            }
            Line::Made { number, id } => {
                if let Some(entry) = self.left.get_mut(&number) {
                    entry.id = Some(id);
                }
            }
            Line::Looked { number, at } => {
                if let Some(entry) = self.left.get_mut(&number) {
                    entry.looked = Some(at);
                }
            }
            Line::Gone { number } => {
                self.left.remove(&number);
            }
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if self.left.is_empty() {
            self.place.remove();
        }
    }
}

#[cfg(test)]
mod tests;
