//! Words for the log that a guest can cause as often as it likes, and that are said once a minute.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a word that was said is not said again.
const PAUSE: Duration = Duration::from_secs(60);

/// One kind of word. Kept in a `static`: its bound is that of the process, however many guests there are.
pub(crate) struct Seldom(Mutex<Said>);

struct Said {
    last: Option<Instant>,
    kept_back: u64,
}

impl Seldom {
    /// Nothing said yet.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Said { last: None, kept_back: 0 }))
    }

    /// How many were kept back since the last one, where it is time to speak.
    pub(crate) fn due(&self) -> Option<u64> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.last.is_some_and(|last| last.elapsed() < PAUSE) {
            said.kept_back = said.kept_back.saturating_add(1);
            return None;
        }
        said.last = Some(Instant::now());
        Some(std::mem::take(&mut said.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_at_once_are_one_and_the_next_one_tells_of_them() {
        let word = Seldom::new();
        assert_eq!(word.due(), Some(0));
        assert!((0..999).all(|_| word.due().is_none()));
        let long_ago = Instant::now().checked_sub(PAUSE);
        word.0.lock().unwrap().last = long_ago;
        assert_eq!(word.due(), Some(999));
    }
}
