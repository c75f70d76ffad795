//! Which calls are waiting for their answers: what to name when somebody runs out of patience.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::CallName;

/// The calls that have begun and not ended. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<Calls>>);

#[derive(Default)]
struct Calls {
    next: u64,
    flying: BTreeMap<u64, CallName>,
}

/// One call; it ends when this is dropped.
pub(crate) struct Flying {
    number: u64,
    calls: InFlight,
}

impl InFlight {
    pub(crate) fn begin(&self, call: &CallName) -> Flying {
        let mut calls = self.lock();
        let number = calls.next;
        calls.next += 1;
        calls.flying.insert(number, call.clone());
        drop(calls);
        Flying { number, calls: self.clone() }
    }

    /// The calls, the oldest first.
    pub(crate) fn list(&self) -> Vec<CallName> {
        self.lock().flying.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flying {
    fn drop(&mut self) {
        self.calls.lock().flying.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_listed_until_it_ends() {
        let calls = InFlight::default();
        let name = |path: &str| {
            CallName::new(&http::Method::GET, "image", &format!("http://c.example{path}").parse().unwrap())
        };
        let first = calls.begin(&name("/a"));
        let second = calls.begin(&name("/b"));
        assert_eq!(calls.list(), [name("/a"), name("/b")]);
        drop(first);
        assert_eq!(calls.list(), [name("/b")]);
        drop(second);
        assert!(calls.list().is_empty());
    }
}
