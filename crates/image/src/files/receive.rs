//! A stream becomes a file: piece by piece, bounded in length and in time, never whole in memory.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, pin_mut};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::receive_error::ReceiveError;
use super::writer::{self, Digest, Piece};
use super::{Arrival, Files, Temporary};

/// Bounds of one transfer.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Most bytes.
    pub(crate) bytes: u64,
    /// Longest wait for the next piece.
    pub(crate) idle: Duration,
    /// How slow it may be.
    pub(crate) slowest: Slowest,
    /// Its part of what its project may bring in.
    pub(crate) arrival: Option<Arrival>,
}

/// The least that comes in a time, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slowest {
    /// Bytes that come at least.
    pub(crate) bytes: u64,
    /// In this time.
    pub(crate) per: Duration,
}

impl Slowest {
    /// So many bytes per second, over a minute.
    pub(crate) const fn per_second(bytes: u64) -> Self {
        Self { bytes: bytes.saturating_mul(60), per: Duration::from_secs(60) }
    }
}

/// Measures a transfer against its [`Slowest`].
struct Pace {
    slowest: Slowest,
    since: Instant,
    bytes: u64,
}

impl Pace {
    fn new(slowest: Slowest) -> Self {
        Self { slowest, since: Instant::now(), bytes: 0 }
    }

    /// False where too little came in the time that is over now.
    fn keeps(&mut self, bytes: u64) -> bool {
        self.bytes += bytes;
        if self.since.elapsed() < self.slowest.per {
            return true;
        }
        let enough = self.bytes >= self.slowest.bytes;
        (self.since, self.bytes) = (Instant::now(), 0);
        enough
    }
}

/// Pieces on their way to the disk.
const QUEUE: usize = 4;
/// Longest piece that is queued, in bytes; together with [`QUEUE`] the memory of one transfer.
const PIECE: usize = 1 << 20;

impl Files {
    /// Writes the stream into `file`.
    pub(crate) async fn receive<S, E>(
        &self,
        file: &Temporary,
        stream: S,
        limits: Limits,
    ) -> Result<Digest, ReceiveError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: std::fmt::Display,
    {
        let (sender, pieces) = mpsc::channel(QUEUE);
        let path = file.path().to_owned();
        let writer = tokio::task::spawn_blocking(move || writer::write(pieces, &path));
        let sent = send(stream, &sender, limits).await;
        if sent.is_ok() {
            // a writer that failed has hung up and says itself why
            let _ = sender.send(Piece::End).await;
        }
        drop(sender);
        let written = writer.await.map_err(io::Error::other)?;
        match (sent, written) {
            (Err(error), _) => Err(error),
            (Ok(()), written) => written,
        }
    }

    /// Hashes and inspects a file that is there already.
    pub(crate) async fn digest(&self, path: &std::path::Path) -> Result<Digest, ReceiveError> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || writer::read(&path)).await.map_err(io::Error::other)?
    }
}

async fn send<S, E>(stream: S, sender: &mpsc::Sender<Piece>, limits: Limits) -> Result<(), ReceiveError>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: std::fmt::Display,
{
    pin_mut!(stream);
    let (mut total, mut pace, mut arrival): (u64, _, _) = (0, Pace::new(limits.slowest), limits.arrival);
    loop {
        let next = tokio::time::timeout(limits.idle, stream.next()).await;
        let mut bytes = match next.map_err(|_| ReceiveError::Idle(limits.idle))? {
            None => return Ok(()),
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => return Err(ReceiveError::Broken(error.to_string())),
        };
        total += bytes.len() as u64;
        if total > limits.bytes {
            return Err(ReceiveError::TooLong(limits.bytes));
        }
        if !arrival.as_mut().is_none_or(|arrival| arrival.take(bytes.len() as u64)) {
            return Err(ReceiveError::NoRoom);
        }
        if !pace.keeps(bytes.len() as u64) {
            return Err(ReceiveError::Slow(limits.slowest.bytes / limits.slowest.per.as_secs().max(1)));
        }
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            if sender.send(Piece::Bytes(piece)).await.is_err() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use kogge_ids::ImageId;

    const ANY: Slowest = Slowest { bytes: 0, per: Duration::from_secs(60) };

    fn limits(bytes: u64) -> Limits {
        Limits { bytes, idle: Duration::from_secs(5), slowest: ANY, arrival: None }
    }

    type Part = Result<Bytes, String>;

    fn parts(list: Vec<Part>) -> impl Stream<Item = Part> {
        stream::iter(list)
    }

    fn part(text: &'static [u8]) -> Part {
        Ok(Bytes::from_static(text))
    }

    async fn take(list: Vec<Part>) -> (Result<Digest, ReceiveError>, Files, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let file = files.temporary(ImageId::random());
        let taken = files.receive(&file, parts(list), limits(10)).await;
        drop(file);
        (taken, files, dir)
    }

    #[tokio::test]
    async fn size_and_hashes_are_those_of_all_pieces() {
        let (taken, ..) = take(vec![part(b"he"), part(b""), part(b"llo")]).await;
        let digest = taken.unwrap();
        assert_eq!(digest.size, 5);
        assert_eq!(digest.md5, "5d41402abc4b2a76b9719d911017c592");
        assert!(digest.sha512.starts_with("9b71d224bd62f3785d96d46ad3ea3d73"));
        assert_eq!(digest.inspection.length, 5);
    }

    #[tokio::test]
    async fn an_empty_stream_is_an_empty_file() {
        assert_eq!(take(vec![]).await.0.unwrap().size, 0);
    }

    #[tokio::test]
    async fn too_many_bytes_and_broken_streams_leave_no_file() {
        let (taken, files, _dir) = take(vec![part(b"0123456789"), part(b"x")]).await;
        assert!(matches!(taken, Err(ReceiveError::TooLong(10))));
        assert_eq!(files.count(), 0);
        let (taken, files, _dir) = take(vec![part(b"01"), Err("reset".into())]).await;
        assert!(matches!(taken, Err(ReceiveError::Broken(why)) if why == "reset"));
        assert_eq!(files.count(), 0);
    }

    #[tokio::test]
    async fn a_silent_sender_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let file = files.temporary(ImageId::random());
        let silent = stream::pending::<Part>();
        let hasty = Limits { idle: Duration::from_millis(10), ..limits(10) };
        assert!(matches!(files.receive(&file, silent, hasty).await, Err(ReceiveError::Idle(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dripping_sender_is_given_up_and_a_steady_one_is_not() {
        let pace = |bytes: u64| async move {
            let (sender, mut pieces) = mpsc::channel(QUEUE);
            let reader = tokio::spawn(async move { while pieces.recv().await.is_some() {} });
            let drips = stream::unfold(0u32, |count| async move {
                tokio::time::sleep(Duration::from_secs(4)).await;
                (count < 40).then(|| (part(b"0123"), count + 1))
            });
            let slowest = Slowest { bytes, per: Duration::from_secs(60) };
            let sent = send(drips, &sender, Limits { slowest, ..limits(1000) }).await;
            drop(sender);
            reader.await.unwrap();
            sent
        };
        assert!(pace(50).await.is_ok());
        assert!(matches!(pace(100).await, Err(ReceiveError::Slow(1))));
    }

    #[tokio::test]
    async fn a_transfer_ends_where_its_project_has_no_more_room() {
        let incoming = super::super::Incoming::default();
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let bring = async |room: u64| {
            let file = files.temporary(ImageId::random());
            let arrival = Some(incoming.begin("p", room));
            files
                .receive(&file, parts(vec![part(b"0123"), part(b"45")]), Limits { arrival, ..limits(10) })
                .await
        };
        assert!(bring(6).await.is_ok());
        assert!(matches!(bring(5).await, Err(ReceiveError::NoRoom)));
        assert_eq!(files.count(), 0);
    }

    #[tokio::test]
    async fn a_dangerous_header_stops_the_transfer_although_it_comes_in_crumbs() {
        let mut header = vec![0u8; 600];
        header[..4].copy_from_slice(b"QFI\xfb");
        header[7] = 3;
        header[15] = 1;
        let crumbs = header.chunks(7).map(|crumb| Part::Ok(Bytes::copy_from_slice(crumb))).collect();
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path()).unwrap();
        let file = files.temporary(ImageId::random());
        let taken = files.receive(&file, parts(crumbs), limits(1 << 20)).await;
        assert!(matches!(taken, Err(ReceiveError::Dangerous(why)) if why.contains("backing file")));
    }
}
