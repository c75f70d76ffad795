//! Backups in a folder: whole, changed by one byte, and given up.

use futures_util::TryStreamExt as _;

use super::*;

const MIB: u64 = 1 << 20;

fn disk(pieces: &[(u64, &'static [u8])]) -> Contents {
    let pieces: Vec<io::Result<Extent>> = pieces
        .iter()
        .map(|(offset, data)| Ok(Extent { offset: *offset, data: Bytes::from_static(data) }))
        .collect();
    Contents { bytes: 8 * MIB, extents: Box::pin(stream::iter(pieces)) }
}

async fn read(folder: &Folder, id: BackupId) -> io::Result<Vec<(u64, Vec<u8>)>> {
    let (contents, _) = folder.read(id).await.unwrap();
    assert_eq!(contents.bytes, 8 * MIB);
    let extents: Vec<Extent> = contents.extents.try_collect().await?;
    let trim = |extent: Extent| {
        let start = extent.data.iter().take_while(|byte| **byte == 0).count();
        (extent.offset + start as u64, extent.data[start..].to_vec())
    };
    Ok(extents.into_iter().map(trim).collect())
}

#[tokio::test]
async fn an_increment_holds_only_what_is_new_and_reads_as_the_whole_disk() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path().join("new"));
    let [first, second, third] = [(); 3].map(|()| BackupId::random());
    let before: &[(u64, &'static [u8])] = &[(0, b"one"), (2 * MIB + 5, b"two"), (4 * MIB, b"three")];
    let written = folder.write(first, None, disk(before)).await.unwrap();
    assert_eq!(written, Written { chunks: 3, bytes: 8 * MIB });
    let after: &[(u64, &'static [u8])] = &[(0, b"one"), (2 * MIB + 5, b"TWO"), (6 * MIB, b"four")];
    let written = folder.write(second, Some(first), disk(after)).await.unwrap();
    assert_eq!(written.chunks, 2);
    let written = folder.write(third, Some(second), disk(after)).await.unwrap();
    assert_eq!(written.chunks, 0);
    let whole = vec![(0, b"one".to_vec()), (2 * MIB + 5, b"TWO".to_vec()), (6 * MIB, b"four".to_vec())];
    assert_eq!(read(&folder, second).await.unwrap(), whole);
    assert_eq!(read(&folder, third).await.unwrap(), whole);
    // once more: what is whole stays as it is
    assert_eq!(folder.write(second, None, disk(before)).await.unwrap().chunks, 2);
    folder.delete(second).await.unwrap();
    folder.delete(second).await.unwrap();
    assert!(read(&folder, third).await.is_err());
    assert!(matches!(folder.read(second).await, Err(StorageError::NotFound { .. })));
}

#[tokio::test]
async fn a_damaged_part_is_found_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path().to_owned());
    let id = BackupId::random();
    folder.write(id, None, disk(&[(0, b"one"), (2 * MIB, b"two")])).await.unwrap();
    let path = folder.path(id);
    let whole = std::fs::read(&path).unwrap();
    for at in 8..whole.len() {
        let mut bad = whole.clone();
        bad[at] ^= 1;
        std::fs::write(&path, &bad).unwrap();
        let Ok((contents, damage)) = folder.read(id).await else { continue };
        let extents: Result<Vec<Extent>, _> = contents.extents.try_collect().await;
        assert!(extents.is_err(), "{at}");
        assert!(damage.found().is_some(), "{at}");
    }
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(folder.read(id).await.is_err());
}

#[tokio::test]
async fn what_breaks_off_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path().to_owned());
    let broken = stream::iter([
        Ok(Extent { offset: 0, data: Bytes::from_static(b"one") }),
        Err(io::Error::other("the disk broke")),
    ]);
    let contents = Contents { bytes: 8 * MIB, extents: Box::pin(broken) };
    let error = folder.write(BackupId::random(), None, contents).await.unwrap_err();
    assert!(error.to_string().contains("the disk broke"), "{error}");
    let lost = folder.write(BackupId::random(), Some(BackupId::random()), disk(&[(0, b"one")])).await;
    assert!(matches!(lost, Err(StorageError::NotFound { .. })), "{lost:?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
