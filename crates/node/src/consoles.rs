//! Consoles of guests in use. QEMU serves one user of a serial line at a time and lets the next ones wait: whoever comes
//! takes it over, as a browser that is opened again must not wait for the one that was forgotten.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use kogge_ids::ServerId;
use kogge_node_api::{ConsoleKind, ConsoleStream, NodeError};
use kogge_qemu::Machine;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::sync::oneshot;

/// What is said where a console does not open.
const OPENING: &str = "opening the console";

/// The serial lines in use.
#[derive(Default)]
pub(crate) struct Consoles(Arc<Mutex<Lines>>);

/// The user of each serial line: a number, and the way to its end.
#[derive(Default)]
struct Lines {
    last: u64,
    users: BTreeMap<ServerId, (u64, oneshot::Sender<()>)>,
}

impl Consoles {
    /// Opens a console of the guest in `dir`.
    pub(crate) async fn open(
        &self,
        machine: &Machine,
        dir: &Path,
        id: ServerId,
        kind: ConsoleKind,
    ) -> Result<ConsoleStream, NodeError> {
        match kind {
            ConsoleKind::Vnc => Ok(ConsoleStream::new(machine.screen(dir).await.map_err(not_open)?)),
            ConsoleKind::Serial => {
                // the one before hangs up first: QEMU takes the next one then
                let (place, ended) = self.take(id);
                let line = machine.serial(dir).await.map_err(not_open)?;
                Ok(ConsoleStream::new(Serial { line, ended, _place: place }))
            }
        }
    }

    /// Takes over the serial line of `id`: the place of its new user, and what tells its end.
    fn take(&self, id: ServerId) -> (Place, oneshot::Receiver<()>) {
        let (end, ended) = oneshot::channel();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.last += 1;
        let number = lines.last;
        // dropping the other end ends the one before
        lines.users.insert(id, (number, end));
        drop(lines);
        (Place { lines: Arc::clone(&self.0), id, number }, ended)
    }
}

/// Why a console does not open.
fn not_open(error: io::Error) -> NodeError {
    if error.kind() == io::ErrorKind::NotFound {
        let because =
            "the guest was started by a version without this console; it has one after a hard reboot";
        return NodeError::Refused { because: because.to_owned() };
    }
    NodeError::failed(OPENING, error)
}

/// A place in the book of lines in use; it is given back when it is dropped.
struct Place {
    lines: Arc<Mutex<Lines>>,
    id: ServerId,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.users.get(&self.id).is_some_and(|(number, _)| *number == self.number) {
            lines.users.remove(&self.id);
        }
    }
}

/// A serial line in use, until somebody else takes it over.
struct Serial {
    line: UnixStream,
    ended: oneshot::Receiver<()>,
    _place: Place,
}

impl AsyncRead for Serial {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if Pin::new(&mut self.ended).poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.line).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Serial {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(cx)
    }
}
