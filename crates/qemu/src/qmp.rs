//! A client for QEMU's machine protocol: JSON lines over a unix socket.
//!
//! Commands carry a number, answers bring it back; events come in between at any moment. QEMU serves one client per
//! socket and does not care when that one goes, so a successor can take over a running guest.

mod send;
mod wire;

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use send::{Outgoing, write_all};
pub use wire::{Event, QmpError};
use wire::{Message, Reply};

/// How long a command may take. All that we send are quick; jobs are watched by polling.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer lines are a fault of the other side.
const LINE_LIMIT: u64 = 16 * 1024 * 1024;

/// A connection to one QEMU. Cheap to clone; it closes when the last clone is dropped.
#[derive(Clone)]
pub struct Qmp(Arc<Client>);

struct Client {
    out: mpsc::Sender<Outgoing>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
    events: broadcast::Sender<Event>,
    closed: watch::Receiver<bool>,
    reader: tokio::task::JoinHandle<()>,
}

type Waiting = Mutex<HashMap<u64, oneshot::Sender<Reply>>>;

impl Drop for Client {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Qmp {
    /// Connects and negotiates. The guest's user owns the place where the socket is: with `pid`, whoever listens there
    /// must be that process, or another guest could be steered in its place.
    ///
    /// # Errors
    /// Where nobody or another process listens, or who listens does not speak QMP within a minute (another client may be served).
    pub async fn connect(socket: &Path, pid: Option<i32>) -> Result<Self, QmpError> {
        let stream = UnixStream::connect(socket).await.map_err(QmpError::Io)?;
        let other = stream.peer_cred().map_err(QmpError::Io)?.pid();
        if let (Some(pid), Some(other)) = (pid, other)
            && pid != other
        {
            let because = format!("process {other} listens where process {pid} should");
            return Err(QmpError::Protocol(because));
        }
        tokio::time::timeout(PATIENCE, Self::negotiate(stream))
            .await
            .map_err(|_| QmpError::Timeout { command: "greeting".to_owned() })?
    }

    /// Negotiates over a connection that exists.
    ///
    /// # Errors
    /// As [`Qmp::connect`].
    pub async fn negotiate(stream: UnixStream) -> Result<Self, QmpError> {
        let (read, write) = stream.into_split();
        let mut lines = BufReader::new(read);
        match next_message(&mut lines).await? {
            Some(Message::Greeting) => {}
            Some(other) => return Err(QmpError::Protocol(format!("no greeting but {other:?}"))),
            None => return Err(QmpError::Closed),
        }
        let (out, outgoing) = mpsc::channel(16);
        let (closing, closed) = watch::channel(false);
        let (events, _) = broadcast::channel(256);
        let waiting = Arc::new(Waiting::default());
        tokio::spawn(write_all(write, outgoing));
        let reading = read_all(lines, Arc::clone(&waiting), events.clone());
        let reader = tokio::spawn(async move {
            reading.await;
            closing.send_replace(true);
        });
        let qmp = Self(Arc::new(Client { out, waiting, next: AtomicU64::new(1), events, closed, reader }));
        qmp.execute("qmp_capabilities", Value::Null).await?;
        Ok(qmp)
    }

    /// Runs one command; `arguments` is an object, or null for none.
    ///
    /// # Errors
    /// [`QmpError::Refused`] with QEMU's own words, or what happened to the connection.
    pub async fn execute(&self, command: &str, arguments: Value) -> Result<Value, QmpError> {
        self.send(command, arguments, None).await
    }

    /// Hands a file descriptor to QEMU, which keeps it under `name` until a command takes it. It stays with QEMU when
    /// this connection ends; `closefd` takes it back.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub async fn hand_over(&self, name: &str, fd: OwnedFd) -> Result<(), QmpError> {
        self.send("getfd", serde_json::json!({ "fdname": name }), Some(fd)).await.map(drop)
    }

    /// Hands an open file to QEMU, which names it by the set whose number is answered ([`crate::fd_set`]), with a word for
    /// us to know it by.
    ///
    /// # Errors
    /// As [`Qmp::execute`].
    pub async fn hand_over_file(&self, word: &str, fd: OwnedFd) -> Result<i64, QmpError> {
        let answer = self.send("add-fd", serde_json::json!({ "opaque": word }), Some(fd)).await?;
        let set = answer["fdset-id"].as_i64();
        set.ok_or_else(|| QmpError::Protocol(format!("no set of descriptors but {answer}")))
    }

    async fn send(&self, command: &str, arguments: Value, fd: Option<OwnedFd>) -> Result<Value, QmpError> {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let ticket = Ticket { waiting: &self.0.waiting, id };
        lock(&self.0.waiting).insert(id, answer);
        let outgoing = Outgoing { line: wire::command(id, command, &arguments), fd };
        if *self.0.closed.borrow() || self.0.out.send(outgoing).await.is_err() {
            return Err(QmpError::Closed);
        }
        let reply = tokio::time::timeout(PATIENCE, answered).await;
        drop(ticket);
        let reply = reply.map_err(|_| QmpError::Timeout { command: command.to_owned() })?;
        reply.map_err(|_| QmpError::Closed)?.map_err(|(class, because)| QmpError::Refused {
            command: command.to_owned(),
            class,
            because,
        })
    }

    /// Events from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// Ends when the connection ended, which it does when QEMU ends.
    pub async fn closed(&self) {
        let mut closed = self.0.closed.clone();
        // an error means that the sender is gone: closed as well
        let _ = closed.wait_for(|closed| *closed).await;
    }

    /// True where the connection ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        *self.0.closed.borrow()
    }
}

/// Forgets the question when nobody waits for the answer any more.
struct Ticket<'a> {
    waiting: &'a Waiting,
    id: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        lock(self.waiting).remove(&self.id);
    }
}

fn lock(waiting: &Waiting) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Reply>>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read_all(
    mut lines: BufReader<OwnedReadHalf>,
    waiting: Arc<Waiting>,
    events: broadcast::Sender<Event>,
) {
    loop {
        match next_message(&mut lines).await {
            Ok(Some(Message::Event(event))) => {
                // nobody may be listening
                let _ = events.send(event);
            }
            Ok(Some(Message::Reply(id, reply))) => {
                if let Some(answer) = lock(&waiting).remove(&id) {
                    let _ = answer.send(reply);
                }
            }
            Ok(Some(Message::Greeting)) => {}
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "a QMP connection is given up");
                break;
            }
        }
    }
    lock(&waiting).clear();
}

/// The next message; `None` at the end.
async fn next_message(lines: &mut BufReader<OwnedReadHalf>) -> Result<Option<Message>, QmpError> {
    let mut line = Vec::new();
    let read = lines.take(LINE_LIMIT).read_until(b'\n', &mut line).await.map_err(QmpError::Io)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        let because = format!("a line was not ended within {read} bytes");
        return Err(QmpError::Protocol(because));
    }
    wire::parse(&line).map(Some)
}
