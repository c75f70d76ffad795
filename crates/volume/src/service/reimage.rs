//! Putting an image onto a volume from which a server of compute boots: the server is rebuilt.
//!
//! The job begins with the request, so that nothing else begins on the volume. It waits until compute says that the node let
//! the volume go; the attachment stays all the while, so that nobody else gets it.

use kogge_auth::{Caller, Target};
use kogge_db::{Record as _, Tx};
use kogge_ids::AttachmentId;
use kogge_image::BootImage;

use crate::error::{Error, Result};
use crate::model::attachment::{AttachStatus, Attachment};
use crate::model::doing::Doing;
use crate::model::status::VolumeStatus;
use crate::service::create::check_image;
use crate::store::attachments;
use crate::{Volumes, policy};

impl Volumes {
    /// Begins to put an image onto the volume of an attachment of compute. The image's row is locked until the transaction
    /// ends, so this comes last in it.
    ///
    /// # Errors
    /// 400 where the volume is in no state for it, is used by others too, or is too small for the image.
    pub async fn reimage_held_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: AttachmentId,
        image: &BootImage,
    ) -> Result<()> {
        let tie = Attachment::lock(tx, &id).await?;
        let mut tie = tie.ok_or_else(|| Error::NotFound(format!("Attachment {id} could not be found.")))?;
        let mut volume = self.lock_in(tx, tie.volume_id).await?;
        caller.allow(&policy::VOLUME_REIMAGE, &Target::project(volume.project_id.as_str()))?;
        let ties = attachments::of_volume(&mut *tx, volume.id).await?;
        // one on which an image could not be put is tried again
        let ready = matches!(volume.status, VolumeStatus::InUse | VolumeStatus::Error);
        if !ready || volume.doing.doing != Doing::Resting {
            return Err(Error::volume(format!(
                "volume '{}' status must be 'in-use'. Currently in '{}' status",
                volume.id, volume.status
            )));
        }
        if ties.len() > 1 {
            let why =
                format!("Volume {} is attached to other servers, too, and cannot be re-imaged.", volume.id);
            return Err(Error::volume(why));
        }
        check_image(image, volume.size_gib)?;
        tie.status = AttachStatus::Detaching;
        self.save_tie(tx, tie).await?;
        volume.made = false;
        volume.begin(Doing::Reimaging { image: image.id }, self.now());
        self.save_in(tx, &mut volume).await?;
        Ok(self.image().hold_in(tx, image.id, &[volume.id.to_string()]).await?)
    }

    /// No node has the volumes of these attachments open: what waits for that goes on.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn withdrawn(&self, ids: &[AttachmentId]) -> Result<()> {
        let mut tx = self.db().begin().await?;
        for id in ids {
            let Some(mut tie) = Attachment::lock(&mut tx, id).await? else { continue };
            let volume = self.lock_in(&mut tx, tie.volume_id).await?;
            let waits = matches!(volume.doing.doing, Doing::Reimaging { .. });
            if !waits || tie.status == AttachStatus::Reserved {
                continue;
            }
            tie.status = AttachStatus::Reserved;
            tie.host = None;
            self.save_tie(&mut tx, tie).await?;
            tx.touch(super::save::VOLUME_WORK, volume.id);
        }
        Ok(tx.commit().await?)
    }
}
