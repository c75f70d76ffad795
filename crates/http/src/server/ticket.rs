//! What a request holds until its handler has ended, also when its client has gone before.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admission::Slot;

/// A place among the connections and a turn on the own one, in the extensions of a request. A client that sends a request
/// and goes, again and again, has no more handlers at work than it may have connections and streams.
#[derive(Clone)]
pub(crate) struct Ticket {
    handlers: TaskTracker,
    _slot: Arc<Slot>,
    _turn: Arc<Option<OwnedSemaphorePermit>>,
}

/// A place among the connections, in the extensions of a request: for what goes on after its answer, as a WebSocket does.
/// Whoever holds it counts as a connection.
#[derive(Clone)]
pub struct Seat {
    _slot: Arc<Slot>,
    stop: CancellationToken,
}

impl Seat {
    pub(super) const fn new(slot: Arc<Slot>, stop: CancellationToken) -> Self {
        Self { _slot: slot, stop }
    }

    /// Ends when the server does.
    pub async fn closing(&self) {
        self.stop.cancelled().await;
    }
}

impl Ticket {
    pub(super) fn new(handlers: TaskTracker, slot: Arc<Slot>, turn: Option<OwnedSemaphorePermit>) -> Self {
        Self { handlers, _slot: slot, _turn: Arc::new(turn) }
    }

    /// Runs a handler in a task of its own, which the end of the server waits for, and holds the ticket until it is done.
    pub(crate) fn spawn<F>(self, handler: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handlers.clone().spawn(async move {
            let done = handler.await;
            drop(self);
            done
        })
    }
}
