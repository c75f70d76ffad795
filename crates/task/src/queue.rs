//! The keys of keyed work that have something to do: a plain register, without time or tasks of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::status::{KeyStatus, Keys};

/// How long to wait where nothing is to come.
const LONG: Duration = Duration::from_secs(3600);
/// Most keys that are shown.
const SHOWN: usize = 20;

/// Keys that are ready, run, or pause after a failure. What rests is forgotten.
#[derive(Default)]
pub(crate) struct Queue {
    known: BTreeMap<String, Known>,
    ready: VecDeque<String>,
    paused: BTreeSet<(Instant, String)>,
    young: VecDeque<(Instant, String)>,
    running: usize,
    failing: usize,
}

struct Known {
    place: Place,
    /// Wanted once more while it ran.
    again: bool,
    failures: u32,
    because: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Ready,
    Running(Instant),
    Paused(Instant),
}

impl Queue {
    /// These are to be run. One that runs is run once more afterwards; one that pauses waits its pause out: a bell that
    /// keeps ringing must not make it spin.
    pub(crate) fn want_all(&mut self, keys: impl IntoIterator<Item = String>) {
        for key in keys {
            match self.known.get_mut(&key) {
                Some(known) => known.again |= matches!(known.place, Place::Running(_)),
                None => {
                    let known =
                        Known { place: Place::Ready, again: false, failures: 0, because: String::new() };
                    self.known.insert(key.clone(), known);
                    self.ready.push_back(key);
                }
            }
        }
    }

    /// As [`Queue::want_all`], but pauses are over.
    pub(crate) fn urge_all(&mut self, keys: impl IntoIterator<Item = String>) {
        for key in keys {
            match self.known.get(&key).map(|known| known.place) {
                Some(Place::Paused(until)) => {
                    self.paused.remove(&(until, key.clone()));
                    self.make_ready(key);
                }
                _ => self.want_all([key]),
            }
        }
    }

    /// Makes ready whose pause is over; answers how long until the next one's is.
    pub(crate) fn wake_paused(&mut self) -> Duration {
        let now = Instant::now();
        while let Some((until, _)) = self.paused.first() {
            if *until > now {
                return *until - now;
            }
            if let Some((_, key)) = self.paused.pop_first() {
                self.make_ready(key);
            }
        }
        LONG
    }

    fn make_ready(&mut self, key: String) {
        if let Some(known) = self.known.get_mut(&key) {
            known.place = Place::Ready;
            self.ready.push_back(key);
        }
    }

    pub(crate) fn nothing_is_ready(&self) -> bool {
        self.ready.is_empty()
    }

    /// How many runs began less than `age` ago.
    pub(crate) fn running_younger_than(&mut self, age: Duration) -> usize {
        let running = |since: Instant, key: &String| {
            self.known.get(key).is_some_and(|known| known.place == Place::Running(since))
        };
        while self.young.front().is_some_and(|(since, key)| since.elapsed() >= age || !running(*since, key)) {
            self.young.pop_front();
        }
        self.young.len().min(self.running)
    }

    /// The next one that is ready; it runs from now on.
    pub(crate) fn begin(&mut self) -> Option<String> {
        let key = self.ready.pop_front()?;
        let since = Instant::now();
        if let Some(known) = self.known.get_mut(&key) {
            (known.place, known.again) = (Place::Running(since), false);
        }
        self.young.push_back((since, key.clone()));
        self.running += 1;
        Some(key)
    }

    /// A run went well. With `more` it is run again at once.
    pub(crate) fn done(&mut self, key: &str, more: bool) {
        self.running = self.running.saturating_sub(1);
        let Some(mut known) = self.known.remove(key) else { return };
        self.failing -= usize::from(known.failures > 0);
        if more || known.again {
            known = Known { place: Place::Ready, again: false, failures: 0, because: String::new() };
            self.known.insert(key.to_owned(), known);
            self.ready.push_back(key.to_owned());
        }
    }

    /// A run failed; answers how many in a row did.
    pub(crate) fn failed(&mut self, key: &str, because: String, pause: fn(u32) -> Duration) -> u32 {
        self.running = self.running.saturating_sub(1);
        let Some(known) = self.known.get_mut(key) else { return 0 };
        self.failing += usize::from(known.failures == 0);
        known.failures = known.failures.saturating_add(1);
        let until = Instant::now() + pause(known.failures);
        (known.place, known.because) = (Place::Paused(until), because);
        self.paused.insert((until, key.to_owned()));
        known.failures
    }

    pub(crate) const fn has_failing(&self) -> bool {
        self.failing > 0
    }

    /// Whether nothing runs and nothing failed.
    pub(crate) const fn is_at_rest(&self) -> bool {
        self.running == 0 && self.failing == 0
    }

    /// What is shown of it: those that fail, worst first, then those that have run for long.
    pub(crate) fn status(&self) -> Keys {
        let mut keys =
            Keys { running: self.running, ready: self.ready.len(), failing: self.failing, shown: Vec::new() };
        if self.is_at_rest() {
            return keys;
        }
        const LONG_RUN: Duration = Duration::from_secs(5);
        let shown = |(key, known): (&String, &Known)| {
            let (mut running_seconds, mut retry_seconds) = (None, None);
            match known.place {
                Place::Running(since) if known.failures > 0 || since.elapsed() >= LONG_RUN => {
                    running_seconds = Some(since.elapsed().as_secs());
                }
                Place::Paused(until) => {
                    retry_seconds = Some(until.saturating_duration_since(Instant::now()).as_secs());
                }
                _ if known.failures > 0 => {}
                _ => return None,
            }
            let (key, because) = (key.clone(), known.because.clone());
            Some(KeyStatus { key, failures: known.failures, because, running_seconds, retry_seconds })
        };
        keys.shown = self.known.iter().filter_map(shown).collect();
        keys.shown.sort_by_key(|key| std::cmp::Reverse((key.failures, key.running_seconds)));
        keys.shown.truncate(SHOWN);
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(queue: &mut Queue, keys: &[&str]) {
        queue.want_all(keys.iter().map(|key| (*key).to_owned()));
    }

    const fn at_once(_: u32) -> Duration {
        Duration::ZERO
    }

    const fn in_a_minute(_: u32) -> Duration {
        Duration::from_secs(60)
    }

    #[test]
    fn a_key_is_ready_once_and_runs_again_where_it_was_wanted_meanwhile() {
        let mut queue = Queue::default();
        want(&mut queue, &["a", "b", "a"]);
        assert_eq!(
            (queue.begin().as_deref(), queue.begin().as_deref(), queue.begin()),
            (Some("a"), Some("b"), None)
        );
        want(&mut queue, &["a", "a"]);
        assert!(queue.nothing_is_ready(), "runs of a key never overlap");
        queue.done("a", false);
        queue.done("b", false);
        assert_eq!((queue.begin().as_deref(), queue.begin()), (Some("a"), None));
        queue.done("a", true);
        assert_eq!(queue.begin().as_deref(), Some("a"), "it said that there is more");
        queue.done("a", false);
        assert!(queue.nothing_is_ready() && queue.known.is_empty());
    }

    #[test]
    fn a_key_that_failed_pauses_whoever_rings_and_the_others_do_not() {
        let mut queue = Queue::default();
        want(&mut queue, &["a"]);
        queue.begin();
        assert_eq!(queue.failed("a", "no".to_owned(), in_a_minute), 1);
        want(&mut queue, &["a", "b"]);
        assert!(queue.wake_paused() > Duration::from_secs(50));
        assert_eq!((queue.begin().as_deref(), queue.begin()), (Some("b"), None));
        let status = queue.status();
        assert_eq!((status.failing, status.running, status.shown.len()), (1, 1, 1));
        assert_eq!((&*status.shown[0].key, &*status.shown[0].because), ("a", "no"));
    }

    #[test]
    fn who_is_urged_need_not_wait_its_pause_out() {
        let mut queue = Queue::default();
        want(&mut queue, &["a"]);
        queue.begin();
        queue.failed("a", "no".to_owned(), in_a_minute);
        queue.urge_all(["a".to_owned()]);
        assert_eq!((queue.begin().as_deref(), queue.begin()), (Some("a"), None));
        assert!(queue.wake_paused() == LONG);
    }

    #[test]
    fn failures_in_a_row_are_counted_until_one_goes_well() {
        let mut queue = Queue::default();
        want(&mut queue, &["a"]);
        for failures in 1..4 {
            assert_eq!(queue.begin().as_deref(), Some("a"));
            assert_eq!(queue.failed("a", "no".to_owned(), at_once), failures);
            queue.wake_paused();
        }
        queue.begin();
        assert!(queue.has_failing());
        queue.done("a", false);
        assert!(!queue.has_failing() && queue.status() == Keys::default());
    }

    #[test]
    fn runs_that_ended_or_are_old_are_not_counted_as_young() {
        let mut queue = Queue::default();
        want(&mut queue, &["a", "b"]);
        queue.begin();
        queue.begin();
        assert_eq!(queue.running_younger_than(LONG), 2);
        queue.done("a", false);
        assert_eq!(queue.running_younger_than(LONG), 1);
        assert_eq!(queue.running_younger_than(Duration::ZERO), 0);
    }
}
