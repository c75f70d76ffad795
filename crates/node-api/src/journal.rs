//! What changed on a node since somebody looked: the cursor of an observer, and the book that a node keeps for it.
//!
//! The book says *that* an instance changed, never how: an observer is told what is now. So it stays small, and an
//! observer that was away for long misses nothing that still matters.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kogge_ids::ServerId;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use uuid::Uuid;

use crate::ObservedInstance;

/// Up to where an observer knows a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The life of the node that it belongs to.
    pub incarnation: Uuid,
    /// Number of the last change that is known.
    pub change: u64,
}

/// What changed since a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Where to go on from.
    pub cursor: Cursor,
    /// True where these are all instances of the node, and others that were known are gone.
    pub whole: bool,
    /// Instances that changed, as they are now.
    pub instances: Vec<ObservedInstance>,
    /// Instances that are gone.
    pub gone: Vec<ServerId>,
}

impl Changes {
    /// True where nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.whole && self.instances.is_empty() && self.gone.is_empty()
    }
}

/// So many changes are remembered by id. Whoever is further behind is told everything.
const REMEMBERED: usize = 10_000;

/// The book of changes of one life of a node.
#[derive(Debug)]
pub struct Journal {
    incarnation: Uuid,
    state: Mutex<State>,
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    newest: u64,
    /// Changes up to here are not remembered by id any more.
    forgotten: u64,
    by_change: BTreeMap<u64, ServerId>,
    by_id: BTreeMap<ServerId, u64>,
}

impl Default for Journal {
    fn default() -> Self {
        Self { incarnation: Uuid::new_v4(), state: Mutex::default(), newest: watch::Sender::new(0) }
    }
}

impl Journal {
    /// This life of the node.
    #[must_use]
    pub const fn incarnation(&self) -> Uuid {
        self.incarnation
    }

    /// An instance changed, or is gone.
    pub fn note(&self, id: ServerId) {
        let mut state = self.state();
        state.newest += 1;
        let change = state.newest;
        if let Some(before) = state.by_id.insert(id, change) {
            state.by_change.remove(&before);
        }
        state.by_change.insert(change, id);
        if state.by_change.len() > REMEMBERED
            && let Some((change, id)) = state.by_change.pop_first()
        {
            state.by_id.remove(&id);
            state.forgotten = change;
        }
        // while the book is open, so that the number never falls
        self.newest.send_replace(change);
    }

    /// What changed since `cursor`; waits for it for so long. `look` answers what an instance is now, or all of them
    /// where no id is given.
    pub async fn since(
        &self,
        cursor: Option<Cursor>,
        wait: Duration,
        look: impl Fn(Option<&[ServerId]>) -> Vec<ObservedInstance>,
    ) -> Changes {
        if let Some(known) = cursor.filter(|cursor| self.remembers(*cursor)) {
            let mut newest = self.newest.subscribe();
            // the sender lives as long as we do
            let _ = tokio::time::timeout(wait, newest.wait_for(|change| *change > known.change)).await;
        }
        // read before looking: what changes in between is told again, never missed
        let (cursor, ids) = self.changed(cursor);
        let Some(ids) = ids else {
            return Changes { cursor, whole: true, instances: look(None), gone: Vec::new() };
        };
        let instances = if ids.is_empty() { Vec::new() } else { look(Some(&ids)) };
        let gone = ids.into_iter().filter(|id| !instances.iter().any(|one| one.id == *id)).collect();
        Changes { cursor, whole: false, instances, gone }
    }

    fn remembers(&self, cursor: Cursor) -> bool {
        let state = self.state();
        cursor.incarnation == self.incarnation && (state.forgotten..=state.newest).contains(&cursor.change)
    }

    /// The newest cursor, and what changed since `cursor`; nothing where only the whole helps.
    fn changed(&self, cursor: Option<Cursor>) -> (Cursor, Option<Vec<ServerId>>) {
        let known = cursor.filter(|cursor| self.remembers(*cursor)).map(|cursor| cursor.change);
        let state = self.state();
        let now = Cursor { incarnation: self.incarnation, change: state.newest };
        // forgotten in between is possible, and then the next call tells the whole
        let ids = known.filter(|known| *known >= state.forgotten);
        (now, ids.map(|known| state.by_change.range(known + 1..).map(|(_, id)| *id).collect()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InstanceState;

    fn observed(id: ServerId) -> ObservedInstance {
        ObservedInstance {
            id,
            reached: 1,
            state: InstanceState::Running,
            disks_built: true,
            reboots_done: 0,
            holds: Vec::new(),
            fault: None,
            deferred: None,
            lacks: Vec::new(),
            quarantined: false,
        }
    }

    /// Looks at a node that has these instances.
    async fn look(journal: &Journal, cursor: Option<Cursor>, there: &[ServerId]) -> Changes {
        let seen = |ids: Option<&[ServerId]>| {
            let wanted = there.iter().filter(|id| ids.is_none_or(|ids| ids.contains(id)));
            wanted.map(|id| observed(*id)).collect()
        };
        journal.since(cursor, Duration::ZERO, seen).await
    }

    #[tokio::test]
    async fn an_observer_is_told_what_changed_and_what_is_gone_and_no_more() {
        let journal = Journal::default();
        let [a, b, c] = [ServerId::random(), ServerId::random(), ServerId::random()];
        let first = look(&journal, None, &[a, b]).await;
        assert!(first.whole && first.instances.len() == 2);
        assert!(look(&journal, Some(first.cursor), &[a, b]).await.is_empty());
        for id in [b, c, a, c] {
            journal.note(id);
        }
        let second = look(&journal, Some(first.cursor), &[b, c]).await;
        let seen: Vec<ServerId> = second.instances.iter().map(|one| one.id).collect();
        assert!(!second.whole && seen.contains(&b) && seen.contains(&c) && seen.len() == 2);
        assert_eq!(second.gone, [a]);
        assert!(look(&journal, Some(second.cursor), &[b, c]).await.is_empty());
        assert_eq!(look(&journal, Some(first.cursor), &[b, c]).await, second, "asking again changes nothing");
    }

    #[tokio::test]
    async fn a_cursor_of_another_life_or_from_the_future_gives_the_whole() {
        let (before, now) = (Journal::default(), Journal::default());
        let id = ServerId::random();
        before.note(id);
        let old = look(&before, None, &[id]).await.cursor;
        assert!(look(&now, Some(old), &[id]).await.whole);
        let future = Cursor { incarnation: now.incarnation(), change: 99 };
        assert!(look(&now, Some(future), &[id]).await.whole);
    }

    #[tokio::test]
    async fn who_is_too_far_behind_is_told_everything() {
        let journal = Journal::default();
        let ids: Vec<ServerId> = (0..=REMEMBERED).map(|_| ServerId::random()).collect();
        let begin = look(&journal, None, &[]).await.cursor;
        journal.note(ids[0]);
        let near = look(&journal, None, &[]).await.cursor;
        ids.iter().skip(1).for_each(|id| journal.note(*id));
        assert!(look(&journal, Some(begin), &ids).await.whole);
        assert_eq!(look(&journal, Some(near), &[]).await.gone.len(), REMEMBERED);
        journal.note(ids[0]);
        assert!(look(&journal, Some(near), &[]).await.whole);
    }

    #[tokio::test(start_paused = true)]
    async fn an_observer_waits_for_the_next_change_and_not_for_ever() {
        let journal = std::sync::Arc::new(Journal::default());
        let id = ServerId::random();
        let cursor = look(&journal, None, &[]).await.cursor;
        let none = journal.since(Some(cursor), Duration::from_secs(30), |_| Vec::new()).await;
        assert!(none.is_empty());
        let book = std::sync::Arc::clone(&journal);
        let waiting = tokio::spawn(async move {
            book.since(Some(cursor), Duration::from_secs(3600), |_| vec![observed(id)]).await
        });
        tokio::task::yield_now().await;
        journal.note(id);
        assert_eq!(waiting.await.unwrap().instances.len(), 1);
    }
}
