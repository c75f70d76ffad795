//! `os-volume_upload_image`: a volume becomes an image.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kogge_http::{ApiError, Json};
use kogge_resource::Service as _;
use serde_json::json;

use super::Action;
use crate::error::Error;
use crate::model::doing::Doing;
use crate::service::upload::Upload;
use crate::store::types;
use crate::{microversion as v, policy};

impl Action<'_> {
    pub(super) async fn upload(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let name = inner.required("image_name", inner.text("image_name", 1, 255)?)?;
        let force = inner.boolean("force")?.unwrap_or(false);
        let formats = ["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"];
        let format = inner.word("disk_format", &formats)?.unwrap_or_else(|| "raw".to_owned());
        let container = inner.text("container_format", 0, 255)?.unwrap_or_else(|| "bare".to_owned());
        let newer = self.call.version.has(v::UPLOAD_VISIBILITY);
        let (mut visibility, mut protected) = (None, false);
        if newer {
            visibility = inner.word("visibility", &["community", "public", "private", "shared"])?;
            protected = inner.boolean("protected")?.unwrap_or(false);
        }
        inner.finish()?;
        if container != "bare" {
            let why = format!("An image of a volume is in the container format bare, not {container}.");
            return Err(ApiError::bad_request(why));
        }
        let (mut volume, mut tx) = self.open(&policy::VOLUME_ACTIONS_UPLOAD_IMAGE).await?;
        if visibility.as_deref() == Some("public") {
            let target = <crate::resources::volumes::VolumesApi as kogge_resource::Resource>::target(&volume);
            self.call.caller.allow(&policy::VOLUME_ACTIONS_UPLOAD_PUBLIC, &target)?;
        }
        let service = &self.call.service;
        let wanted = Upload {
            name: name.clone(),
            format: format.clone(),
            force,
            visibility: visibility.clone(),
            protected,
        };
        let image = service.upload_in(&mut tx, &self.call.caller, &volume, wanted).await?;
        volume.begin(Doing::Uploading { image, format: format.clone() }, service.now());
        let kind = types::with_ids(&mut tx, [volume.type_id]).await.map_err(Error::from)?.pop();
        service.save_in(&mut tx, &mut volume).await?;
        service.commit(tx).await?;
        let mut answer = json!({
            "id": volume.id,
            "updated_at": volume.updated_at.map(kogge_clock::Timestamp::micros),
            "status": "uploading",
            "display_description": volume.description,
            "size": volume.size_gib,
            "volume_type": kind.map(|kind| json!({
                "id": kind.id,
                "name": kind.name,
                "description": kind.description,
                "is_public": kind.is_public,
                "extra_specs": kind.extra_specs.0,
                "qos_specs_id": kind.qos_id,
                "created_at": kind.created_at.micros(),
                "updated_at": kind.updated_at.map(kogge_clock::Timestamp::micros),
                "deleted": false,
                "deleted_at": null,
            })),
            "image_id": image,
            "container_format": container,
            "disk_format": format,
            "image_name": name,
        });
        if newer {
            answer["protected"] = json!(protected);
            answer["visibility"] = json!(visibility.unwrap_or_else(|| "private".to_owned()));
        }
        Ok((StatusCode::ACCEPTED, Json(json!({ "os-volume_upload_image": answer }))).into_response())
    }
}
