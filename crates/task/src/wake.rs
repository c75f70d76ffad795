//! The bell of a task.

use std::sync::Arc;

use tokio::sync::Notify;

/// Rings a task. Many rings before it runs are one.
#[derive(Clone, Default, Debug)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// A bell that nobody hears yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rings. Call it after the commit, not before.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits for a ring, past or coming.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}
