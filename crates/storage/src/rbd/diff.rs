//! `rbd export-diff` and `rbd import-diff`: what is on an image without its holes, as a stream.
//!
//! The stream is a line `rbd diff v1`, then records of a letter each: `f` and `t` name snapshots, `s` is the size, `w` data
//! at an offset, `z` zeros at an offset, `e` the end. Numbers are of 64 bits with the lowest byte first.

use std::io;
use std::pin::Pin;
use std::process::Stdio;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout};

use super::tool::{Fault, Pool, end};
use crate::{Contents, Extent};

const HEAD: &[u8] = b"rbd diff v1\n";
/// The largest piece of contents, in bytes.
const PIECE: u64 = 1 << 20;

/// A stream of an image that is being read.
struct Reader {
    child: Child,
    from: BufReader<ChildStdout>,
    /// Where the rest of a record is, and how long it is.
    rest: Option<(u64, u64)>,
    begun: bool,
}

/// What is on an image of this size.
pub(super) fn read(pool: &Pool, image: &str, bytes: u64) -> Result<Contents, Fault> {
    let mut command = pool.command("rbd");
    let mut child = command.args(["export-diff", "--no-progress", &pool.image(image), "-"]).spawn()?;
    let stdout = child.stdout.take().ok_or_else(|| io::Error::other("rbd has no output"))?;
    let reader = Reader { child, from: BufReader::with_capacity(1 << 17, stdout), rest: None, begun: false };
    let pieces = stream::try_unfold(Some(reader), |reader| async {
        let Some(mut reader) = reader else { return Ok(None) };
        match reader.piece().await? {
            Some(piece) => Ok(Some((piece, Some(reader)))),
            None => {
                end(reader.child).await.map_err(|fault| io::Error::other(format!("{fault:?}")))?;
                Ok(None)
            }
        }
    });
    Ok(Contents { bytes, extents: pieces.boxed() })
}

impl Reader {
    /// The next piece of data.
    async fn piece(&mut self) -> io::Result<Option<Extent>> {
        if !self.begun {
            let mut head = [0; HEAD.len()];
            self.from.read_exact(&mut head).await?;
            if head != HEAD {
                return Err(io::Error::other("this is no diff of an image"));
            }
            self.begun = true;
        }
        while self.rest.is_none() {
            match self.from.read_u8().await? {
                b'w' => self.rest = Some((self.from.read_u64_le().await?, self.from.read_u64_le().await?)),
                b's' => drop(self.from.read_u64_le().await?),
                b'z' => drop((self.from.read_u64_le().await?, self.from.read_u64_le().await?)),
                b'e' => return Ok(None),
                other => return Err(io::Error::other(format!("a record of the diff is unknown: {other}"))),
            }
        }
        let Some((offset, length)) = self.rest.take() else { return Ok(None) };
        let now = length.min(PIECE);
        let mut data = vec![0; usize::try_from(now).map_err(io::Error::other)?];
        self.from.read_exact(&mut data).await?;
        if length > now {
            self.rest = Some((offset + now, length - now));
        }
        Ok(Some(Extent { offset, data: Bytes::from(data) }))
    }
}

/// Writes contents to an empty image that is as long as they say.
pub(super) async fn write(pool: &Pool, image: &str, contents: Contents) -> Result<(), Fault> {
    let mut command = pool.command("rbd");
    command.args(["import-diff", "--no-progress", "-", &pool.image(image)]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let mut to = child.stdin.take().ok_or_else(|| io::Error::other("rbd has no input"))?;
    let wrote = send(&mut to, contents.bytes, contents.extents).await;
    drop(to);
    match (wrote, end(child).await) {
        // a tool that fails stops reading; what it says is why
        (Err(error), Err(fault)) if error.kind() == io::ErrorKind::BrokenPipe => Err(fault),
        (wrote, ended) => {
            wrote?;
            ended
        }
    }
}

/// The pieces of contents as they come.
type Pieces = Pin<Box<dyn Stream<Item = io::Result<Extent>> + Send>>;

async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: u64, mut pieces: Pieces) -> io::Result<()> {
    to.write_all(HEAD).await?;
    to.write_u8(b's').await?;
    to.write_u64_le(bytes).await?;
    let mut at = 0;
    while let Some(Extent { offset, data }) = pieces.next().await.transpose()? {
        let end = offset.checked_add(data.len() as u64).filter(|end| *end <= bytes && offset >= at);
        at = end.ok_or_else(|| io::Error::other("the contents are not in order, or longer than they say"))?;
        // zeros need no room
        if data.iter().any(|byte| *byte != 0) {
            to.write_u8(b'w').await?;
            to.write_u64_le(offset).await?;
            to.write_u64_le(data.len() as u64).await?;
            to.write_all(&data).await?;
        }
    }
    to.write_u8(b'e').await?;
    to.flush().await
}
