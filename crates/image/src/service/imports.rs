//! Imports: what is asked for here is done by the task `run_imports`.

use kogge_auth::Caller;
use kogge_db::Record as _;
use kogge_ids::ImageId;

use super::access::viewer;
use super::bounds::Resource;
use crate::Images;
use crate::error::Error;
use crate::fetch::GateError;
use crate::model::image::{IMPORTING, Image};
use crate::model::status::Status;
use crate::model::task::{Import, Method, Progress};
use crate::{policy, store};

/// Ended imports of one project that are remembered, whatever its images.
const REMEMBERED: i64 = 200;

impl Images {
    /// Asks for an import.
    pub(crate) async fn import(
        &self,
        caller: &Caller,
        id: ImageId,
        method: Method,
        uri: Option<String>,
    ) -> Result<(), Error> {
        let mut tx = self.db().begin().await?;
        let mut seen = self.seen_in(&mut tx, caller, id).await?;
        ready(&seen.image, method)?;
        seen.allow(caller, &policy::MODIFY_IMAGE)?;
        if let Some(uri) = &uri {
            self.gate().check(uri).map_err(|error| refused_address(uri, &error))?;
        }
        seen.image.become_(Status::Importing)?;
        seen.image.properties.insert(IMPORTING.to_owned(), self.config().store_name.clone());
        let now = self.now();
        seen.image.updated_at = now;
        store::images::save(&mut tx, &seen.image).await?;
        self.within_quota(&mut tx, &seen.image, &[Resource::Uploading]).await?;
        let import = Import {
            id: uuid::Uuid::new_v4().to_string(),
            image_id: id,
            method,
            uri,
            progress: Progress::Pending,
            owner: caller.require_project(&policy::MODIFY_IMAGE)?.to_string(),
            user_id: caller.user.id.to_string(),
            request_id: caller.request_id.clone(),
            message: String::new(),
            attempts: 0,
            created_at: now,
            updated_at: now,
            expires_at: None,
        };
        import.insert(&mut tx).await?;
        store::tasks::forget(&mut tx, &import, REMEMBERED).await?;
        tx.commit().await?;
        self.import_bell().wake();
        Ok(())
    }

    /// The imports of an image that the caller's project asked for, or all for an administrator: addresses and
    /// messages are nobody else's.
    pub(crate) async fn imports_of(&self, caller: &Caller, id: ImageId) -> Result<Vec<Import>, Error> {
        self.seen(caller, id).await?;
        let (viewer, mut imports) = (viewer(caller), store::tasks::of_image(self.db(), id).await?);
        imports.retain(|import| viewer.admin || viewer.project.as_deref() == Some(&import.owner));
        Ok(imports)
    }
}

/// Whether the image is where this method begins.
fn ready(image: &Image, method: Method) -> Result<(), Error> {
    let because = match (image.status, method) {
        (Status::Importing, _) => format!(
            "New operation on image '{}' is not permitted as prior operation is still in progress",
            image.id
        ),
        (Status::Active, _) => "Image with status active cannot be target for import".to_owned(),
        (Status::Queued, Method::GlanceDirect) => {
            "Image needs to be staged before 'glance-direct' method can be used".to_owned()
        }
        (Status::Uploading, Method::GlanceDirect) if image.staged.is_none() => {
            "Image needs to be staged before 'glance-direct' method can be used".to_owned()
        }
        (Status::Queued, Method::WebDownload) | (Status::Uploading, Method::GlanceDirect) => {
            return formats_set(image);
        }
        (_, Method::WebDownload) => {
            "Image needs to be in 'queued' state to use 'web-download' method".to_owned()
        }
        (_, Method::GlanceDirect) => {
            "Image needs to be staged before 'glance-direct' method can be used".to_owned()
        }
    };
    Err(Error::Conflict(because))
}

fn formats_set(image: &Image) -> Result<(), Error> {
    for (name, value) in [("container_format", &image.container_format), ("disk_format", &image.disk_format)]
    {
        if value.is_none() {
            return Err(Error::conflict(format!("'{name}' needs to be set before import")));
        }
    }
    Ok(())
}

fn refused_address(uri: &str, error: &GateError) -> Error {
    let shown: String = uri.chars().take(200).collect();
    match error {
        GateError::Filtered(_) => Error::invalid(error.to_string()),
        GateError::NotPublic(_) => {
            Error::invalid(format!("URI for web-download does not pass filtering: {shown}: {error}"))
        }
    }
}
