//! The images of a node that keeps no bytes: their digests are proven as they come, and forgotten.

use futures_util::StreamExt as _;
use kogge_node_api::{Data, ImageHead, NodeError};
use sha2::{Digest as _, Sha512};

use crate::disk;

/// First bytes of an image that are looked at.
const HEAD: usize = 32;

/// Reads an image to its end, and answers the size that its disk has for a guest.
///
/// # Errors
/// Where the data are not the ones that were named.
pub(crate) async fn read(head: &ImageHead, data: Data) -> Result<u64, NodeError> {
    let failed = |because: String| NodeError::failed("taking over the image", because);
    let (mut digest, mut bytes, mut first) = (Sha512::new(), 0_u64, Vec::with_capacity(HEAD));
    let mut data = data.into_stream();
    while let Some(piece) = data.next().await {
        let piece = piece.map_err(|error| failed(error.to_string()))?;
        bytes += piece.len() as u64;
        if bytes > head.bytes {
            return Err(failed(format!("more came than the {} bytes that were announced", head.bytes)));
        }
        let missing = HEAD - first.len();
        first.extend_from_slice(&piece[..piece.len().min(missing)]);
        digest.update(&piece);
    }
    if bytes != head.bytes {
        return Err(failed(format!("{bytes} bytes came of {}", head.bytes)));
    }
    if hex::encode(digest.finalize()) != head.digest {
        return Err(failed("the data that came are not those of the image".to_owned()));
    }
    Ok(disk::size_of_image(head.format, &first, bytes))
}
