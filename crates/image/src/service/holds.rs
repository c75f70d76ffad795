//! Holding an image's data: whoever builds a disk from it needs the file until the disk is whole, and not a moment
//! longer. An image can be deleted all the while; its file goes when the last one let go.

use std::fs::File;
use std::path::PathBuf;

use kogge_db::Tx;
use kogge_ids::ImageId;

use crate::Images;
use crate::error::Error;
use crate::model::status::Status;
use crate::store;

impl Images {
    /// Lets `consumers` hold the image's data, each instead of what it held before. Its row is locked until the
    /// transaction ends, so this comes last in it.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the image is gone, [`Error::Conflict`] where it is not fit to boot any more.
    pub async fn hold_in(&self, tx: &mut Tx, id: ImageId, consumers: &[String]) -> Result<(), Error> {
        let image = store::images::lock(tx, id).await?.ok_or_else(|| Error::no_image(id))?;
        image.fit_to_boot().map_err(Error::conflict)?;
        for consumer in consumers {
            store::holds::hold(tx, id, consumer).await?;
        }
        Ok(())
    }

    /// The consumer needs no image any more. One that holds nothing is fine.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn release_in(&self, tx: &mut Tx, consumer: &str) -> Result<(), Error> {
        Ok(store::holds::release(tx, consumer).await?)
    }

    /// The data of an image that somebody holds, deleted or not.
    ///
    /// # Errors
    /// [`Error::NotFound`] where its data are gone, [`Error::Conflict`] where an administrator took it out of service.
    pub async fn held(&self, id: ImageId) -> Result<Held, Error> {
        if let Some(image) = store::images::get(self.db(), id).await? {
            if image.status == Status::Deactivated {
                return Err(Error::conflict(format!("Image {id} is deactivated.")));
            }
            let data = image.data.ok_or_else(|| Error::no_image(id))?;
            return Ok(Held { path: self.files().locate(&data.file).await, digest: Some(data.sha512) });
        }
        let file = store::holds::kept_file(self.db(), id).await?;
        Ok(Held { path: self.files().locate(&file.ok_or_else(|| Error::no_image(id))?).await, digest: None })
    }

    /// SHA-512 of held data in hex: reads them where nobody noted it.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn digest_of(&self, held: &Held) -> Result<String, Error> {
        match &held.digest {
            Some(digest) => Ok(digest.clone()),
            None => {
                let read = self.files().digest(&held.path).await;
                read.map(|read| read.sha512).map_err(|error| Error::Store(std::io::Error::other(error)))
            }
        }
    }
}

/// Data that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    path: PathBuf,
    /// SHA-512 of the data in hex, where it was noted.
    pub digest: Option<String>,
}

impl Held {
    /// Opens the data: what was opened can be read to its end, whatever happens to the image.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn open(&self) -> Result<File, Error> {
        let path = self.path.clone();
        let opened = tokio::task::spawn_blocking(move || File::open(path)).await;
        Ok(opened.map_err(std::io::Error::other)??)
    }
}
