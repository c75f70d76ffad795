//! Making the data of a volume.

use kogge_db::{Executor as _, Record as _, Select};
use kogge_ids::{ImageId, VolumeId};
use kogge_node_api::{Data, DiskFormat, ImageHead, Slot};
use kogge_storage::{DiskId, NewDisk, Origin as Disk};

use super::Stop;
use crate::Volumes;
use crate::error::Error;
use crate::model::attachment::AttachStatus;
use crate::model::bounds;
use crate::model::doing::Origin;
use crate::model::snapshot::Snapshot;
use crate::model::volume::Volume;
use crate::store::attachments;

impl Volumes {
    /// Makes a volume from what it is to be made from.
    pub(super) async fn make(&self, volume: &Volume, origin: &Origin) -> Result<(), Stop> {
        let from = match origin {
            Origin::Blank => Disk::Blank,
            Origin::Image { image } => self.image_data(*image).await?,
            Origin::Snapshot { snapshot } => {
                let found = Snapshot::get(self.db(), snapshot).await?;
                let found = found.ok_or_else(|| gone("snapshot"))?;
                self.copied(volume, &found.backend, DiskId::Snapshot(found.id)).await?
            }
            Origin::Volume { volume: source } => self.volume_data(volume, *source).await?,
            Origin::Backup { backup } => return self.make_of_backup(volume, *backup).await,
        };
        let new = self.disk_of(volume).await?;
        let backend = self.backend(&volume.backend)?;
        match (origin, matches!(from, Disk::Live(_))) {
            (Origin::Volume { volume: source }, false) => {
                // what an earlier try left may be torn
                backend.replace(new, from).await?;
                self.check_still(*source, &volume.backend, DiskId::Volume(volume.id)).await?;
            }
            _ => backend.create(new, from).await?,
        }
        self.fit(volume).await?;
        self.made(volume).await
    }

    /// Takes a copy of a volume away that may be torn: a guest began to write in the middle of it.
    pub(in crate::tasks) async fn check_still(
        &self,
        source: VolumeId,
        backend: &str,
        copy: DiskId,
    ) -> Result<(), Stop> {
        let came = match self.live_copy(source).await {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => Stop::Wait,
            Err(stop) => stop,
        };
        self.backend(backend)?.delete(copy).await?;
        Err(came)
    }

    /// Data that were made anew are made fit for several guests, where several may attach the volume: two that write to a
    /// copy-on-write file would tear it.
    pub(in crate::tasks) async fn fit(&self, volume: &Volume) -> Result<(), Stop> {
        if volume.multiattach {
            self.backend(&volume.backend)?.share(volume.id).await?;
        }
        Ok(())
    }

    /// The data of a volume are there.
    pub(in crate::tasks) async fn made(&self, volume: &Volume) -> Result<(), Stop> {
        let mut tx = self.db().begin().await?;
        self.finish_in(&mut tx, volume, |volume, now| {
            volume.made = true;
            volume.rest(now);
        })
        .await?;
        self.image().release_in(&mut tx, &volume.id.to_string()).await.map_err(Error::from)?;
        Ok(tx.commit().await?)
    }

    /// What a backend is to make for a volume.
    pub(crate) async fn disk_of(&self, volume: &Volume) -> Result<NewDisk, Stop> {
        let passphrase = match volume.key_id {
            Some(key) => Some(self.keyring().open(key).await?),
            None => None,
        };
        Ok(NewDisk { id: DiskId::Volume(volume.id), bytes: bounds::bytes(volume.size_gib), passphrase })
    }

    /// The data of an image that the volume holds.
    pub(super) async fn image_data(&self, id: ImageId) -> Result<Disk, Stop> {
        let unusable = |error: kogge_image::Error| match error {
            kogge_image::Error::NotFound(_) | kogge_image::Error::Conflict(_) => {
                Stop::Never(error.to_string())
            }
            other => Stop::Own(other.into()),
        };
        let held = self.image().held(id).await.map_err(unusable)?;
        let digest = self.image().digest_of(&held).await.map_err(unusable)?;
        let file = held.open().await.map_err(unusable)?;
        let bytes = file.metadata().map_err(|error| Stop::Own(Error::internal(error)))?.len();
        let format = match self.image().boot_file(id).await {
            Ok(image) if image.disk_format.as_deref() == Some("raw") => DiskFormat::Raw,
            Ok(image) if image.disk_format.as_deref() == Some("qcow2") => DiskFormat::Qcow2,
            Ok(image) => {
                let format = image.disk_format.unwrap_or_default();
                let why = format!(
                    "a volume is made from a raw or qcow2 image, not from one in the format {format}"
                );
                return Err(Stop::Never(why));
            }
            Err(error) => return Err(unusable(error)),
        };
        Ok(Disk::Image(ImageHead { digest, bytes, format }, Data::File(file)))
    }

    /// A copy of a disk that nobody writes to: by its backend, or read from there where the new one is elsewhere.
    async fn copied(&self, volume: &Volume, backend: &str, disk: DiskId) -> Result<Disk, Stop> {
        if backend == volume.backend {
            return Ok(Disk::Copy(disk));
        }
        Ok(Disk::Contents(self.backend(backend)?.read(disk).await?))
    }

    /// A copy of another volume: from the node where a guest writes to it, else from its backend.
    async fn volume_data(&self, volume: &Volume, source: VolumeId) -> Result<Disk, Stop> {
        let found = Volume::get(self.db(), &source).await?.ok_or_else(|| gone("volume"))?;
        if let Some(copy) = self.live_copy(source).await? {
            return Ok(Disk::Live(copy));
        }
        self.copied(volume, &found.backend, DiskId::Volume(source)).await
    }

    /// A copy of a volume as a guest has it at this moment; nothing where no guest has it open.
    pub(crate) async fn live_copy(&self, volume: VolumeId) -> Result<Option<kogge_node_api::DiskCopy>, Stop> {
        use kogge_node_api::NodeError;
        for tie in attachments::of_volume(self.db(), volume).await? {
            let in_use = !matches!(tie.status, AttachStatus::Reserved | AttachStatus::Detached);
            let (Some(host), Some(server)) = (&tie.host, &tie.server_id) else { continue };
            let (true, Ok(server)) = (in_use && tie.holder.is_some(), server.parse()) else { continue };
            let node = match self.nodes().get(host) {
                Ok(node) => node,
                Err(error) => {
                    let known = self.nodes().known();
                    // another process commands it, and looks for work too; or this one just started, and knows no host yet
                    if known.is_empty() || known.contains(host) {
                        return Err(Stop::Wait);
                    }
                    return Err(Stop::Own(Error::internal(error)));
                }
            };
            match node.export_disk(server, &Slot::volume(tie.id)).await {
                Ok(copy) => return Ok(Some(copy)),
                // its guest does not run, or let it go: nobody writes to it
                Err(NodeError::NotFound { .. }) => {}
                Err(error @ NodeError::NotYet { .. }) => {
                    tracing::debug!(volume.id = %volume, %error, "a copy waits");
                    return Err(Stop::Wait);
                }
                Err(error) => return Err(Stop::Own(Error::internal(error))),
            }
        }
        Ok(None)
    }

    /// Whether a snapshot of the volume is being made.
    pub(crate) async fn has_snapshot_being_made(&self, id: VolumeId) -> Result<bool, Stop> {
        let select = Select::new("COUNT(*) AS n", Snapshot::TABLE)
            .and("volume_id = ?", id)
            .and_fixed("status = 'creating'");
        Ok(self.db().one(select.query()).await?.int("n")? > 0)
    }

    /// Puts an image onto a volume in the place of what is there.
    pub(super) async fn reimage(&self, volume: &Volume, image: ImageId) -> Result<(), Stop> {
        // what a server had open is let go first
        let ties = attachments::of_volume(self.db(), volume.id).await?;
        if ties.iter().any(|tie| tie.holder.is_some() && tie.status != AttachStatus::Reserved) {
            return Err(Stop::Wait);
        }
        let data = self.image_data(image).await?;
        let new = self.disk_of(volume).await?;
        self.backend(&volume.backend)?.replace(new, data).await?;
        self.fit(volume).await?;
        let kept = self.image().boot_file(image).await.ok();
        let mut tx = self.db().begin().await?;
        self.finish_in(&mut tx, volume, |volume, now| {
            if let Some(image) = &kept {
                volume.image_metadata = kogge_db::record::Json(crate::service::create::image_metadata(image));
            }
            volume.bootable = true;
            volume.made = true;
            volume.rest(now);
        })
        .await?;
        self.image().release_in(&mut tx, &volume.id.to_string()).await.map_err(Error::from)?;
        Ok(tx.commit().await?)
    }
}

fn gone(what: &str) -> Stop {
    Stop::Never(format!("the {what} that the volume was to be made from is gone"))
}
