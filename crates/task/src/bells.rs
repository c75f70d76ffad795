//! The bells of work that is keyed: one for each key, and one for all.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Notify;

use crate::exchange::Way;

/// Rings keyed work. Many rings of a key before its work runs are one. Cheap to clone.
#[derive(Clone, Default, Debug)]
pub struct Bells(Arc<Inner>);

#[derive(Default, Debug)]
struct Inner {
    rung: Mutex<Rung>,
    notify: Notify,
    way: OnceLock<(&'static str, Way)>,
}

/// What was rung.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Every key.
    pub all: bool,
    /// Every key, even where it pauses after a failure.
    pub urgent_all: bool,
    /// These keys.
    pub keys: BTreeSet<String>,
    /// These keys, even where they pause after a failure.
    pub urgent: BTreeSet<String>,
}

impl Bells {
    /// Bells that nobody hears yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rings for one key, in every process. Call it after the commit, not before.
    pub fn ring(&self, key: &str) {
        self.ring_here(key);
        self.ring_elsewhere(key);
    }

    /// Rings for one key in all other processes, for which it was or will be rung here under another one.
    pub fn ring_elsewhere(&self, key: &str) {
        if let Some((name, way)) = self.0.way.get() {
            // whoever goes on without the others has no way to them any more
            let _ = way.send((name, Some(key.to_owned())));
        }
    }

    /// Rings for one key in this process only: where it is known to be this one's work.
    pub fn ring_here(&self, key: &str) {
        let fresh = {
            let mut rung = self.0.rung.lock().unwrap_or_else(PoisonError::into_inner);
            !rung.keys.contains(key) && rung.keys.insert(key.to_owned())
        };
        if fresh {
            self.0.notify.notify_one();
        }
    }

    /// Rings for one key, and ends its pause after failures: what it waited for has come.
    pub fn urge(&self, key: &str) {
        self.0.rung.lock().unwrap_or_else(PoisonError::into_inner).urgent.insert(key.to_owned());
        self.0.notify.notify_one();
    }

    /// Rings for every key there is, and ends their pauses after failures.
    pub fn urge_all(&self) {
        self.0.rung.lock().unwrap_or_else(PoisonError::into_inner).urgent_all = true;
        self.0.notify.notify_one();
    }

    /// Rings for every key there is, in every process.
    pub fn ring_all(&self) {
        self.ring_all_here();
        if let Some((name, way)) = self.0.way.get() {
            let _ = way.send((name, None));
        }
    }

    /// Passes rings on to the other processes; the first way counts.
    pub(crate) fn pass_on(&self, name: &'static str, way: Way) {
        let _ = self.0.way.set((name, way));
    }

    /// Rings for every key there is, in this process only.
    pub fn ring_all_here(&self) {
        self.0.rung.lock().unwrap_or_else(PoisonError::into_inner).all = true;
        self.0.notify.notify_one();
    }

    /// What was rung since it was asked last; nothing, where nothing was.
    pub fn take(&self) -> Rung {
        std::mem::take(&mut *self.0.rung.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for a ring, past or coming.
    pub async fn rung(&self) -> Rung {
        loop {
            let heard = self.0.notify.notified();
            let rung = self.take();
            if rung != Rung::default() {
                return rung;
            }
            heard.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rings_of_a_key_are_one_until_they_are_heard() {
        let bells = Bells::new();
        for key in ["a", "b", "a"] {
            bells.ring(key);
        }
        let keys = ["a".to_owned(), "b".to_owned()].into();
        assert_eq!(bells.rung().await, Rung { keys, ..Rung::default() });
        assert_eq!(bells.take(), Rung::default());
        bells.ring_all();
        assert!(bells.rung().await.all);
    }
}
