//! What compute needs: images to boot from, and images made from servers.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use kogge_auth::Caller;
use kogge_db::Tx;
use kogge_ids::ImageId;

use super::bounds::Resource;
use super::data::refused;
use crate::Images;
use crate::error::Error;
use crate::files::{Limits, Slowest};
use crate::model::image::Image;
use crate::model::status::Status;
use crate::model::visibility::Visibility;
use crate::store;

/// Longest wait for the next piece of a snapshot: a node reads it from a disk.
const IDLE: Duration = Duration::from_secs(60);

/// An image, as compute needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootImage {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// The project that owns it.
    pub owner: Option<String>,
    /// Its state.
    pub status: Status,
    /// Who sees it.
    pub visibility: Visibility,
    /// Declared disk format: `raw`, `qcow2` …; what is fit to boot really has this format.
    pub disk_format: Option<String>,
    /// Declared container format.
    pub container_format: Option<String>,
    /// Length of the data in bytes.
    pub size: Option<i64>,
    /// Size of the disk in bytes that a guest sees, where known.
    pub virtual_size: Option<i64>,
    /// MD5 of the data in hex.
    pub checksum: Option<String>,
    /// SHA-512 of the data in hex, `os_hash_value`.
    pub digest: Option<String>,
    /// Smallest disk that boots it, in GiB.
    pub min_disk: i64,
    /// Least memory that boots it, in MiB.
    pub min_ram: i64,
    /// Further properties: `hw_disk_bus`, `os_distro` …
    pub properties: BTreeMap<String, String>,
    /// Why no server may boot from it. Never boot what says why not.
    pub fit_to_boot: Result<(), String>,
}

/// A new image of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSnapshot {
    /// Its name.
    pub name: String,
    /// Properties: those of the base image that are passed on, `image_type`, `instance_uuid` …
    pub properties: BTreeMap<String, String>,
    /// Format of the file that will be written: `qcow2` or `raw`.
    pub disk_format: String,
    /// Smallest disk that boots it, in GiB.
    pub min_disk: i64,
    /// Least memory that boots it, in MiB.
    pub min_ram: i64,
}

impl Images {
    /// An image for a server of the caller.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none or the caller does not see it ([`Error::is_not_found`]).
    pub async fn for_boot(&self, caller: &Caller, id: ImageId) -> Result<BootImage, Error> {
        Ok(boot_image(self.seen(caller, id).await?.image))
    }

    /// An image for a server that was accepted before, whoever made it.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it was deleted in the meantime.
    pub async fn boot_file(&self, id: ImageId) -> Result<BootImage, Error> {
        let found = store::images::get(self.db(), id).await?;
        Ok(boot_image(found.ok_or_else(|| Error::no_image(id))?))
    }

    /// As [`Images::boot_file`], as of a transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it was deleted in the meantime.
    pub async fn boot_file_in(&self, tx: &mut Tx, id: ImageId) -> Result<BootImage, Error> {
        let found = store::images::get(tx, id).await?;
        Ok(boot_image(found.ok_or_else(|| Error::no_image(id))?))
    }

    /// Registers the image of a server, private to the caller's project. It waits for [`Images::receive_snapshot`].
    ///
    /// # Errors
    /// [`Error::Forbidden`] for who may not make images, [`Error::TooLarge`] over a quota.
    pub async fn create_snapshot_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        new: NewSnapshot,
    ) -> Result<ImageId, Error> {
        let image = Image {
            name: Some(new.name),
            visibility: Visibility::Private,
            disk_format: Some(new.disk_format),
            container_format: Some("bare".to_owned()),
            min_disk: new.min_disk,
            min_ram: new.min_ram,
            properties: new.properties,
            ..self.blank(caller, None)
        };
        let mut image = self.create_image_in(tx, caller, image).await?;
        image.become_(Status::Saving)?;
        store::images::save(tx, &image).await?;
        self.within_quota(tx, &image, &[Resource::Uploading]).await?;
        Ok(image.id)
    }

    /// Says who sees an image that was just registered, and whether it is protected; the caller asked the policy.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it is gone, [`Error::Invalid`] for a word that is none.
    pub async fn show_as_in(
        &self,
        tx: &mut Tx,
        id: ImageId,
        visibility: Option<&str>,
        protected: bool,
    ) -> Result<(), Error> {
        let mut image = store::images::lock(tx, id).await?.ok_or_else(|| Error::no_image(id))?;
        if let Some(word) = visibility {
            image.visibility =
                word.parse().map_err(|_| Error::invalid(format!("'{word}' is no visibility")))?;
        }
        image.protected = protected;
        Ok(store::images::save(tx, &image).await.map(drop)?)
    }

    /// Takes the data of a snapshot, which are so many bytes. Doing it twice is fine: what came first stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the image was deleted in the meantime, [`Error::BadData`] where the data reach outside of
    /// themselves, [`Error::Invalid`] where they did not come whole. Nothing of them stays then.
    pub async fn receive_snapshot(
        &self,
        id: ImageId,
        bytes: u64,
        data: impl Stream<Item = Result<Bytes, impl std::fmt::Display>>,
    ) -> Result<(), Error> {
        let image = store::images::get(self.db(), id).await?.ok_or_else(|| Error::no_image(id))?;
        if image.status != Status::Saving {
            return Ok(());
        }
        let file = self.files().temporary(id);
        let limits = Limits { bytes, idle: IDLE, slowest: Slowest::per_second(0), arrival: None };
        let digest = self.files().receive(&file, self.within_room(data), limits).await.map_err(refused)?;
        if digest.size != bytes {
            let because =
                format!("The image data did not come whole: {} bytes of {bytes} came.", digest.size);
            return Err(Error::Invalid(because));
        }
        match self.accept(id, file, &digest, Status::Saving).await {
            // deleted while its data came
            Err(Error::Gone(_)) => Err(Error::no_image(id)),
            done => done,
        }
    }

    /// Gives a snapshot up: the image goes away, as in nova. Doing it twice is fine.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn fail_snapshot(&self, id: ImageId, because: &str) -> Result<(), Error> {
        tracing::warn!(image.id = %id, because, "the snapshot of a server failed");
        let mut tx = self.db().begin().await?;
        if store::images::lock(&mut tx, id).await?.is_some_and(|image| image.status == Status::Saving) {
            store::images::delete(&mut tx, id, self.now()).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl Images {
    /// Deletes an image that another service of the cloud made and needs no more. One that is gone, or that its owner
    /// protects, is left alone. Its file goes with the next sweep, once nobody holds it.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn discard_in(&self, tx: &mut Tx, id: ImageId) -> Result<(), Error> {
        let Some(image) = store::images::lock(tx, id).await? else { return Ok(()) };
        if image.protected {
            return Ok(());
        }
        if store::holds::is_held(&mut *tx, id).await? {
            store::holds::keep(tx, &image).await?;
        }
        store::images::delete(tx, id, self.now()).await?;
        Ok(())
    }

    /// The images of a project that have all these properties, the newest first.
    ///
    /// # Errors
    /// Trouble of the database.
    pub async fn with_properties(
        &self,
        owner: &str,
        properties: &[(&str, &str); 3],
    ) -> Result<Vec<ImageId>, Error> {
        Ok(store::images::with_properties(self.db(), owner, properties).await?)
    }
}

fn boot_image(image: Image) -> BootImage {
    let data = image.data.as_ref();
    BootImage {
        id: image.id,
        status: image.status,
        visibility: image.visibility,
        size: data.map(|data| data.size),
        virtual_size: data.and_then(|data| data.virtual_size),
        checksum: data.map(|data| data.checksum.clone()),
        digest: data.map(|data| data.sha512.clone()),
        min_disk: image.min_disk,
        min_ram: image.min_ram,
        fit_to_boot: image.fit_to_boot(),
        name: image.name,
        owner: image.owner,
        disk_format: image.disk_format,
        container_format: image.container_format,
        properties: image.properties,
    }
}
