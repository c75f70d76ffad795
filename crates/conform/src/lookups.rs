//! Look-ups that several checks need: fetched once, the failure remembered like the value.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::problem::Problem;

type Cell<T> = OnceCell<Result<Arc<T>, Problem>>;

/// Values by their type. Whoever asks first fetches; the others wait for the same value or the same failure.
#[derive(Default)]
pub struct Shared {
    cells: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Shared {
    /// The value of type `T`, fetched by the first caller.
    ///
    /// If the first caller is dropped while fetching, the next one fetches anew.
    ///
    /// # Errors
    /// The problem that the fetch ended in, for every caller.
    pub async fn get<T, F>(&self, fetch: F) -> Result<Arc<T>, Problem>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, Problem>> + Send,
    {
        let cell = self.cell::<T>();
        let Ok(cell) = cell.downcast::<Cell<T>>() else {
            return Err(Problem::ours("bug in kogge: two look-ups share one place"));
        };
        cell.get_or_init(|| async { fetch.await.map(Arc::new) }).await.clone()
    }

    fn cell<T: Send + Sync + 'static>(&self) -> Arc<dyn Any + Send + Sync> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Cell::<T>::new()) as Arc<dyn Any + Send + Sync>;
        Arc::clone(cells.entry(TypeId::of::<T>()).or_insert_with(fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn a_value_is_fetched_once() {
        let (shared, count) = (Shared::default(), AtomicUsize::new(0));
        let ask = || {
            shared.get(async {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(7u32)
            })
        };
        let (a, b) = futures_util::join!(ask(), ask());
        assert_eq!((*a.unwrap(), *b.unwrap(), count.load(Ordering::SeqCst)), (7, 7, 1));
    }

    #[tokio::test]
    async fn a_failure_is_remembered_too() {
        let shared = Shared::default();
        let first = shared.get(async { Err::<u32, _>(Problem::cloud("down")) }).await;
        let second = shared.get(async { Ok(7u32) }).await;
        assert_eq!(first.unwrap_err(), second.unwrap_err());
    }

    #[tokio::test]
    async fn types_do_not_meet() {
        let shared = Shared::default();
        assert_eq!(*shared.get(async { Ok(7u32) }).await.unwrap(), 7);
        assert_eq!(*shared.get(async { Ok("x".to_owned()) }).await.unwrap(), "x");
    }
}
