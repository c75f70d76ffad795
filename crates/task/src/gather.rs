//! Many small writes in few transactions.
//!
//! Each commit costs a trip to the disk, however little it writes. What is put here while one commit is under way goes
//! into the next one together: alone nobody waits for company, and under load hundreds share a trip.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

/// A place where items gather that are worked off together. `R` is the answer for one item.
pub struct Gather<T, R> {
    waiting: Mutex<Vec<(T, oneshot::Sender<R>)>>,
    /// Held by whoever works the items off.
    turn: tokio::sync::Mutex<()>,
    most: usize,
}

impl<T: Send + 'static, R: Send + 'static> Gather<T, R> {
    /// A place where at most `most` items are worked off together.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), turn: tokio::sync::Mutex::default(), most: most.max(1) }
    }

    /// Puts an item and waits for its answer. `work` answers many items, in their order; it is called for whatever has
    /// gathered, in a task of its own, so that nobody who goes away takes the others' work along. `None` where it
    /// panicked.
    pub async fn put<F>(&self, item: T, work: impl Fn(Vec<T>) -> F + Send) -> Option<R>
    where
        F: Future<Output = Vec<R>> + Send + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((item, answer));
        // those that were begun together with this one come now
        tokio::task::yield_now().await;
        loop {
            let turn = tokio::select! {
                biased;
                done = &mut answered => return done.ok(),
                turn = self.turn.lock() => turn,
            };
            // the oldest first; this one may not be among them yet
            let (items, answers) = self.next();
            if items.is_empty() {
                return answered.await.ok();
            }
            let done = tokio::spawn(work(items)).await.unwrap_or_default();
            for (answer, one) in answers.into_iter().zip(done) {
                // whoever went away wants no answer
                let _ = answer.send(one);
            }
            drop(turn);
        }
    }

    fn next(&self) -> (Vec<T>, Vec<oneshot::Sender<R>>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = waiting.len().min(self.most);
        waiting.drain(..taken).unzip()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn items_that_come_together_are_worked_off_together_and_each_gets_its_answer() {
        let gather = Gather::new(10);
        let turns = Arc::new(AtomicUsize::new(0));
        let put = |item: usize| {
            let turns = Arc::clone(&turns);
            gather.put(item, move |items: Vec<usize>| {
                turns.fetch_add(1, Ordering::SeqCst);
                async move { items.into_iter().map(|item| item * 2).collect() }
            })
        };
        let answers = futures_util::future::join_all((0..25).map(put)).await;
        assert_eq!(answers, (0..25).map(|item| Some(item * 2)).collect::<Vec<_>>());
        assert_eq!(turns.load(Ordering::SeqCst), 3, "ten, ten and five");
        assert_eq!(put(7).await, Some(14), "and alone nobody waits");
    }

    #[tokio::test]
    async fn a_panic_is_no_answer_and_the_next_ones_are_answered() {
        let gather = Gather::new(10);
        let work = |items: Vec<u32>| async move {
            assert!(!items.contains(&13), "on purpose");
            items
        };
        assert_eq!(gather.put(13, work).await, None);
        assert_eq!(gather.put(14, work).await, Some(14));
    }
}
