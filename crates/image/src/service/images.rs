//! Images without their data: make, show, list, change, delete.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_db::{Paged, Tx};
use kogge_ids::ImageId;

use super::access::{Seen, viewer};
use super::bounds::Resource;
use crate::Images;
use crate::error::Error;
use crate::model::change::{Attribute, Change, apply};
use crate::model::image::{Image, RESERVED_PREFIX};
use crate::resources::image_query::ImageQuery;
use crate::resources::images::attribute::{base, property, settable};
use crate::{policy, store};

impl Images {
    /// An image that the caller's project is about to register.
    pub(crate) fn blank(&self, caller: &Caller, id: Option<ImageId>) -> Image {
        let owner = caller.project_id().map(ToString::to_string);
        Image::queued(id.unwrap_or_else(ImageId::random), owner, self.now())
    }

    /// Registers an image; its data come later.
    pub(crate) async fn create_image_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        image: Image,
    ) -> Result<Image, Error> {
        let seen = Seen { image, member: None };
        if seen.allow(caller, &policy::ADD_IMAGE).is_err() {
            return Err(refused_owner(caller, &seen.image));
        }
        seen.allow_visibility(caller, seen.image.visibility)?;
        self.within_limits(&seen.image)?;
        let taken = || Error::conflict(format!("Image ID {} already exists!", seen.image.id));
        if store::images::was_deleted(&mut *tx, seen.image.id).await? {
            return Err(taken());
        }
        store::images::insert(tx, &seen.image)
            .await
            .map_err(|error| if error.is_unique_violation() { taken() } else { error.into() })?;
        self.within_quota(tx, &seen.image, &[Resource::Images]).await?;
        Ok(seen.image)
    }

    /// The image.
    ///
    /// # Errors
    /// [`Error::NotFound`] where there is none or the caller does not see it.
    pub async fn show_image(&self, caller: &Caller, id: ImageId) -> Result<Image, Error> {
        Ok(self.seen(caller, id).await?.image)
    }

    /// One page of the images that the caller sees.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for who may not list, [`Error::Invalid`] for a marker that the caller does not see.
    pub async fn list_images(&self, caller: &Caller, query: &ImageQuery) -> Result<Paged<Image>, Error> {
        caller.allow_on_own(&policy::GET_IMAGES)?;
        if let Some(marker) = &query.page.marker {
            let missing = || Error::invalid(format!("No image found with ID {marker}"));
            let id = marker.parse().map_err(|_| missing())?;
            self.seen(caller, id).await.map_err(|e| if e.is_not_found() { missing() } else { e })?;
        }
        Ok(query.fetch(self.db(), &viewer(caller)).await?)
    }

    /// Applies a patch, all of it or nothing.
    pub(crate) async fn update_image(
        &self,
        caller: &Caller,
        id: ImageId,
        changes: Vec<Change>,
    ) -> Result<Image, Error> {
        let mut tx = self.db().begin().await?;
        let mut seen = self.seen_in(&mut tx, caller, id).await?;
        if changes.is_empty() {
            return Ok(seen.image);
        }
        for change in changes {
            may_change(caller, &seen, &change)?;
            apply(&mut seen.image, change)?;
        }
        self.within_limits(&seen.image)?;
        seen.image.updated_at = self.now();
        store::images::save(&mut tx, &seen.image).await?;
        tx.commit().await?;
        Ok(seen.image)
    }

    /// Changes the further properties of an image, all of the change or nothing; what an import says of itself stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] as [`Images::show_image`], [`Error::Forbidden`] for another project's or a reserved name,
    /// [`Error::Invalid`] for names and values that are none.
    pub async fn change_properties(
        &self,
        caller: &Caller,
        id: ImageId,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Error> + Send,
    ) -> Result<BTreeMap<String, String>, Error> {
        let mut tx = self.db().begin().await?;
        let mut seen = self.seen_in(&mut tx, caller, id).await?;
        seen.allow(caller, &policy::MODIFY_IMAGE)?;
        let before = seen.image.properties.clone();
        change(&mut seen.image.properties)?;
        for (name, value) in
            seen.image.properties.iter().filter(|(name, value)| before.get(*name) != Some(*value))
        {
            settable(name)?;
            if base(name).is_some() {
                return Err(Error::forbidden(format!("Attribute '{name}' is no property.")));
            }
            property(name, &value.as_str().into())?;
        }
        let reserved = before.into_iter().filter(|(name, _)| name.starts_with(RESERVED_PREFIX));
        seen.image.properties.extend(reserved);
        self.within_limits(&seen.image)?;
        seen.image.updated_at = self.now();
        store::images::save(&mut tx, &seen.image).await?;
        tx.commit().await?;
        Ok(seen.image.properties)
    }

    /// Deletes an image and its data; the file stays while somebody holds it ([`Images::hold_in`]). Whatever brings data in at the moment finds it gone.
    ///
    /// # Errors
    /// [`Error::NotFound`] as [`Images::show_image`], [`Error::Forbidden`] for another project's or a protected one.
    pub async fn delete_image(&self, caller: &Caller, id: ImageId) -> Result<(), Error> {
        let missing = || Error::NotFound(format!("Failed to find image {id} to delete"));
        let mut tx = self.db().begin().await?;
        let found = self.seen_in(&mut tx, caller, id).await;
        let seen = found.map_err(|error| if error.is_not_found() { missing() } else { error })?;
        seen.allow(caller, &policy::DELETE_IMAGE)?;
        if seen.image.protected {
            return Err(Error::forbidden(format!("Image {id} is protected and cannot be deleted.")));
        }
        let held = store::holds::is_held(&mut tx, id).await?;
        if held {
            store::holds::keep(&mut tx, &seen.image).await?;
        }
        store::images::delete(&mut tx, id, self.now()).await?;
        tx.commit().await?;
        if let Some(file) = seen.image.file().filter(|_| !held) {
            self.files().remove(file).await;
        }
        Ok(())
    }
}

fn refused_owner(caller: &Caller, image: &Image) -> Error {
    let own = caller.project_id().map(ToString::to_string);
    match &image.owner {
        Some(owner) if own.as_ref() != Some(owner) => {
            Error::forbidden(format!("You are not permitted to create images owned by '{owner}'."))
        }
        _ => Error::forbidden("You are not authorized to complete add_image action."),
    }
}

fn may_change(caller: &Caller, seen: &Seen, change: &Change) -> Result<(), Error> {
    if *change == Change::Locations {
        return Ok(());
    }
    if let Change::Set(Attribute::Owner(_)) = change
        && !viewer(caller).admin
    {
        return Err(Error::forbidden("Owner can't be updated by non admin."));
    }
    if let Change::Set(Attribute::Visibility(visibility)) = change {
        seen.allow_visibility(caller, *visibility)?;
    }
    seen.allow(caller, &policy::MODIFY_IMAGE)
}
