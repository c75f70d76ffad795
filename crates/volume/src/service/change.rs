//! What is done to volumes that are there.

use kogge_db::{Record as _, Tx};
use kogge_ids::ImageId;
use kogge_image::BootImage;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::attachment::AttachStatus;
use crate::model::doing::{Doing, Fault};
use crate::model::quota::Usage;
use crate::model::status::VolumeStatus;
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::resources::attachments::refuse_held;
use crate::service::create::check_image;
use crate::store::{attachments, transfers, usage};

impl Volumes {
    /// A volume is to become larger. Whoever calls this saves it.
    pub(crate) async fn extend_in(
        &self,
        tx: &mut Tx,
        volume: &mut Volume,
        size: i64,
        in_use: bool,
    ) -> Result<()> {
        let (id, from) = (volume.id, volume.size_gib);
        if size <= from {
            return Err(Error::input(format!(
                "New size for extend must be greater than current size. (current: {from}, extended: {size})."
            )));
        }
        let wanted = if in_use { VolumeStatus::InUse } else { VolumeStatus::Available };
        if volume.status != wanted {
            return Err(Error::volume(format!(
                "Volume {id} status must be '{{'status': '{wanted}'}}' to extend, currently {}.",
                volume.status
            )));
        }
        let project = volume.project_id.to_string();
        self.check_size(tx, &project, size).await?;
        let kind = VolumeType::get(&mut *tx, &volume.type_id).await?;
        self.charge_in(tx, &project, kind.as_ref(), Usage::gigabytes(size - from)).await?;
        volume.size_gib = size;
        volume.begin(Doing::Extending { from }, self.now());
        Ok(())
    }

    /// A volume is to get another type; `moves` where its data may go to another backend. Whoever calls this saves it.
    pub(crate) async fn retype_in(
        &self,
        tx: &mut Tx,
        volume: &mut Volume,
        kind: &VolumeType,
        moves: bool,
    ) -> Result<()> {
        if kind.is_multiattach() != volume.multiattach && volume.status != VolumeStatus::Available {
            return Err(Error::input(format!(
                "Invalid volume_type passed, retypes affecting multiattach are only allowed on available volumes, the \
                 specified volume however currently has a status of: {}.",
                volume.status
            )));
        }
        if kind.is_multiattach() && kind.encryption.is_some() {
            let why = "Retype requested both encryption and multi-attach, which is not supported.";
            return Err(Error::input(why));
        }
        let ready = matches!(volume.status, VolumeStatus::Available | VolumeStatus::InUse);
        if !ready || volume.group_id.is_some() || volume.type_id == kind.id {
            return Err(Error::volume(
                "Retype needs volume to be in available or in-use state, not be part of an active migration or a \
                 consistency group, requested type has to be different that the one from the volume, and for in-use \
                 volumes front-end qos specs cannot change.",
            ));
        }
        // one whose backend is closed may still change its type there
        let closed = self.closed_backends(tx).await?;
        let stays = self.suits(&volume.backend, kind);
        let backend = if stays { volume.backend.clone() } else { self.backend_for(kind, &closed)? };
        let elsewhere = backend != volume.backend;
        if elsewhere && volume.status == VolumeStatus::InUse {
            return Err(Error::volume("A volume in use stays on its backend; detach it first."));
        }
        if kind.encryption.is_some() != volume.key_id.is_some() {
            return Err(Error::volume(
                "Retype needs both types to encrypt or neither: make a new volume of the type and copy the data.",
            ));
        }
        if elsewhere && !moves {
            return Err(Error::volume(
                "Retype needs the data to move to another backend, and migration_policy is 'never'.",
            ));
        }
        let project = volume.project_id.to_string();
        self.hold_type_in(tx, kind.id).await?;
        usage::take_turn(tx, &project).await?;
        // what the project has of all types together does not change
        let more = Usage::volume(volume.size_gib);
        usage::moved(tx, &project, &volume.type_id.to_string(), -more).await?;
        self.charge_in(tx, &project, Some(kind), more).await?;
        usage::moved(tx, &project, &volume.type_id.to_string(), more).await?;
        if elsewhere {
            self.check_room_on(&backend)?;
        }
        volume.begin(Doing::Retyping { to: kind.id, backend }, self.now());
        Ok(())
    }

    /// A volume is to move to another backend as it is.
    pub(crate) async fn migrate_in(&self, _: &mut Tx, volume: &mut Volume, host: &str) -> Result<()> {
        let found = self.backends().iter().find(|(name, _)| self.host_of(name).as_deref() == Some(host));
        let (backend, _) =
            found.ok_or_else(|| Error::Invalid(format!("No available service named {host}")))?;
        if *backend == volume.backend {
            return Err(Error::Invalid(
                "Destination host must be different than the current host.".to_owned(),
            ));
        }
        if volume.status != VolumeStatus::Available || volume.group_id.is_some() {
            return Err(Error::volume(format!(
                "Volume {} status must be available, must not be migrating, have snapshots, be replicated, be part of a \
                 group and destination host/cluster must be different than the current one",
                volume.id
            )));
        }
        self.check_room_on(backend)?;
        volume.begin(Doing::Retyping { to: volume.type_id, backend: backend.clone() }, self.now());
        Ok(())
    }

    /// What an administrator says of a volume. `available` and `in-use` are what it is then; attachments that nobody of us
    /// holds go with `detached`.
    pub(crate) async fn call_it_in(
        &self,
        tx: &mut Tx,
        volume: &mut Volume,
        status: Option<VolumeStatus>,
        attach: Option<&str>,
    ) -> Result<()> {
        use VolumeStatus as S;
        let ties = attachments::of_volume(&mut *tx, volume.id).await?;
        if status == Some(S::InUse) && ties.is_empty() {
            let why = "Cannot reset-state to in-use because volume does not have any attachments.";
            return Err(Error::Invalid(why.to_owned()));
        }
        if volume.doing.doing == Doing::Deleting {
            return Err(Error::volume("A volume that is being deleted stays so."));
        }
        match attach {
            Some("detached") => {
                for tie in &ties {
                    refuse_held(tie)?;
                    crate::model::attachment::Attachment::delete(tx, &tie.id).await?;
                }
            }
            Some("attached") | None => {}
            Some(other) => {
                let known = other.parse::<AttachStatus>().is_ok();
                let why = format!("Invalid input for field/attribute attach_status. Value: {other}.");
                return if known { Ok(()) } else { Err(Error::Invalid(why)) };
            }
        }
        let now = self.now();
        if status.is_some() {
            self.end_early_in(tx, volume).await?;
        }
        match status {
            None => {}
            Some(S::Available | S::InUse) => volume.rest(now),
            Some(
                status @ (S::Error
                | S::ErrorRestoring
                | S::ErrorExtending
                | S::ErrorManaging
                | S::ErrorBackingUp),
            ) => {
                volume.rest(now);
                let message = "An administrator called it broken.".to_owned();
                volume.fault = Some(kogge_db::record::Json(Fault::new(status, message, "", now)));
            }
            Some(status) => volume.begin(Doing::Called { status }, now),
        }
        Ok(())
    }

    /// What is being done to a volume is given up for something else: what it counted, or offered, goes.
    pub(crate) async fn end_early_in(&self, tx: &mut Tx, volume: &Volume) -> Result<()> {
        match &volume.doing.doing {
            Doing::Retyping { to, .. } if *to != volume.type_id => {
                let (project, more) = (volume.project_id.to_string(), Usage::volume(volume.size_gib));
                self.refund_in(tx, &project, &to.to_string(), more).await
            }
            Doing::Offered => Ok(transfers::forget(tx, volume.id).await?),
            _ => Ok(()),
        }
    }

    /// An image is to be put onto a volume. Whoever calls this saves it.
    pub(crate) async fn reimage_in(
        &self,
        tx: &mut Tx,
        volume: &mut Volume,
        image: (ImageId, Option<&BootImage>),
        reserved: bool,
    ) -> Result<()> {
        let (image, found) = image;
        // a fault hides that it is attached: what a guest has open is not swapped
        let ties = attachments::of_volume(&mut *tx, volume.id).await?;
        for tie in &ties {
            refuse_held(tie)?;
        }
        if !ties.is_empty() && !reserved {
            return Err(Error::volume(format!("Volume {} is attached and cannot be re-imaged.", volume.id)));
        }
        let ready = match volume.status {
            VolumeStatus::Available | VolumeStatus::Error => true,
            VolumeStatus::Reserved => reserved,
            _ => false,
        };
        if !ready {
            let wanted = if reserved { "available or error or reserved" } else { "available or error" };
            return Err(Error::volume(format!(
                "status must be {wanted} to re-image, but current status is: {}",
                volume.status
            )));
        }
        if let Some(found) = found {
            check_image(found, volume.size_gib)?;
        }
        self.check_room_on(&volume.backend)?;
        volume.begin(Doing::Reimaging { image }, self.now());
        volume.save(tx).await?;
        Ok(self.image().hold_in(tx, image, &[volume.id.to_string()]).await?)
    }
}
