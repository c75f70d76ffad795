//! Images leave room on the disk for the database.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use crate::Images;
use crate::error::Error;

impl Images {
    /// Whether `bytes` more fit on the disk. Those who make images and disks ask before they begin.
    ///
    /// # Errors
    /// [`Error::NoRoom`].
    pub fn admit(&self, bytes: u64) -> Result<(), Error> {
        Ok(self.config().room.admit(bytes)?)
    }

    /// The stream, which breaks off when the disk has no more room for images.
    pub(crate) fn within_room<S, E>(&self, body: S) -> impl Stream<Item = Result<Bytes, String>> + use<S, E>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: std::fmt::Display,
    {
        let room = self.config().room.clone();
        body.map(move |piece| {
            let piece = piece.map_err(|error| error.to_string())?;
            room.admit(piece.len() as u64).map_err(|error| error.to_string())?;
            Ok(piece)
        })
    }
}
