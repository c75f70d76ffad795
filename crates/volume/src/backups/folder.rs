//! Backups in a folder: a file each, made under another name and put into its place when it is whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use kogge_ids::BackupId;
use kogge_storage::{Contents, Extent, StorageError};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;

use super::chunks::{CHUNK, cut};
use super::file::{self, Entry, List, damaged};
use super::{BackupStore, Damage, Written};

/// Chunks that are under way between a reader and a writer.
const AHEAD: usize = 4;
/// Files of a chain that are open at the same time.
const OPEN: usize = 64;

/// Backups in a folder, which all processes of a cloud share. It is made when it is needed.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// This folder.
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    fn path(&self, id: BackupId) -> PathBuf {
        path_in(&self.0, id)
    }
}

fn path_in(folder: &Path, id: BackupId) -> PathBuf {
    folder.join(format!("{id}.backup"))
}

/// From the error of a file to that of a store.
fn storage(step: &str, id: BackupId) -> impl Fn(io::Error) -> StorageError {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => StorageError::NotFound { what: format!("backup-{id}") },
        io::ErrorKind::InvalidData => StorageError::Refused { because: because(&error.to_string()) },
        _ => StorageError::io(step, &error),
    }
}

/// In words for the owner.
fn because(what: &str) -> String {
    format!("the backup is damaged: {what}")
}

async fn blocking<T: Send + 'static>(
    step: &str,
    id: BackupId,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StorageError> {
    let done = spawn_blocking(work).await.map_err(|error| StorageError::failed(step, error))?;
    done.map_err(storage(step, id))
}

#[async_trait]
impl BackupStore for Folder {
    async fn write(
        &self,
        id: BackupId,
        parent: Option<BackupId>,
        contents: Contents,
    ) -> Result<Written, StorageError> {
        const STEP: &str = "writing the backup";
        if let Ok(written) = self.head(id).await {
            return Ok(written);
        }
        let (to, mut pieces) = channel(AHEAD);
        let (folder, path) = (self.0.clone(), self.path(id));
        let parent = parent.map(|parent| self.path(parent));
        let writer = blocking(STEP, id, move || {
            std::fs::create_dir_all(&folder)?;
            file::write(&path, id, parent.as_deref(), &mut pieces)
        });
        let (cut, written) = tokio::join!(cut(contents, to), writer);
        // who reads knows better why nothing came than who waited for it; who writes, why nothing was taken
        match (cut, written) {
            (_, Ok(written)) => Ok(written),
            (Err(error), Err(StorageError::Failed { .. })) => Err(StorageError::io(STEP, &error)),
            (_, Err(error)) => Err(error),
        }
    }

    async fn read(&self, id: BackupId) -> Result<(Contents, Damage), StorageError> {
        const STEP: &str = "reading the backup";
        let (folder, path) = (self.0.clone(), self.path(id));
        let list = blocking(STEP, id, move || List::open(&path)).await?;
        let bytes = list.written.bytes;
        let (to, from) = channel(AHEAD);
        let damage = Damage::default();
        let note = damage.clone();
        // it ends by itself where nobody listens any more
        drop(spawn_blocking(move || {
            if let Err(error) = pour(&folder, list, &to) {
                if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) {
                    note.note(&because(&error.to_string()));
                }
                let _ = to.blocking_send(Err(error));
            }
        }));
        let extents = stream::unfold(from, |mut from| async move {
            let next = from.recv().await?;
            Some((next, from))
        });
        Ok((Contents { bytes, extents: Box::pin(extents) }, damage))
    }

    async fn head(&self, id: BackupId) -> Result<Written, StorageError> {
        let path = self.path(id);
        blocking("reading the backup", id, move || List::open(&path).map(|list| list.written)).await
    }

    async fn delete(&self, id: BackupId) -> Result<(), StorageError> {
        let path = self.path(id);
        let removed = blocking("removing the backup", id, move || std::fs::remove_file(path)).await;
        match removed {
            Ok(()) | Err(StorageError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Passes on the chunks of a backup, wherever they are.
fn pour(folder: &Path, mut list: List, to: &Sender<io::Result<Extent>>) -> io::Result<()> {
    let mut files: BTreeMap<BackupId, File> = BTreeMap::new();
    while let Some(entry) = list.next()? {
        if files.len() >= OPEN && !files.contains_key(&entry.owner) {
            files.clear();
        }
        let data = match files.get(&entry.owner) {
            Some(file) => chunk(file, &entry)?,
            None => {
                let lost = |_| damaged("a backup that it builds on is not there");
                let file = File::open(path_in(folder, entry.owner)).map_err(lost)?;
                let data = chunk(&file, &entry)?;
                files.insert(entry.owner, file);
                data
            }
        };
        let extent = Extent { offset: entry.number.saturating_mul(CHUNK as u64), data };
        if to.blocking_send(Ok(extent)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn chunk(file: &File, entry: &Entry) -> io::Result<Bytes> {
    let mut data = vec![0; entry.length as usize];
    let short = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("a part of it is not as it was written"),
        _ => error,
    };
    file.read_exact_at(&mut data, entry.position).map_err(short)?;
    if <[u8; 32]>::from(Sha256::digest(&data)) != entry.digest {
        return Err(damaged("a part of it is not as it was written"));
    }
    Ok(data.into())
}

#[cfg(test)]
mod tests;
