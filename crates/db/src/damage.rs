//! Rows that cannot be read: known by table and key, said once, shown to the operator.
//!
//! One row that somebody damaged (an editor, a disk, another version) must cost nobody another object: lists pass it
//! over ([`crate::Executor::list`], [`crate::Select::fetch`]), and what was passed over stands in this book until it
//! has not been met for an hour. Where a list decides what is *destroyed* (guests, files), read its keys alone and
//! let the whole run fail: what cannot be read is not gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{DbError, Row};

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DamagedRow {
    /// Its table.
    pub table: String,
    /// Its key, as far as that can be read.
    pub key: String,
    /// What is wrong with it. Names columns, never their values.
    pub because: String,
}

/// The damaged rows of a database that this process met. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct DamageBook(Arc<Mutex<BTreeMap<(String, String), Entry>>>);

#[derive(Debug)]
struct Entry {
    because: String,
    met: Instant,
}

/// Most rows that are told apart: more say nothing new.
const MOST: usize = 1_000;
/// A row that nobody met for so long is mended or gone.
const FORGOTTEN: Duration = Duration::from_secs(3600);

impl DamageBook {
    /// Notes a row that cannot be read; says so in the log when it is new.
    pub fn note(&self, table: &str, row: &Row, error: &DbError) {
        self.note_key(table, &row.key(), &reason(error));
    }

    /// As [`DamageBook::note`], by its key. `because` must not show what the row holds.
    pub fn note_key(&self, table: &str, key: &str, because: &str) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (table.to_owned(), key.to_owned());
        if let Some(entry) = rows.get_mut(&place) {
            entry.met = Instant::now();
            because.clone_into(&mut entry.because);
            return;
        }
        if rows.len() >= MOST {
            return;
        }
        rows.insert(place, Entry { because: because.to_owned(), met: Instant::now() });
        drop(rows);
        metrics::counter!("kogge_damaged_rows_total").increment(1);
        tracing::error!(
            table,
            key,
            because,
            "a row cannot be read and is passed over; `kogge doctor` lists all"
        );
    }

    /// The rows that were met within the last hour, by table and key.
    #[must_use]
    pub fn rows(&self) -> Vec<DamagedRow> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|_, entry| entry.met.elapsed() < FORGOTTEN);
        rows.iter()
            .map(|((table, key), entry)| DamagedRow {
                table: table.clone(),
                key: key.clone(),
                because: entry.because.clone(),
            })
            .collect()
    }
}

/// The error with its source in one line.
fn reason(error: &DbError) -> String {
    match error {
        DbError::Column { column, source } => format!("column {column}: {source}"),
        other => other.to_string(),
    }
}
