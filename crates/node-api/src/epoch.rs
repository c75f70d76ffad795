//! Who commands a host: the fence between an old commander and a new one.
//!
//! One process at a time has the right to command a host. Each time that the right changes hands its epoch rises, and
//! every order carries the epoch of whoever gives it. A node that has obeyed epoch 4 refuses what still comes of epoch
//! 3: a process that stood still for a while cannot undo what its successor did.
//!
//! ```text
//!   process A, epoch 3 ── apply ──▶ node       obeys
//!   process A             (stands still)
//!   process B, epoch 4 ── apply ──▶ node       obeys, remembers 4
//!   process A, epoch 3 ── remove ─▶ node       refuses: Deposed
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::NodeError;

/// How often the right to command a host has changed hands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// That of the first commander.
    pub const FIRST: Self = Self(1);
}

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The newest epoch that a node has obeyed.
#[derive(Debug, Default)]
pub struct Obeyed(AtomicU64);

impl Obeyed {
    /// With what is known from an earlier life of the node.
    #[must_use]
    pub const fn since(epoch: Epoch) -> Self {
        Self(AtomicU64::new(epoch.0))
    }

    /// The newest epoch that was obeyed; 0 where none was yet.
    #[must_use]
    pub fn newest(&self) -> Epoch {
        Epoch(self.0.load(Ordering::SeqCst))
    }

    /// A new epoch: newer than all before, and not older than `at_least`.
    pub fn begin(&self, at_least: Epoch) -> Epoch {
        let next = |newest: u64| at_least.0.max(newest.saturating_add(1));
        let rise = |newest| Some(next(newest));
        let before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, rise);
        Epoch(next(before.unwrap_or_else(|same| same)))
    }

    /// Whether an order of this epoch is to be obeyed: one of an older is not. True where it is newer than all before,
    /// which a node that is a process of its own writes down before it obeys.
    ///
    /// # Errors
    /// [`NodeError::Deposed`] where a newer one was obeyed.
    pub fn admit(&self, by: Epoch) -> Result<bool, NodeError> {
        let before = self.0.fetch_max(by.0, Ordering::SeqCst);
        if before > by.0 {
            return Err(NodeError::Deposed { by, newest: Epoch(before) });
        }
        Ok(by.0 > before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_of_an_older_epoch_is_refused() {
        let obeyed = Obeyed::since(Epoch(2));
        assert_eq!(obeyed.admit(Epoch(2)), Ok(false));
        assert_eq!(obeyed.admit(Epoch(4)), Ok(true));
        assert_eq!(obeyed.admit(Epoch(3)), Err(NodeError::Deposed { by: Epoch(3), newest: Epoch(4) }));
        assert_eq!((obeyed.admit(Epoch(4)), obeyed.newest()), (Ok(false), Epoch(4)));
    }

    #[test]
    fn every_commander_has_an_epoch_of_its_own_whatever_the_database_says() {
        let obeyed = Obeyed::since(Epoch(9));
        assert_eq!(obeyed.begin(Epoch(3)), Epoch(10), "the database may be an old one");
        assert_eq!(obeyed.begin(Epoch(3)), Epoch(11));
        assert!(obeyed.admit(Epoch(10)).is_err());
        assert_eq!(obeyed.begin(Epoch(40)), Epoch(40));
    }
}
