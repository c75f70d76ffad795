//! Images that volumes are made from: kept by their digest, so that the same data come once.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use kogge_node_api::{ByteStream, Data, DiskFormat, ImageHead};
use nix::sys::time::TimeSpec;
use sha2::{Digest as _, Sha512};
use tokio::io::AsyncWriteExt as _;

use super::draft::{Draft, remove};
use super::names::BASES;
use super::off::off;
use super::sniff::{Content, sniff};
use super::sparse;
use crate::StorageError;

/// The step, as errors name it.
const STEP: &str = "taking over the image";
/// An image that no volume stands on is kept so long after it was used last.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The longest wait for the next piece of an image.
const IDLE: Duration = Duration::from_secs(60);

/// An image that is here.
pub(super) struct Base {
    pub path: PathBuf,
    pub format: DiskFormat,
    /// Its size for a guest in bytes.
    pub bytes: u64,
}

/// The image of this digest: what is here already is not read again.
pub(super) async fn ensure(dir: &Path, head: &ImageHead, data: Data) -> Result<Base, StorageError> {
    let good = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    if head.digest.len() != 128 || !head.digest.chars().all(good) {
        return Err(StorageError::Refused { because: "an image is named by a SHA-512 in hex".to_owned() });
    }
    let ending = match head.format {
        DiskFormat::Raw => "raw",
        DiskFormat::Qcow2 => "qcow2",
    };
    let bases = dir.join(BASES);
    let path = bases.join(format!("{}.{ending}", head.digest));
    let (known, format) = (path.clone(), head.format);
    if let Some(base) = off(STEP, move || look(known, format)).await? {
        return Ok(base);
    }
    let draft = off(STEP, move || Draft::new(&bases)).await?;
    let draft = take(draft, head, data).await?;
    let content = sniff(draft.file()).map_err(|error| StorageError::io(STEP, &error))?;
    check(&content, head.format)?;
    let (target, format) = (path.clone(), head.format);
    let kept = off(STEP, move || {
        draft.keep_first(&target)?;
        look(target, format)
    });
    kept.await?.ok_or_else(|| StorageError::failed(STEP, "it went away"))
}

/// Whether an image is what it says, and needs nothing else.
fn check(content: &Content, format: DiskFormat) -> Result<(), StorageError> {
    let because = match (format, content) {
        (DiskFormat::Raw, _) | (_, Content::Qcow2 { backing: false, data_file: false, .. }) => return Ok(()),
        (_, Content::Qcow2 { .. }) => "the image refers to another file, which no image may",
        (_, _) => "the image is not in the format qcow2, as it says",
    };
    Err(StorageError::Refused { because: because.to_owned() })
}

fn look(path: PathBuf, format: DiskFormat) -> io::Result<Option<Base>> {
    let file = match std::fs::File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    // it is used now
    nix::sys::stat::futimens(&file, &TimeSpec::UTIME_NOW, &TimeSpec::UTIME_NOW)?;
    let bytes = match (format, sniff(&file)?) {
        (DiskFormat::Qcow2, Content::Qcow2 { bytes, .. }) => bytes,
        _ => file.metadata()?.len(),
    };
    Ok(Some(Base { path, format, bytes }))
}

async fn take(draft: Draft, head: &ImageHead, data: Data) -> Result<Draft, StorageError> {
    let bytes = head.bytes;
    match data {
        Data::File(file) => {
            off(STEP, move || {
                if file.metadata()?.len() != bytes {
                    return Err(io::Error::other("the file of the image is not as long as it should be"));
                }
                sparse::copy(&file, draft.file()).map(|()| draft)
            })
            .await
        }
        Data::Stream(stream) => {
            let received = receive(draft.path(), stream, bytes).await;
            let (digest, came) = received.map_err(|error| StorageError::io(STEP, &error))?;
            if came != bytes || digest != head.digest {
                return Err(StorageError::failed(STEP, "the data that came are not those of the image"));
            }
            Ok(draft)
        }
    }
}

/// Writes a stream of at most `most` bytes to a file; answers the digest and how many bytes came.
pub(super) async fn receive(target: &Path, mut data: ByteStream, most: u64) -> io::Result<(String, u64)> {
    let mut file = tokio::fs::OpenOptions::new().write(true).open(target).await?;
    let (mut digest, mut bytes) = (Sha512::new(), 0_u64);
    let silent = |_| io::Error::other("nothing came for a minute");
    while let Some(piece) = tokio::time::timeout(IDLE, data.next()).await.map_err(silent)? {
        let piece = piece?;
        bytes = bytes.saturating_add(piece.len() as u64);
        if bytes > most {
            return Err(io::Error::other(format!("more came than the {most} bytes that were announced")));
        }
        digest.update(&piece);
        file.write_all(&piece).await?;
    }
    file.sync_all().await?;
    Ok((hex::encode(digest.finalize()), bytes))
}

/// Removes images that no volume stands on and that were not used for a while.
pub(super) fn collect(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir.join(BASES))? {
        let entry = entry?;
        let seen = entry.metadata()?;
        let old = seen.modified()?.elapsed().is_ok_and(|age| age > KEPT);
        if seen.is_file() && seen.nlink() == 1 && old {
            remove(&entry.path())?;
        }
    }
    Ok(())
}
