//! Things that went wrong with one item of a run: they are that item's, and no run fails for them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// What went wrong with one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The item.
    pub item: String,
    /// What went wrong the last time.
    pub because: String,
    /// How often, since it last went well for long enough to be forgotten.
    pub times: u64,
}

tokio::task_local! {
    static BOOK: TroubleBook;
}

/// Notes that something went wrong with an item of the run that this is called in; `kogge tasks` shows it.
pub fn trouble(item: impl Display, because: impl Display) {
    // outside of a run nobody keeps a book
    let _ = BOOK.try_with(|book| book.note(item.to_string(), because.to_string()));
}

/// The troubles of a task's items.
#[derive(Clone, Default)]
pub(crate) struct TroubleBook(Arc<Mutex<BTreeMap<String, (Trouble, Instant)>>>);

/// After so long without trouble an item is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);
/// Most items that are remembered.
const MOST: usize = 1000;
/// Most that are shown.
const SHOWN: usize = 20;

impl TroubleBook {
    /// Does something whose troubles come into this book.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        BOOK.scope(self.clone(), work).await
    }

    fn note(&self, item: String, because: String) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if book.len() >= MOST {
            book.retain(|_, (_, met)| met.elapsed() < FORGOTTEN);
        }
        if let Some((trouble, met)) = book.get_mut(&item) {
            (trouble.because, *met) = (because, Instant::now());
            trouble.times += 1;
        } else if book.len() < MOST {
            let trouble = Trouble { item: item.clone(), because, times: 1 };
            book.insert(item, (trouble, Instant::now()));
        }
    }

    /// The newest, newest first.
    pub(crate) fn newest(&self) -> Vec<Trouble> {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = book.values().filter(|(_, met)| met.elapsed() < FORGOTTEN).collect();
        all.sort_by_key(|(_, met)| std::cmp::Reverse(*met));
        all.into_iter().take(SHOWN).map(|(trouble, _)| trouble.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn troubles_are_counted_by_item_and_go_into_the_book_of_their_run() {
        trouble("nobody", "outside of a run");
        let book = TroubleBook::default();
        let run = async {
            trouble("a", "first");
            trouble("b", "only");
            trouble("a", "last");
        };
        book.during(run).await;
        let shown = book.newest();
        assert_eq!(shown.len(), 2);
        assert_eq!(shown[0], Trouble { item: "a".into(), because: "last".into(), times: 2 });
    }
}
