//! Cutting a disk into chunks.

use std::io;

use futures_util::StreamExt as _;
use kogge_storage::Contents;
use tokio::sync::mpsc::Sender;

/// Bytes of a chunk.
pub(super) const CHUNK: usize = 1 << 20;

/// What a writer is told.
pub(super) enum Piece {
    /// A chunk without the zeros at its end: there is none of zeros alone.
    Chunk(u64, Vec<u8>),
    /// That was all, of a disk of so many bytes.
    End(u64),
}

/// Cuts what is stored of a disk into chunks that begin at multiples of [`CHUNK`], in rising order.
pub(super) async fn cut(mut contents: Contents, to: Sender<Piece>) -> io::Result<()> {
    let mut held = Vec::with_capacity(CHUNK);
    let mut number = 0;
    while let Some(extent) = contents.extents.next().await {
        let extent = extent?;
        let (mut offset, mut data) = (extent.offset, extent.data);
        while !data.is_empty() {
            let at = usize::try_from(offset % CHUNK as u64).unwrap_or(0);
            let now = offset / CHUNK as u64;
            if now < number || (now == number && held.len() > at) {
                return Err(io::Error::other("the pieces of the disk come in no order"));
            }
            if now > number {
                pass(&to, number, &mut held).await?;
                number = now;
            }
            held.resize(at, 0);
            let part = data.split_to(data.len().min(CHUNK - at));
            held.extend_from_slice(&part);
            offset += part.len() as u64;
        }
    }
    pass(&to, number, &mut held).await?;
    to.send(Piece::End(contents.bytes)).await.map_err(|_| gone())
}

async fn pass(to: &Sender<Piece>, number: u64, held: &mut Vec<u8>) -> io::Result<()> {
    let length = held.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    held.truncate(length);
    if length > 0 {
        let chunk = std::mem::replace(held, Vec::with_capacity(CHUNK));
        to.send(Piece::Chunk(number, chunk)).await.map_err(|_| gone())?;
    }
    held.clear();
    Ok(())
}

fn gone() -> io::Error {
    io::Error::other("whoever writes the backup stopped")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;
    use kogge_storage::Extent;

    use super::*;

    async fn cut_of(pieces: &[(u64, &[u8])]) -> io::Result<Vec<(u64, Vec<u8>)>> {
        let extents: Vec<io::Result<Extent>> = pieces
            .iter()
            .map(|(offset, data)| Ok(Extent { offset: *offset, data: Bytes::copy_from_slice(data) }))
            .collect();
        let contents = Contents { bytes: 1 << 30, extents: Box::pin(stream::iter(extents)) };
        let (to, mut from) = tokio::sync::mpsc::channel(100);
        cut(contents, to).await?;
        let mut chunks = Vec::new();
        while let Some(Piece::Chunk(number, data)) = from.recv().await {
            chunks.push((number, data));
        }
        Ok(chunks)
    }

    #[tokio::test]
    async fn chunks_begin_at_multiples_and_bear_no_zeros_at_their_end() {
        let whole = vec![7; CHUNK];
        let size = CHUNK as u64;
        let found =
            cut_of(&[(4, b"ab\0\0"), (size - 2, b"wxyz"), (3 * size, &[0; 100]), (5 * size, &whole)]).await;
        let found = found.unwrap();
        assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 1, 5]);
        assert_eq!(found[0].1.len(), CHUNK);
        assert_eq!(found[0].1[..8], *b"\0\0\0\0ab\0\0");
        assert_eq!(found[1].1, b"yz");
        assert_eq!(found[2].1, whole);
        assert!(cut_of(&[(size, b"b"), (0, b"a")]).await.is_err());
    }
}
