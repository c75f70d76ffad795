//! Bodies of answers in portions: a list of megabytes in one piece of memory is copied each time that it grows, and such
//! pieces come from the system anew each time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use serde::Serialize;

/// Bytes of a portion.
const PORTION: usize = 64 << 10;
/// Bytes that nearly all answers fit into.
const SMALL: usize = 512;

/// The body that shows `value` as JSON. Its length is known, as that of any other.
///
/// # Errors
/// Where the value is no JSON.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<Body> {
    let mut portions = Portions { done: VecDeque::new(), last: Vec::with_capacity(SMALL) };
    serde_json::to_writer(&mut portions, value)?;
    let Portions { mut done, last } = portions;
    if done.is_empty() {
        return Ok(Body::from(last));
    }
    done.push_back(last.into());
    let left = done.iter().map(|portion: &Bytes| portion.len() as u64).sum();
    Ok(Body::new(LongBody { portions: done, left }))
}

struct Portions {
    done: VecDeque<Bytes>,
    last: Vec<u8>,
}

impl io::Write for Portions {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.last.len() + bytes.len() > PORTION && !self.last.is_empty() {
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(PORTION));
            self.done.push_back(full.into());
        }
        self.last.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct LongBody {
    portions: VecDeque<Bytes>,
    left: u64,
}

impl hyper::body::Body for LongBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let portion = self.portions.pop_front();
        self.left -= portion.as_ref().map_or(0, |portion| portion.len() as u64);
        Poll::Ready(portion.map(|portion| Ok(Frame::data(portion))))
    }

    fn is_end_stream(&self) -> bool {
        self.portions.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use hyper::body::Body as _;

    use super::*;

    #[tokio::test]
    async fn a_body_is_its_json_and_says_how_long_it_is() {
        for items in [0, 1, 100, 9_000, 70_000] {
            let value: Vec<String> = (0..items).map(|number| format!("item {number}")).collect();
            let whole = serde_json::to_vec(&value).unwrap();
            let body = json(&value).unwrap();
            assert_eq!(body.size_hint().exact(), Some(whole.len() as u64), "{items}");
            assert_eq!(body.collect().await.unwrap().to_bytes(), whole, "{items}");
        }
    }

    #[tokio::test]
    async fn a_text_that_is_longer_than_a_portion_is_not_torn() {
        let value = ["x".repeat(3 * PORTION), "y".to_owned()];
        let body = json(&value).unwrap();
        assert_eq!(body.collect().await.unwrap().to_bytes(), serde_json::to_vec(&value).unwrap());
    }
}
