//! Who keeps something of the database in memory learns here which rows were written.
//!
//! A word says which row, never what is in it: whoever hears it reads the row. It comes after the commit, so that what is
//! read then is at least as new. What another process wrote is not heard here.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use crate::{Db, Tx};

/// Rows that a transaction wrote: table and key.
pub type Touched = BTreeSet<(&'static str, String)>;

type Watcher = Arc<dyn Fn(&Touched) + Send + Sync>;

/// Those who want to know. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Watchers(Arc<RwLock<Vec<Watcher>>>);

impl std::fmt::Debug for Watchers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watchers").finish_non_exhaustive()
    }
}

impl Watchers {
    pub(crate) fn say(&self, touched: &Touched) {
        if touched.is_empty() {
            return;
        }
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter().for_each(|watcher| watcher(touched));
    }
}

impl Db {
    /// Calls `watcher` after each commit that touched rows, also where nobody knows whether the commit happened. It must
    /// be quick: the one who committed waits for it.
    pub fn watch(&self, watcher: impl Fn(&Touched) + Send + Sync + 'static) {
        self.watchers.0.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(watcher));
    }
}

impl Tx {
    /// Notes that a row of `table` was written, for those who watch. [`crate::Record`] does it for the rows that say so
    /// (`touches` in [`crate::record!`]); statements of one's own say it themselves.
    pub fn touch(&mut self, table: &'static str, key: impl ToString) {
        self.touched.insert((table, key.to_string()));
    }
}
