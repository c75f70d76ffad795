//! Whether anything happens on a connection.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::Limits;

/// Longest sleep between two looks.
const LOOK: Duration = Duration::from_secs(5);

/// What is under way on one connection, and since when nothing moved.
pub(super) struct Activity {
    first_request: Duration,
    idle: Duration,
    answer_part: Duration,
    state: Mutex<State>,
}

struct State {
    /// A request has come.
    begun: bool,
    /// Requests whose answer has not been handed over whole.
    under_way: usize,
    /// Those of them whose answer has begun.
    answering: usize,
    /// The client takes nothing of what is written.
    blocked: bool,
    /// Since when no request is under way.
    quiet: Instant,
    /// When something of an answer was last taken.
    moved: Instant,
}

impl Activity {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        let now = Instant::now();
        let state =
            State { begun: false, under_way: 0, answering: 0, blocked: false, quiet: now, moved: now };
        Arc::new(Self {
            first_request: limits.first_request,
            idle: limits.idle,
            answer_part: limits.answer_part,
            state: Mutex::new(state),
        })
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Visit {
        let mut state = self.state();
        state.begun = true;
        state.under_way += 1;
        drop(state);
        Visit { activity: Arc::clone(self), answering: false }
    }

    /// Waits until the client has done nothing for longer than it may. How long a handler takes is not its fault.
    pub(super) async fn overdue(&self) {
        loop {
            let now = Instant::now();
            let look = match self.deadline() {
                Some(deadline) if deadline <= now => return,
                Some(deadline) => deadline.min(now + LOOK),
                None => now + LOOK.min(self.answer_part),
            };
            tokio::time::sleep_until(look).await;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        if state.blocked || (state.under_way > 0 && state.answering == state.under_way) {
            return Some(state.moved + self.answer_part);
        }
        let patience = if state.begun { self.idle } else { self.first_request };
        (state.under_way == 0).then(|| state.quiet + patience)
    }

    fn written(&self, taken: bool) {
        let now = Instant::now();
        let mut state = self.state();
        if taken && state.blocked {
            state.quiet = now;
        }
        if taken || !state.blocked {
            state.moved = now;
        }
        state.blocked = !taken;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way, until its answer has been handed over or given up.
pub(super) struct Visit {
    activity: Arc<Activity>,
    answering: bool,
}

impl Visit {
    /// The answer begins.
    pub(super) fn answers(&mut self) {
        if !self.answering {
            self.answering = true;
            let mut state = self.activity.state();
            state.answering += 1;
            state.moved = Instant::now();
        }
    }

    /// A part of the answer was asked for.
    pub(super) fn moves(&self) {
        self.activity.state().moved = Instant::now();
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.under_way -= 1;
        state.answering -= usize::from(self.answering);
        state.quiet = Instant::now();
    }
}

/// A stream that tells when its client takes nothing.
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) const fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Pending => self.activity.written(false),
            Poll::Ready(Ok(count)) if *count > 0 => self.activity.written(true),
            Poll::Ready(_) => {}
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity() -> Arc<Activity> {
        let second = Duration::from_secs(1);
        Activity::new(&Limits {
            first_request: 10 * second,
            idle: 60 * second,
            answer_part: 30 * second,
            ..Limits::default()
        })
    }

    /// Seconds until it is overdue; `None` for not within an hour.
    async fn seconds(activity: &Activity) -> Option<u64> {
        let began = Instant::now();
        let over = tokio::time::timeout(Duration::from_secs(3600), activity.overdue()).await;
        over.ok().map(|()| began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_borne_for_a_while() {
        let activity = activity();
        assert_eq!(seconds(&activity).await, Some(10), "before the first request");
        drop(activity.begin());
        assert_eq!(seconds(&activity).await, Some(60), "after it");
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_may_take_its_time_and_a_reader_may_not() {
        let activity = activity();
        let mut visit = activity.begin();
        assert_eq!(seconds(&activity).await, None);
        visit.answers();
        let other = activity.begin();
        assert_eq!(seconds(&activity).await, None, "another one is being worked on");
        drop(other);
        visit.moves();
        assert_eq!(seconds(&activity).await, Some(30));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_taken_is_not_kept() {
        let activity = activity();
        drop(activity.begin());
        activity.written(false);
        tokio::time::advance(Duration::from_secs(20)).await;
        activity.written(false);
        assert_eq!(seconds(&activity).await, Some(10), "being asked again is no progress");
        activity.written(true);
        assert_eq!(seconds(&activity).await, Some(60), "it was taken: idle from now");
    }
}
