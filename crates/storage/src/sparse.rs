//! Files with holes: copied, read and written without touching what is not there.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use nix::unistd::{Whence, lseek};

use crate::{Contents, Extent};

/// The largest piece of contents, in bytes.
const PIECE: u64 = 1 << 20;

/// Where data are in a file, from `from` on: begin and end; nothing where only a hole follows.
fn next_data(file: &File, from: u64) -> io::Result<Option<(u64, u64)>> {
    let offset = |at: u64| i64::try_from(at).map_err(io::Error::other);
    let seek = |at: u64, whence| lseek(file, offset(at)?, whence).map_err(io::Error::from);
    let begin = match seek(from, Whence::SeekData) {
        Ok(begin) => begin,
        Err(error) if error.raw_os_error() == Some(nix::libc::ENXIO) => return Ok(None),
        Err(error) => return Err(error),
    };
    let begin = u64::try_from(begin).unwrap_or_default();
    let end = u64::try_from(seek(begin, Whence::SeekHole)?).unwrap_or_default();
    Ok(Some((begin, end)))
}

/// Copies what is in `source` to the empty file `target`, with the same holes. Where the file system can, the two share
/// what is the same until one of them is written.
pub(crate) fn copy(source: &File, target: &File) -> io::Result<()> {
    let length = source.metadata()?.len();
    target.set_len(length)?;
    let mut at = 0;
    while let Some((begin, end)) = next_data(source, at)? {
        copy_piece(source, target, begin, end.min(length))?;
        at = end;
    }
    Ok(())
}

/// The kernel copies, or shares, where it can; the standard library does it by hand elsewhere.
fn copy_piece(source: &File, target: &File, begin: u64, end: u64) -> io::Result<()> {
    let (mut from, mut to) = (source, target);
    from.seek(SeekFrom::Start(begin))?;
    to.seek(SeekFrom::Start(begin))?;
    let copied = io::copy(&mut from.take(end - begin), &mut to)?;
    if copied < end - begin {
        return Err(io::Error::other("the file became shorter while it was copied"));
    }
    Ok(())
}

/// What is in a file, without its holes. It is read as it is asked for, off the threads of others.
pub(crate) fn contents(file: File) -> io::Result<Contents> {
    let bytes = file.metadata()?.len();
    let pieces = stream::try_unfold((file, 0_u64), |(file, at)| async move {
        let read = tokio::task::spawn_blocking(move || next_piece(&file, at).map(|piece| (file, piece)));
        let (file, piece) = read.await.map_err(io::Error::other)??;
        Ok(piece.map(|piece| {
            let next = piece.offset + piece.data.len() as u64;
            (piece, (file, next))
        }))
    });
    Ok(Contents { bytes, extents: pieces.boxed() })
}

fn next_piece(file: &File, at: u64) -> io::Result<Option<Extent>> {
    let Some((begin, end)) = next_data(file, at)? else { return Ok(None) };
    let mut data = vec![0; usize::try_from((end - begin).min(PIECE)).unwrap_or_default()];
    file.read_exact_at(&mut data, begin)?;
    Ok(Some(Extent { offset: begin, data: Bytes::from(data) }))
}

/// The pieces of contents as they come.
type Pieces = Pin<Box<dyn Stream<Item = io::Result<Extent>> + Send>>;

/// Writes contents to the empty file at `path`. Nothing may lie behind their end, or before the piece that came last.
pub(crate) async fn write(path: PathBuf, bytes: u64, mut pieces: Pieces) -> io::Result<()> {
    let open = move || {
        let file = File::options().write(true).open(path)?;
        file.set_len(bytes)?;
        Ok::<File, io::Error>(file)
    };
    let mut file = tokio::task::spawn_blocking(open).await.map_err(io::Error::other)??;
    let mut at = 0;
    while let Some(Extent { offset, data }) = pieces.next().await.transpose()? {
        let end = offset.checked_add(data.len() as u64).filter(|end| *end <= bytes && offset >= at);
        at = end.ok_or_else(|| io::Error::other("the contents are not in order, or longer than they say"))?;
        let wrote = tokio::task::spawn_blocking(move || {
            // zeros need no room
            if data.iter().any(|byte| *byte != 0) {
                file.write_all_at(&data, offset)?;
            }
            Ok::<File, io::Error>(file)
        });
        file = wrote.await.map_err(io::Error::other)??;
    }
    tokio::task::spawn_blocking(move || file.sync_all()).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt as _;
    use std::os::unix::fs::MetadataExt as _;

    #[tokio::test]
    async fn holes_stay_holes_through_a_copy_and_through_contents() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            File::options().read(true).write(true).create_new(true).open(dir.path().join(name)).unwrap()
        };
        let (source, target) = (make("source"), make("target"));
        source.set_len(1 << 30).unwrap();
        source.write_all_at(b"begin", 0).unwrap();
        source.write_all_at(&[7; 3 << 20], 100 << 20).unwrap();
        copy(&source, &target).unwrap();
        let same = |file: &File| {
            let mut at = [0; 5];
            file.read_exact_at(&mut at, 0).unwrap();
            let mut middle = [0; 2];
            file.read_exact_at(&mut middle, (103 << 20) - 1).unwrap();
            let meta = file.metadata().unwrap();
            assert_eq!((&at, middle, meta.len()), (b"begin", [7, 0], 1 << 30));
            assert!(meta.blocks() * 512 < 16 << 20, "{} blocks", meta.blocks());
        };
        same(&target);
        let read = contents(target).unwrap();
        let bytes = read.bytes;
        let pieces: Vec<Extent> = read.extents.try_collect().await.unwrap();
        assert!(pieces.len() >= 4 && pieces.iter().all(|piece| piece.data.len() as u64 <= PIECE));
        let written = make("written");
        let path = dir.path().join("written");
        write(path.clone(), bytes, stream::iter(pieces.clone().into_iter().map(Ok)).boxed()).await.unwrap();
        same(&written);
        let turned = pieces.into_iter().rev().map(Ok);
        assert!(write(path, bytes, stream::iter(turned).boxed()).await.is_err());
    }
}
