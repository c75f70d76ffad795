//! Where to begin to look for a free address: below a mark none was free when one was looked for last.
//!
//! Only the search is shorter by it: the key of the addresses in use decides, and where nothing is free above the mark
//! the whole pool is looked through. Whoever gives an address back takes the mark down to it; one that was given back by
//! another process, or whose taking was taken back, is found when nothing else is free.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use kogge_ids::SubnetId;

/// Marks by subnet, and there by the first slot of the pool. They are hints, so all databases of a process may share them.
static MARKS: LazyLock<Mutex<HashMap<SubnetId, HashMap<i64, i64>>>> = LazyLock::new(Mutex::default);

/// Most subnets that are remembered.
const MOST: usize = 100_000;

fn marks() -> MutexGuard<'static, HashMap<SubnetId, HashMap<i64, i64>>> {
    MARKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The slot at which to begin in the pool that begins at `first`.
pub(super) fn begin(subnet: SubnetId, first: i64) -> i64 {
    marks().get(&subnet).and_then(|pools| pools.get(&first)).map_or(first, |mark| first.max(*mark))
}

/// Notes that nothing below `slot` is free in the pool that begins at `first`.
pub(super) fn raise(subnet: SubnetId, first: i64, slot: i64) {
    let mut marks = marks();
    if marks.len() >= MOST {
        marks.clear();
    }
    marks.entry(subnet).or_default().insert(first, slot);
}

/// Notes that a slot is given back.
pub(super) fn lower(subnet: SubnetId, slot: i64) {
    let mut marks = marks();
    let Some(pools) = marks.get_mut(&subnet) else { return };
    for mark in pools.values_mut().filter(|mark| **mark > slot) {
        *mark = slot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_begins_at_the_mark_and_never_above_what_was_given_back() {
        let subnet = SubnetId::random();
        assert_eq!(begin(subnet, 2), 2);
        raise(subnet, 2, 50);
        raise(subnet, 100, 130);
        assert_eq!((begin(subnet, 2), begin(subnet, 100)), (50, 130));
        lower(subnet, 60);
        assert_eq!((begin(subnet, 2), begin(subnet, 100)), (50, 100), "no pool begins before its first slot");
        lower(subnet, 7);
        assert_eq!(begin(subnet, 2), 7);
        assert_eq!(begin(SubnetId::random(), 2), 2);
    }
}
