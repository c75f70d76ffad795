//! Bodies that must move: what comes in may not stall, and of what goes out it is known whether it is taken.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::activity::Visit;

/// How long the whole of a JSON body may take, in the extensions of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadWithin(pub(crate) Duration);

/// Nothing more of a body came.
#[derive(Debug, thiserror::Error)]
#[error("nothing more of the body came for {} s", .0.as_secs())]
pub(crate) struct BodyStalled(Duration);

/// The body of a request. It breaks off where the next part does not come in time.
pub(super) struct Upload {
    body: Incoming,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Upload {
    pub(super) const fn new(body: Incoming, patience: Duration) -> Self {
        Self { body, patience, waiting: None, armed: false }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = Instant::now() + self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if !self.armed {
            self.armed = true;
            waiting.as_mut().reset(until);
        }
        waiting.as_mut().poll(cx)
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.armed = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.wait(cx));
        Poll::Ready(Some(Err(BodyStalled(self.patience).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, with the request it belongs to.
pub(super) struct Answer {
    body: Body,
    visit: Visit,
}

impl Answer {
    pub(super) fn new(body: Body, mut visit: Visit) -> Self {
        visit.answers();
        Self { body, visit }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.visit.moves();
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
