//! Consoles of guests: bytes both ways, for as long as both sides want.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::{fmt, io};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Which console of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsoleKind {
    /// The serial line: what is typed and what is printed. One user at a time; whoever opens it takes it over.
    Serial,
    /// Screen, keyboard and pointer, in the words of RFB (VNC).
    Vnc,
}

/// What a console's bytes come from and go to.
trait Line: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Line for T {}

/// An open console. It ends with the guest's process, and is closed when it is dropped.
pub struct ConsoleStream(Pin<Box<dyn Line>>);

impl ConsoleStream {
    /// The console behind `line`.
    pub fn new(line: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self(Box::pin(line))
    }
}

impl fmt::Debug for ConsoleStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsoleStream")
    }
}

impl AsyncRead for ConsoleStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(cx, buffer)
    }
}

impl AsyncWrite for ConsoleStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }
}
