//! Where log lines go: to a thread of their own, which may wait as long as it likes.
//!
//! Whoever logs hands a line over and goes on. A destination that does not take lines (a pipe that nobody reads any
//! more, a full disk, a closed terminal) costs lines, never a request: what does not fit into the queue is counted, and
//! the count is told as soon as lines go out again.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Most lines that wait to be written.
const QUEUE: usize = 8_192;
/// How long lines are gathered before they are written.
const GATHER: Duration = Duration::from_millis(2);
/// Most bytes that are written at once.
const MOST_AT_ONCE: usize = 64 * 1024;
/// Longest line in bytes; the rest of a longer one is cut off.
const LONGEST: usize = 32 * 1024;

/// What takes the lines in the end.
pub(crate) trait Destination: Send + 'static {
    /// Writes whole lines, one or several. An error costs them.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn write(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Opens what is at its place now.
    fn reopen(&mut self) {}
}

enum Order {
    Line(Vec<u8>),
    Reopen,
    /// Answered when all before it is done.
    Flush(SyncSender<()>),
}

/// The entrance of the queue. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Lines {
    queue: SyncSender<Order>,
    lost: Arc<AtomicU64>,
}

impl Lines {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// Where no thread can be made.
    pub(crate) fn start(to: impl Destination) -> io::Result<Self> {
        Self::with_room(to, QUEUE)
    }

    fn with_room(to: impl Destination, room: usize) -> io::Result<Self> {
        let (queue, orders) = sync_channel(room);
        let lost = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&lost);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || write_all(to, &orders, &count))?;
        Ok(Self { queue, lost })
    }

    pub(crate) fn reopen(&self) {
        let _ = self.queue.try_send(Order::Reopen);
    }

    /// Waits until what was handed over is written, but no longer than `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        let (done, wait) = sync_channel(1);
        if self.queue.try_send(Order::Flush(done)).is_ok() {
            let _: Result<(), RecvTimeoutError> = wait.recv_timeout(patience);
        }
    }

    fn hand_over(&self, mut line: Vec<u8>) {
        if line.len() > LONGEST {
            line.truncate(LONGEST);
            line.extend_from_slice(b" [cut]\n");
        }
        if self.queue.try_send(Order::Line(line)).is_err() {
            self.lose();
        }
    }

    fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("kogge_log_lines_lost_total").increment(1);
    }
}

fn write_all(mut to: impl Destination, orders: &Receiver<Order>, lost: &AtomicU64) {
    let mut batch = Batch::default();
    while let Ok(order) = orders.recv() {
        if matches!(order, Order::Line(_)) {
            // whoever logs while we sleep need not wake us
            std::thread::sleep(GATHER);
        }
        batch.take(order, &mut to, lost);
        for order in orders.try_iter() {
            batch.take(order, &mut to, lost);
        }
        batch.write(&mut to, lost);
    }
}

/// Lines that are written together: one call for each would cost more than the lines.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    lines: u64,
}

impl Batch {
    fn take(&mut self, order: Order, to: &mut impl Destination, lost: &AtomicU64) {
        match order {
            Order::Line(line) => {
                if self.text.len() + line.len() > MOST_AT_ONCE {
                    self.write(to, lost);
                }
                self.text.extend_from_slice(&line);
                self.lines += 1;
            }
            Order::Reopen => {
                self.write(to, lost);
                to.reopen();
            }
            Order::Flush(done) => {
                self.write(to, lost);
                let _ = done.try_send(());
            }
        }
    }

    fn write(&mut self, to: &mut impl Destination, lost: &AtomicU64) {
        if self.lines == 0 {
            return;
        }
        let missing = lost.load(Ordering::Relaxed);
        if missing > 0 && to.write(told(missing).as_bytes()).is_ok() {
            lost.fetch_sub(missing, Ordering::Relaxed);
        }
        if to.write(&self.text).is_err() {
            lost.fetch_add(self.lines, Ordering::Relaxed);
            metrics::counter!("kogge_log_lines_lost_total").increment(self.lines);
        }
        self.text.clear();
        self.lines = 0;
    }
}

fn told(missing: u64) -> String {
    format!("({missing} log lines were lost here: they could not be written)\n")
}

/// One line, handed over when it is whole.
pub(crate) struct Line {
    to: Lines,
    text: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.to.hand_over(one_line(std::mem::take(&mut self.text)));
        }
    }
}

/// The text of an event with its line feeds but the last written out: what a value holds can neither tear an event apart
/// nor begin a line of its own.
fn one_line(text: Vec<u8>) -> Vec<u8> {
    let (body, end) = match text.split_last() {
        Some((b'\n', body)) => (body, true),
        _ => (text.as_slice(), false),
    };
    if !body.contains(&b'\n') {
        return text;
    }
    let mut line = body.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\\n"[..]);
    line.extend_from_slice(if end { b"\n" } else { b"" });
    line
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { to: self.clone(), text: Vec::new() }
    }
}

/// Standard error, whatever it is.
pub(crate) struct StandardError;

impl Destination for StandardError {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        io::stderr().write_all(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Fails while `broken`; waits while somebody holds `gate`.
    #[derive(Clone, Default)]
    struct Fake {
        written: Arc<Mutex<Vec<String>>>,
        broken: Arc<Mutex<bool>>,
        gate: Arc<Mutex<()>>,
    }

    impl Destination for Fake {
        fn write(&mut self, line: &[u8]) -> io::Result<()> {
            let _gate = self.gate.lock().unwrap();
            if *self.broken.lock().unwrap() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.written.lock().unwrap().push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        }
    }

    fn log(lines: &Lines, text: &str) {
        lines.make_writer().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn what_could_not_be_written_is_counted_and_told_later() {
        let fake = Fake::default();
        let lines = Lines::start(fake.clone()).unwrap();
        *fake.broken.lock().unwrap() = true;
        log(&lines, "one\n");
        log(&lines, "two\n");
        lines.flush(Duration::from_secs(60));
        *fake.broken.lock().unwrap() = false;
        log(&lines, "three\n");
        lines.flush(Duration::from_secs(60));
        let written = fake.written.lock().unwrap().clone();
        assert_eq!(written, [told(2), "three\n".to_owned()]);
    }

    #[test]
    fn a_destination_that_waits_for_ever_keeps_nobody() {
        let fake = Fake::default();
        let held = fake.gate.lock().unwrap();
        let lines = Lines::with_room(fake.clone(), 4).unwrap();
        for number in 0..100 {
            log(&lines, &format!("{number}\n"));
        }
        lines.flush(Duration::from_millis(10));
        assert!(lines.lost.load(Ordering::Relaxed) >= 95);
        drop(held);
        log(&lines, "last\n");
    }

    #[test]
    fn an_event_is_one_line_whatever_its_values_hold() {
        let fake = Fake::default();
        let lines = Lines::start(fake.clone()).unwrap();
        log(&lines, "name=a\n<0>forged\n\n");
        lines.flush(Duration::from_secs(60));
        assert_eq!(*fake.written.lock().unwrap(), ["name=a\\n<0>forged\\n\n"]);
    }

    #[test]
    fn a_line_has_an_end() {
        let fake = Fake::default();
        let lines = Lines::start(fake.clone()).unwrap();
        log(&lines, &"x".repeat(LONGEST * 3));
        lines.flush(Duration::from_secs(60));
        assert!(fake.written.lock().unwrap()[0].len() < LONGEST + 10);
    }
}
