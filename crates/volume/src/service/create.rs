//! Making volumes: everything is checked, then one transaction writes the row, counts it, makes its key and holds its image.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_db::record::Json;
use kogge_db::{Record as _, Tx};
use kogge_ids::{ImageId, ProjectId, SecretId, VolumeGroupId, VolumeId, VolumeSnapshotId};
use kogge_image::BootImage;

use crate::error::{Error, Result};
use crate::model::backup::VolumeWords;
use crate::model::bounds;
use crate::model::doing::{Doing, Fault, Job, Origin};
use crate::model::message::{About, Action, Detail};
use crate::model::quota::Usage;
use crate::model::snapshot::Snapshot;
use crate::model::status::{SnapshotStatus, VolumeStatus};
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::resources::is_admin;
use crate::service::messages::Said;
use crate::store::usage;
use crate::{Volumes, policy};

/// A volume to be made.
#[derive(Debug, Clone, Default)]
pub struct NewVolume {
    /// Display name; empty for none.
    pub name: String,
    /// A word for people.
    pub description: Option<String>,
    /// GiB; nothing takes the size of what it is made from.
    pub size_gib: Option<i64>,
    /// Id or name of its type.
    pub kind: Option<String>,
    /// The zone where it is to be.
    pub zone: Option<String>,
    /// The user's key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// What it is made from.
    pub source: Source,
    /// The group that it joins.
    pub group: Option<VolumeGroupId>,
}

/// What a new volume is made from.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// Nothing.
    #[default]
    Blank,
    /// An image.
    Image(ImageId),
    /// A snapshot.
    Snapshot(VolumeSnapshotId),
    /// Another volume.
    Volume(VolumeId),
    /// A backup, which was found and judged before: its id, size and key.
    Backup(BackupSource),
}

/// A backup to make a volume from.
#[derive(Debug, Clone)]
pub struct BackupSource {
    /// The backup.
    pub id: kogge_ids::BackupId,
    /// Its size in GiB.
    pub size_gib: i64,
    /// Its key, where it is of an encrypted volume.
    pub key_id: Option<SecretId>,
    /// What the volume said of itself.
    pub words: VolumeWords,
}

/// What was found out of the source, in the transaction that makes the volume.
#[derive(Default)]
struct Found {
    size_gib: Option<i64>,
    /// The word for it in refusals.
    word: &'static str,
    kind: Option<kogge_ids::VolumeTypeId>,
    key_id: Option<SecretId>,
    bootable: bool,
    copies: bool,
    metadata: BTreeMap<String, String>,
    image_metadata: BTreeMap<String, String>,
}

impl Volumes {
    /// Makes a volume for the caller, as part of a transaction of its own.
    ///
    /// # Errors
    /// Where something is not there, does not fit, or is more than the project may have.
    pub async fn create(&self, caller: &Caller, new: NewVolume) -> Result<VolumeId> {
        self.source_image(caller, &new).await?;
        let mut tx = self.db().begin().await?;
        let volume = self.create_in(&mut tx, caller, new).await?;
        tx.commit().await?;
        Ok(volume.id)
    }

    /// The image that a volume is to be made from: looked up before the transaction.
    ///
    /// # Errors
    /// 400 where the caller sees none or it is not fit for it.
    pub async fn source_image(&self, caller: &Caller, new: &NewVolume) -> Result<Option<BootImage>> {
        let Source::Image(id) = new.source else { return Ok(None) };
        caller.allow_on_own(&policy::VOLUME_CREATE_FROM_IMAGE)?;
        let unknown =
            || Error::Invalid("Invalid image identifier or unable to access requested image.".to_owned());
        let image = match self.image().for_boot(caller, id).await {
            Err(error) if error.is_not_found() => return Err(unknown()),
            found => found?,
        };
        let status = image.status.to_string();
        if status != "active" {
            return Err(Error::input(format!("Image {id} is not active.")));
        }
        image
            .fit_to_boot
            .clone()
            .map_err(|why| Error::input(format!("Image {id} is not acceptable: {why}")))?;
        Ok(Some(image))
    }

    /// Makes a volume for the caller, who was asked by [`Volumes::source_image`] whether the image, if it is made from one,
    /// may be used.
    ///
    /// # Errors
    /// As [`Volumes::create`].
    pub async fn create_in(&self, tx: &mut Tx, caller: &Caller, new: NewVolume) -> Result<Volume> {
        caller.allow_on_own(&policy::VOLUME_CREATE)?;
        let project = caller.require_project(&policy::VOLUME_CREATE)?.clone();
        self.check_zone(new.zone.as_deref())?;
        let group = self.group_to_join(tx, caller, new.group).await?;
        if group.is_some() && new.kind.is_none() {
            return Err(Error::input("volume_type must be provided when creating a volume in a group."));
        }
        let image = match new.source {
            Source::Image(id) => Some(self.image().boot_file_in(tx, id).await?),
            _ => None,
        };
        let found = self.found(tx, caller, &new.source, image.as_ref()).await?;
        let kind = self.kind_for(&mut kogge_db::Source::Tx(tx), caller, &new, &found, image.as_ref()).await?;
        let kind = self.hold_type_in(tx, kind.id).await?;
        let size = size_for(&new, &found)?;
        if let Some(image) = &image {
            check_image(image, size)?;
        }
        self.check_size(tx, project.as_str(), size).await?;
        let backend = match &group {
            Some(group) => {
                if !group.type_ids.contains(&kind.id) {
                    let why = "(requested type must be supported by this group).";
                    return Err(Error::input(format!("Invalid volume_type passed: {} {why}", kind.name)));
                }
                group.backend.clone()
            }
            // where none takes it the volume says so, as in Cinder
            None => self.backend_for(&kind, &self.closed_backends(tx).await?).unwrap_or_default(),
        };
        if !matches!(new.source, Source::Blank) {
            self.check_room_on(&backend)?;
        }
        check_key(&kind, &found)?;
        self.charge_in(tx, project.as_str(), Some(&kind), Usage::volume(size)).await?;
        let key_id = self.key_for(tx, &project, &kind, &found).await?;
        let origin = match &new.source {
            Source::Blank => Origin::Blank,
            Source::Image(image) => Origin::Image { image: *image },
            Source::Snapshot(snapshot) => Origin::Snapshot { snapshot: *snapshot },
            Source::Volume(volume) => Origin::Volume { volume: *volume },
            Source::Backup(backup) => Origin::Backup { backup: backup.id },
        };
        let now = self.now();
        let mut volume = Volume {
            id: VolumeId::random(),
            project_id: project,
            user_id: caller.user.id.clone(),
            name: new.name,
            description: new.description,
            size_gib: size,
            type_id: kind.id,
            zone: new.zone.unwrap_or_else(|| self.config().zone.clone()),
            backend,
            bootable: found.bootable,
            multiattach: kind.is_multiattach(),
            read_only: false,
            read_only_said: false,
            key_id,
            snapshot_id: if let Source::Snapshot(id) = &new.source { Some(*id) } else { None },
            source_id: if let Source::Volume(id) = &new.source { Some(*id) } else { None },
            backup_id: if let Source::Backup(backup) = &new.source { Some(backup.id) } else { None },
            group_id: new.group,
            metadata: Json(found.metadata.into_iter().chain(new.metadata).collect()),
            image_metadata: Json(found.image_metadata),
            doing: Json(Job::begun(Doing::Resting, now)),
            fault: None,
            status: VolumeStatus::Creating,
            made: false,
            created_at: now,
            updated_at: None,
            due_at: 0,
        };
        if volume.backend.is_empty() {
            return self.strand_in(tx, caller, volume).await;
        }
        volume.begin(Doing::Creating { origin }, now);
        volume.insert(tx).await?;
        tx.touch(super::save::VOLUME_WORK, volume.id);
        // its row is locked until the transaction ends, so this comes last
        if let Source::Image(image) = new.source {
            self.image().hold_in(tx, image, &[volume.id.to_string()]).await?;
        }
        Ok(volume)
    }

    /// A volume that no backend takes.
    async fn strand_in(&self, tx: &mut Tx, caller: &Caller, mut volume: Volume) -> Result<Volume> {
        let why = "No storage backend is what the volume type asks for.";
        let now = self.now();
        volume.rest(now);
        volume.status = VolumeStatus::Error;
        volume.fault = Some(Json(Fault::new(VolumeStatus::Error, why.to_owned(), why, now)));
        volume.insert(tx).await?;
        let said = Said {
            project: &volume.project_id,
            request: Some(caller.request_id.as_str()).filter(|request| !request.is_empty()),
            about: About::Volume,
            id: &volume.id.to_string(),
            action: Action::Allocate,
            detail: Detail::NoBackend,
        };
        self.say(tx, said).await?;
        Ok(volume)
    }

    pub(crate) fn check_zone(&self, zone: Option<&str>) -> Result<()> {
        match zone {
            Some(zone) if zone != self.config().zone => {
                Err(Error::Invalid(format!("Availability zone '{zone}' is invalid.")))
            }
            _ => Ok(()),
        }
    }

    /// What the source is like. It is locked: it cannot go while the volume is asked for.
    async fn found(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        source: &Source,
        image: Option<&BootImage>,
    ) -> Result<Found> {
        let visible = |project: &ProjectId| is_admin(caller) || caller.project_id() == Some(project);
        match source {
            Source::Blank => Ok(Found::default()),
            Source::Image(_) => {
                let image = image.ok_or_else(|| Error::internal("an image that nobody looked up"))?;
                Ok(Found { bootable: true, image_metadata: image_metadata(image), ..Found::default() })
            }
            Source::Snapshot(id) => {
                let snapshot = Snapshot::lock(tx, id).await?.filter(|snapshot| visible(&snapshot.project_id));
                let snapshot = snapshot.ok_or_else(|| Error::no_snapshot(id))?;
                if snapshot.status != SnapshotStatus::Available {
                    let why = "Originating snapshot status must be one of 'available' values";
                    return Err(Error::snapshot(why));
                }
                let parent = Volume::get(&mut *tx, &snapshot.volume_id).await?;
                let parent = parent.filter(|parent| parent.project_id == snapshot.project_id);
                let (bootable, image_metadata) =
                    parent.map(|parent| (parent.bootable, parent.image_metadata.0)).unwrap_or_default();
                Ok(Found {
                    size_gib: Some(snapshot.size_gib),
                    word: "snapshot",
                    kind: Some(snapshot.type_id),
                    key_id: snapshot.key_id,
                    bootable,
                    copies: true,
                    image_metadata,
                    ..Found::default()
                })
            }
            Source::Volume(id) => {
                let volume = Volume::lock(tx, id).await?.filter(|volume| visible(&volume.project_id));
                let volume = volume.ok_or_else(|| Error::no_volume(id))?;
                if !matches!(volume.status, VolumeStatus::Available | VolumeStatus::InUse) {
                    let why = "Originating source volume status must be one of 'available, in-use' values";
                    return Err(Error::volume(why));
                }
                Ok(Found {
                    size_gib: Some(volume.size_gib),
                    word: "volume",
                    kind: Some(volume.type_id),
                    key_id: volume.key_id,
                    bootable: volume.bootable,
                    copies: true,
                    image_metadata: volume.image_metadata.0,
                    ..Found::default()
                })
            }
            Source::Backup(backup) => Ok(Found {
                size_gib: Some(backup.size_gib),
                word: "backup",
                key_id: backup.key_id,
                copies: true,
                bootable: backup.words.bootable,
                metadata: backup.words.metadata.clone(),
                image_metadata: backup.words.image_metadata.clone(),
                ..Found::default()
            }),
        }
    }

    /// The type that is named, else that of the source, else what the image asks for, else the default one.
    async fn kind_for(
        &self,
        from: &mut kogge_db::Source<'_>,
        caller: &Caller,
        new: &NewVolume,
        found: &Found,
        image: Option<&BootImage>,
    ) -> Result<VolumeType> {
        if let Some(word) = new.kind.as_deref().filter(|word| !word.is_empty()) {
            return self.usable_type(from, caller, word).await;
        }
        if let Some(id) = found.kind {
            let kind = VolumeType::get(&mut *from, &id).await?;
            return kind.ok_or_else(|| Error::no_type(id));
        }
        match image.and_then(|image| image.properties.get("cinder_img_volume_type")) {
            Some(word) => self.usable_type(from, caller, word).await,
            None => self.default_type_of(from, caller).await,
        }
    }

    pub(crate) async fn check_size(&self, tx: &mut Tx, project: &str, size: i64) -> Result<()> {
        let limits = usage::limits(&mut *tx, project, &self.config().quota).await?;
        let most = limits.get("per_volume_gigabytes").copied().unwrap_or(-1);
        if most >= 0 && size > most {
            return Err(Error::OverQuota(format!(
                "Requested volume size {size}G is larger than maximum allowed limit {most}G."
            )));
        }
        if size > bounds::GIB {
            let why = format!("Volume size '{size}' is larger than {} GiB, which no volume is.", bounds::GIB);
            return Err(Error::input(why));
        }
        Ok(())
    }

    /// A key of its own, of the same content as that of what it is a copy of.
    async fn key_for(
        &self,
        tx: &mut Tx,
        project: &ProjectId,
        kind: &VolumeType,
        found: &Found,
    ) -> Result<Option<SecretId>> {
        match found.key_id {
            Some(id) => self.keyring().copy_in(tx, id, project).await.map(Some),
            None if kind.encryption.is_some() => self.keyring().make_in(tx, project).await.map(Some),
            None => Ok(None),
        }
    }
}

/// A copy is encrypted as what it is a copy of: nobody reads what was encrypted by giving a copy another type.
fn check_key(kind: &VolumeType, found: &Found) -> Result<()> {
    if found.copies && found.key_id.is_some() != kind.encryption.is_some() {
        return Err(Error::input(format!(
            "Invalid volume_type provided: {} (requested type is not compatible; either match source volume, or omit type \
             argument).",
            kind.name
        )));
    }
    Ok(())
}

fn size_for(new: &NewVolume, found: &Found) -> Result<i64> {
    let size = new.size_gib.filter(|size| *size != 0 || found.size_gib.is_none()).or(found.size_gib);
    let shown = size.map_or_else(|| "None".to_owned(), |size| size.to_string());
    let size = size.filter(|size| *size > 0);
    let size = size.ok_or_else(|| {
        Error::input(format!("Volume size '{shown}' must be an integer and greater than 0"))
    })?;
    match found.size_gib {
        Some(least) if size < least => Err(Error::input(match found.word {
            "backup" => format!(
                "Volume size {size}GB cannot be smaller than the backup size {least}GB. It must be >= backup size."
            ),
            "snapshot" => format!(
                "Volume size '{size}'GB cannot be smaller than the snapshot size {least}GB. They must be >= original \
                 snapshot size."
            ),
            _ => format!(
                "Volume size '{size}'GB cannot be smaller than original volume size  {least}GB. They must be >= original \
                 volume size."
            ),
        })),
        _ => Ok(size),
    }
}

/// Refuses a volume that is too small for its image.
pub(crate) fn check_image(image: &BootImage, size: i64) -> Result<()> {
    let gib = |bytes: i64| bytes.unsigned_abs().div_ceil(bounds::BYTES).try_into().unwrap_or(i64::MAX);
    let needed: i64 = image.virtual_size.max(image.size).map_or(0, gib);
    if needed > size {
        return Err(Error::input(format!(
            "Size of specified image {needed}GB is larger than volume size {size}GB."
        )));
    }
    if image.min_disk > size {
        return Err(Error::input(format!(
            "Volume size {size}GB cannot be smaller than the image minDisk size {}GB.",
            image.min_disk
        )));
    }
    Ok(())
}

/// What a volume keeps of its image.
pub(crate) fn image_metadata(image: &BootImage) -> BTreeMap<String, String> {
    let mut kept = image.properties.clone();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    kept.insert("image_id".to_owned(), image.id.to_string());
    kept.insert("image_name".to_owned(), text(image.name.as_ref()));
    kept.insert("checksum".to_owned(), text(image.checksum.as_ref()));
    kept.insert("container_format".to_owned(), text(image.container_format.as_ref()));
    kept.insert("disk_format".to_owned(), text(image.disk_format.as_ref()));
    kept.insert("min_disk".to_owned(), image.min_disk.to_string());
    kept.insert("min_ram".to_owned(), image.min_ram.to_string());
    kept.insert("size".to_owned(), image.size.unwrap_or(0).to_string());
    kept
}
