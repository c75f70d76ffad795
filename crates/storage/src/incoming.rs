//! Data that come from elsewhere: images, and copies that nodes made. They are what they say, or nothing.

use std::io;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use kogge_node_api::{ByteStream, Data, DiskCopy, DiskFormat, ImageHead};
use sha2::{Digest as _, Sha512};
use tokio::io::AsyncWriteExt as _;

use crate::draft::Draft;
use crate::off::off;
use crate::sniff::{Content, sniff};
use crate::{StorageError, sparse};

/// The step, as errors name it.
const STEP: &str = "taking over the image";
/// The longest wait for the next piece of an image.
const IDLE: Duration = Duration::from_secs(60);

/// Whether an image is named by a digest.
pub(crate) fn check_name(head: &ImageHead) -> Result<(), StorageError> {
    let good = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    if head.digest.len() != 128 || !head.digest.chars().all(good) {
        return Err(StorageError::Refused { because: "an image is named by a SHA-512 in hex".to_owned() });
    }
    Ok(())
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

/// Puts the data of an image into a draft, where they are those of its digest and what they say.
pub(crate) async fn take(draft: Draft, head: &ImageHead, data: Data) -> Result<Draft, StorageError> {
    let draft = fill(draft, head, data).await?;
    let content = sniff(draft.file()).map_err(|error| StorageError::io(STEP, &error))?;
    check(&content, head.format)?;
    Ok(draft)
}

async fn fill(draft: Draft, head: &ImageHead, data: Data) -> Result<Draft, StorageError> {
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
pub(crate) async fn receive(target: &Path, mut data: ByteStream, most: u64) -> io::Result<(String, u64)> {
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

/// Puts a disk that a node copied into a draft; answers it with its size for guests.
pub(crate) async fn take_copy(draft: Draft, copy: DiskCopy) -> Result<(Draft, u64), StorageError> {
    const STEP: &str = "making the volume";
    let (_, came) = receive(draft.path(), copy.data.into_stream(), copy.bytes)
        .await
        .map_err(|error| StorageError::io(STEP, &error))?;
    let content = sniff(draft.file()).map_err(|error| StorageError::io(STEP, &error))?;
    let Content::Qcow2 { bytes, backing: false, data_file: false } = content else {
        return Err(StorageError::failed(STEP, "what came from the node is no whole qcow2 disk"));
    };
    if came != copy.bytes {
        return Err(StorageError::failed(STEP, format!("{came} bytes came of {}", copy.bytes)));
    }
    Ok((draft, bytes))
}
