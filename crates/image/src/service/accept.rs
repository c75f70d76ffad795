//! Received data become an image's, or the image is queued again.
//!
//! The formats that an image declares can be changed until it is active, so what the bytes are is judged against
//! them in the very transaction that makes the image active.

use kogge_db::Tx;
use kogge_ids::ImageId;

use super::bounds::Resource;
use crate::Images;
use crate::error::Error;
use crate::files::{Digest, Temporary};
use crate::inspect::judge;
use crate::model::image::{Data, Image};
use crate::model::status::Status;
use crate::store::{self, images::Busy};

impl Images {
    /// Keeps received data and makes them the image's, if it is still where it was and they are harmless.
    pub(crate) async fn accept(
        &self,
        id: ImageId,
        file: Temporary,
        digest: &Digest,
        from: Status,
    ) -> Result<(), Error> {
        let name = self.files().keep(file).await?;
        let done = self.activate(id, &name, digest, from).await;
        if done.is_err() {
            self.files().remove(&name).await;
        }
        done
    }

    /// Makes a kept file the image's data.
    pub(crate) async fn activate(
        &self,
        id: ImageId,
        file: &str,
        digest: &Digest,
        from: Status,
    ) -> Result<(), Error> {
        let mut tx = self.db().begin().await?;
        let mut image = still(&mut tx, id, from).await?;
        image.data = Some(self.judged(&image, file, digest)?);
        image.become_(Status::Active)?;
        image.staged = None;
        image.updated_at = self.now();
        store::images::save(&mut tx, &image).await?;
        self.within_quota(&mut tx, &image, &[Resource::Stored]).await?;
        store::images::idle(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// What is known of the data, or why they are refused.
    fn judged(&self, image: &Image, file: &str, digest: &Digest) -> Result<Data, Error> {
        let declared = image.disk_format.as_deref().unwrap_or("raw");
        // what is packed in a container cannot be recognized and is not booted either
        let bare = image.container_format.as_deref() == Some("bare");
        let judgement = judge(if bare { declared } else { "" }, &digest.inspection);
        if let Some(danger) = &judgement.danger {
            return Err(Error::BadData(format!("Image failed safety checks: {danger}")));
        }
        if let Some(why) = judgement.mismatch.as_ref().filter(|_| bare && self.config().require_format_match)
        {
            return Err(Error::BadData(format!("Image {} is refused: {why}", image.id)));
        }
        Ok(Data {
            file: file.to_owned(),
            size: i64::try_from(digest.size).unwrap_or(i64::MAX),
            virtual_size: judgement.virtual_size.and_then(|size| i64::try_from(size).ok()).filter(|_| bare),
            checksum: digest.md5.clone(),
            sha512: digest.sha512.clone(),
            detected: judgement.detected.to_owned(),
            unfit: judgement.unfit().filter(|_| bare).map(str::to_owned),
        })
    }

    /// Puts the image back where a transfer failed. The transfer's own trouble is told, not that of putting back: what
    /// cannot be put back now is put back by the task `reset_uploads`.
    pub(crate) async fn unless_done(
        &self,
        id: ImageId,
        from: Status,
        outcome: Result<(), Error>,
    ) -> Result<(), Error> {
        if let Err(error) = &outcome
            && let Err(trouble) = self.put_back(id, from, error).await
        {
            tracing::error!(image.id = %id, error = %trouble, "an image could not be put back to queued yet");
        }
        outcome
    }

    /// Back to *queued*, unless the image went elsewhere in the meantime.
    pub(crate) async fn put_back(
        &self,
        id: ImageId,
        from: Status,
        because: &(dyn std::error::Error + Sync),
    ) -> Result<(), Error> {
        tracing::info!(image.id = %id, error = %because, "data of an image were not taken");
        let mut tx = self.db().begin().await?;
        match store::images::lock(&mut tx, id).await?.filter(|image| image.status == from) {
            Some(image) => self.queue_again(tx, image).await,
            None => Ok(()),
        }
    }

    /// Back to *queued*, if really nobody works at it any more. False: somebody does.
    pub(crate) async fn give_up(&self, abandoned: &Busy) -> Result<bool, Error> {
        let mut tx = self.db().begin().await?;
        let image = store::images::lock(&mut tx, abandoned.id).await?;
        let unchanged = store::images::busy_with(&mut tx, abandoned.id).await?.as_ref() == Some(abandoned);
        let Some(image) = image.filter(|image| unchanged && image.status.is_moving()) else {
            return Ok(false);
        };
        tracing::info!(image.id = %image.id, "an upload was given up: its process ended");
        self.queue_again(tx, image).await.map(|()| true)
    }

    async fn queue_again(&self, mut tx: Tx, mut image: Image) -> Result<(), Error> {
        let file = image.file().map(str::to_owned);
        image.become_(Status::Queued)?;
        image.updated_at = self.now();
        store::images::save(&mut tx, &image).await?;
        store::images::idle(&mut tx, image.id).await?;
        tx.commit().await?;
        if let Some(file) = file {
            self.files().remove(&file).await;
        }
        Ok(())
    }
}

/// The image, locked, if it is still in this state.
pub(crate) async fn still(tx: &mut Tx, id: ImageId, from: Status) -> Result<Image, Error> {
    let image = store::images::lock(tx, id).await?.filter(|image| image.status == from);
    image.ok_or_else(|| {
        Error::Gone(format!(
            "Image {id} could not be found after upload. The image may have been deleted during the upload, \
             cleaning up the chunks uploaded."
        ))
    })
}
