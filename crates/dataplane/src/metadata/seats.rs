//! How many connections one guest may have at a time, so that none keeps the others out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kogge_ids::ServerId;

/// Seats of one guest; those that nobody knows share as many among them.
pub(super) const SEATS: usize = 8;

/// The connections of a link, by guest.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats(Arc<Mutex<HashMap<Option<ServerId>, usize>>>);

/// One connection's seat, free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Seats,
    who: Option<ServerId>,
}

impl Seats {
    /// A seat for a connection of `who`; `None` where all of its own are taken.
    pub(super) fn take(&self, who: Option<ServerId>) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(who).or_default();
        if *count >= SEATS {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), who })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_takes_all_its_seats_leaves_the_others_theirs() {
        let seats = Seats::default();
        let (greedy, modest) = (Some(ServerId::random()), Some(ServerId::random()));
        let mut held: Vec<Seat> = (0..SEATS).map(|_| seats.take(greedy).unwrap()).collect();
        assert!(seats.take(greedy).is_none());
        assert!(seats.take(modest).is_some() && seats.take(None).is_some());
        held.pop();
        assert!(seats.take(greedy).is_some());
        held.clear();
        assert!(seats.0.lock().unwrap().is_empty(), "nothing is remembered of who has gone");
    }
}
