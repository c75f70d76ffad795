//! A stream becomes a file: piece by piece, bounded in length and in time, never whole in memory.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, pin_mut};
use tokio::sync::mpsc;

use super::writer::{self, Digest, Piece};
use super::{Files, Temporary};

/// Bounds of one transfer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most bytes.
    pub(crate) bytes: u64,
    /// Longest wait for the next piece.
    pub(crate) idle: Duration,
}

/// Why a transfer came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    /// More bytes than allowed.
    #[error("it is larger than {0} bytes")]
    TooLong(u64),
    /// The sender fell silent.
    #[error("nothing came for {} seconds", .0.as_secs())]
    Idle(Duration),
    /// The sender broke off.
    #[error("the transfer broke off: {0}")]
    Broken(String),
    /// The first bytes are dangerous.
    #[error("{0}")]
    Dangerous(String),
    /// The receiver was told to stop.
    #[error("the transfer was given up")]
    GivenUp,
    /// The disk failed or is full.
    #[error("the image store failed: {0}")]
    Disk(#[from] io::Error),
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
    let mut total: u64 = 0;
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

    const LIMITS: Limits = Limits { bytes: 10, idle: Duration::from_secs(5) };

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
        let taken = files.receive(&file, parts(list), LIMITS).await;
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
        let hasty = Limits { idle: Duration::from_millis(10), ..LIMITS };
        assert!(matches!(files.receive(&file, silent, hasty).await, Err(ReceiveError::Idle(_))));
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
        let limits = Limits { bytes: 1 << 20, ..LIMITS };
        let taken = files.receive(&file, parts(crumbs), limits).await;
        assert!(matches!(taken, Err(ReceiveError::Dangerous(why)) if why.contains("backing file")));
    }
}
