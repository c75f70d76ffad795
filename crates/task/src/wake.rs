//! The bell of a task.

use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use crate::exchange::Way;

/// Rings a task. Many rings before it runs are one. Cheap to clone.
#[derive(Clone, Default, Debug)]
pub struct Wake(Arc<Inner>);

#[derive(Default, Debug)]
struct Inner {
    notify: Notify,
    way: OnceLock<(&'static str, Way)>,
}

impl Wake {
    /// A bell that nobody hears yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rings, in every process. Call it after the commit, not before.
    pub fn wake(&self) {
        self.wake_here();
        if let Some((name, way)) = self.0.way.get() {
            // whoever goes on without the others has no way to them any more
            let _ = way.send((name, None));
        }
    }

    /// Rings in this process only.
    pub(crate) fn wake_here(&self) {
        self.0.notify.notify_one();
    }

    /// Passes rings on to the other processes; the first way counts.
    pub(crate) fn pass_on(&self, name: &'static str, way: Way) {
        let _ = self.0.way.set((name, way));
    }

    /// Waits for a ring, past or coming.
    pub async fn rung(&self) {
        self.0.notify.notified().await;
    }
}
