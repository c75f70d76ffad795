//! Bounds of one image, and quotas of a project.
//!
//! A quota is asked for after the project's count was changed and before the transaction ends: the count's row is
//! locked then, so that of any number of simultaneous requests only as many get through as there is room for.

use kogge_db::Tx;
use kogge_resource::words;

use crate::error::Error;
use crate::model::image::{Image, RESERVED_PREFIX};
use crate::store::usage::{self, Usage};
use crate::{ImageConfig, Images};

words! {
    /// What a project may have so and so much of, in Glance's order and with its names.
    pub(crate) enum Resource {
        /// Bytes of data.
        Stored = "image_size_total",
        /// Bytes staged for imports.
        Staged = "image_stage_total",
        /// Images.
        Images = "image_count_total",
        /// Images whose data are coming in.
        Uploading = "image_count_uploading",
    }
}

impl Resource {
    /// How much of it there is.
    pub(crate) const fn of(self, usage: &Usage) -> i64 {
        match self {
            Self::Images => usage.images,
            Self::Stored => usage.stored,
            Self::Staged => usage.staged,
            Self::Uploading => usage.uploading,
        }
    }

    /// How much of it a project may have.
    pub(crate) fn limit(self, config: &ImageConfig) -> Option<i64> {
        let limit = match self {
            Self::Images => config.project_images,
            Self::Stored => config.project_bytes,
            Self::Staged => config.project_staged,
            Self::Uploading => config.project_uploads,
        };
        limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX))
    }

    /// That a project has no more room.
    pub(crate) fn exceeded(self, limit: i64) -> Error {
        let (what, advice) = match self {
            Self::Images => ("images", "Delete one first."),
            Self::Stored => ("bytes of image data", "Delete an image first."),
            Self::Staged => ("bytes of staged data", "Import or delete a staged image first."),
            Self::Uploading => ("images whose data are coming in", "Wait until one has its data."),
        };
        Error::TooLarge(format!("The project may have {limit} {what} (quota {self}). {advice}"))
    }
}

impl Images {
    /// Whether the image's project may have what it has by now.
    pub(crate) async fn within_quota(
        &self,
        tx: &mut Tx,
        image: &Image,
        grown: &[Resource],
    ) -> Result<(), Error> {
        let limits = grown.iter().filter_map(|resource| Some((*resource, resource.limit(self.config())?)));
        let limits: Vec<(Resource, i64)> = limits.collect();
        let Some(owner) = image.owner.as_ref().filter(|_| !limits.is_empty()) else { return Ok(()) };
        let usage = usage::get(tx, owner).await?;
        match limits.into_iter().find(|(resource, limit)| resource.of(&usage) > *limit) {
            Some((resource, limit)) => Err(resource.exceeded(limit)),
            None => Ok(()),
        }
    }

    /// Whether an image keeps the bounds of its parts.
    pub(crate) fn within_limits(&self, image: &Image) -> Result<(), Error> {
        let config = self.config();
        // what an import says of itself is nobody's property
        let own: Vec<_> =
            image.properties.iter().filter(|(name, _)| !name.starts_with(RESERVED_PREFIX)).collect();
        let bytes = own.iter().map(|(name, value)| name.len() + value.len()).sum();
        for (what, attempted, most) in [
            ("number of allowed image properties", own.len(), config.max_properties),
            ("number of allowed image tags", image.tags.len(), config.max_tags),
            ("total size of image properties in bytes", bytes, config.max_property_bytes),
        ] {
            if attempted > most {
                let because = format!(
                    "The limit has been exceeded on the {what}. Attempted: {attempted}, Maximum: {most}"
                );
                return Err(Error::TooLarge(because));
            }
        }
        Ok(())
    }
}
