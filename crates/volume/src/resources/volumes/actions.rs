//! `POST /v3/volumes/{id}/action`: one path, many actions, told apart by the body's key.

mod old;
mod upload;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kogge_auth::Rule;
use kogge_db::record::Json as Stored;
use kogge_db::{Record as _, Tx};
use kogge_http::{ApiError, Json};
use kogge_resource::nova::Fields;
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::{Value, json};

use super::VolumesApi;
use crate::error::{Error, Result};
use crate::model::doing::Doing;
use crate::model::status::VolumeStatus;
use crate::model::volume::Volume;
use crate::service::create::{NewVolume, Source};
use crate::{Volumes, microversion as v, policy};

/// `POST /v3/volumes/{id}/action`
pub(crate) async fn action(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let name = body.as_object().and_then(|map| map.keys().next()).map_or("", String::as_str);
    Action { call: &call, body: &body, name }.run().await
}

/// An action, as it was asked for.
struct Action<'a> {
    call: &'a Call<Volumes>,
    body: &'a Value,
    name: &'a str,
}

fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}

impl<'a> Action<'a> {
    async fn run(&self) -> Result<Response, ApiError> {
        match self.name {
            "os-extend" => self.extend().await,
            "os-retype" => self.retype().await,
            "os-set_bootable" => self.set_bootable().await,
            "os-update_readonly_flag" => self.read_only().await,
            "os-reset_status" => self.reset_status().await,
            "os-force_delete" => self.force_delete().await,
            "os-set_image_metadata" => self.set_image_metadata().await,
            "os-unset_image_metadata" => self.unset_image_metadata().await,
            "os-show_image_metadata" => self.show_image_metadata().await,
            "os-reimage" if self.call.version.has(v::REIMAGE) => self.reimage().await,
            "os-volume_upload_image" => self.upload().await,
            "os-extend_volume_completion" if self.call.version.has(v::EXTEND_COMPLETION) => {
                self.extend_completion().await
            }
            "os-unmanage" => self.unmanage().await,
            "revert" if self.call.version.has(v::REVERT) => self.revert().await,
            "os-migrate_volume" => self.migrate().await,
            _ => self.old().await,
        }
    }

    /// The object behind the action, and nothing beside it.
    fn inner(&self) -> Result<Fields<'a>, ApiError> {
        let fields = Fields::of(self.body)?;
        let inner = fields.object(self.name)?;
        fields.finish()?;
        Ok(inner)
    }

    /// The volume, locked, if `rule` lets the caller.
    async fn open(&self, rule: &Rule) -> Result<(Volume, Tx)> {
        let (loaded, tx) = Loaded::<VolumesApi>::open(self.call, self.call.key(), rule).await?;
        Ok((loaded.into_row(), tx))
    }

    async fn unmanage(&self) -> Result<Response, ApiError> {
        let fields = Fields::of(self.body)?;
        fields.take(self.name);
        fields.finish()?;
        let (volume, mut tx) = self.open(&policy::VOLUME_UNMANAGE).await?;
        self.call.service.unmanage_in(&mut tx, volume).await?;
        self.call.service.commit(tx).await?;
        Ok(accepted())
    }

    async fn revert(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let snapshot = inner.required("snapshot_id", inner.uuid("snapshot_id")?)?;
        inner.finish()?;
        let (volume, mut tx) = self.open(&policy::REVERT_TO_SNAPSHOT).await?;
        self.call.service.revert_in(&mut tx, volume, &snapshot).await?;
        self.call.service.commit(tx).await?;
        Ok(accepted())
    }

    async fn save(&self, mut tx: Tx, mut volume: Volume) -> Result<Volume> {
        let service = &self.call.service;
        service.save_in(&mut tx, &mut volume).await?;
        service.commit(tx).await?;
        Ok(volume)
    }

    async fn extend(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let size = inner.required("new_size", inner.number("new_size", 0, i64::MAX)?)?;
        inner.finish()?;
        let (mut volume, mut tx) = self.open(&policy::VOLUME_EXTEND).await?;
        let in_use = volume.status == VolumeStatus::InUse && self.call.version.has(v::EXTEND_IN_USE);
        if in_use {
            let target = <VolumesApi as kogge_resource::Resource>::target(&volume);
            self.call.caller.allow(&policy::EXTEND_ATTACHED_VOLUME, &target)?;
        }
        self.call.service.extend_in(&mut tx, &mut volume, size, in_use).await?;
        self.save(tx, volume).await?;
        Ok(accepted())
    }

    async fn retype(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let wanted = inner.required("new_type", inner.text("new_type", 0, 255)?)?;
        let policy_word = match inner.take("migration_policy") {
            None | Some(Value::Null) => None,
            Some(_) => inner.word("migration_policy", &["on-demand", "never"])?,
        };
        inner.finish()?;
        let service = &self.call.service;
        let kind = service.usable_type(&mut service.db().into(), &self.call.caller, &wanted).await?;
        let (mut volume, mut tx) = self.open(&policy::VOLUME_RETYPE).await?;
        if kind.is_multiattach() && !volume.multiattach {
            let target = <VolumesApi as kogge_resource::Resource>::target(&volume);
            self.call.caller.allow(&policy::VOLUME_MULTIATTACH, &target)?;
        }
        let moves = policy_word.as_deref() == Some("on-demand");
        self.call.service.retype_in(&mut tx, &mut volume, &kind, moves).await?;
        self.save(tx, volume).await?;
        Ok(accepted())
    }

    async fn set_bootable(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let bootable = inner.required("bootable", inner.boolean("bootable")?)?;
        inner.finish()?;
        let (mut volume, tx) = self.open(&policy::VOLUME_UPDATE).await?;
        volume.bootable = bootable;
        self.save(tx, volume).await?;
        Ok(StatusCode::OK.into_response())
    }

    async fn read_only(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let read_only = inner.required("readonly", inner.boolean("readonly")?)?;
        inner.finish()?;
        let (mut volume, tx) = self.open(&policy::UPDATE_READONLY_FLAG).await?;
        if volume.status != VolumeStatus::Available {
            let why = format!(
                "Volume {} status must be available to update readonly flag, but current status is: {}.",
                volume.id, volume.status
            );
            return Err(Error::volume(why).into());
        }
        (volume.read_only, volume.read_only_said) = (read_only, true);
        self.save(tx, volume).await?;
        Ok(accepted())
    }

    /// What an administrator says of a volume. It is as it is for `available` and `in-use`: those are computed.
    async fn reset_status(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let lower = |text: Option<String>| text.map(|text| text.to_ascii_lowercase());
        let status = lower(inner.text("status", 0, 255)?);
        let attach = lower(inner.text_or_null("attach_status", 0, 255)?.flatten());
        let moving = inner.text_or_null("migration_status", 0, 255)?.flatten();
        inner.finish()?;
        if status.is_none() && attach.is_none() && moving.is_none() {
            let why = "Invalid input for field/attribute os-reset_status. Value: {}. {} is not valid under any of the \
                       given schemas";
            return Err(ApiError::bad_request(why));
        }
        let known = |text: &String| text.parse::<VolumeStatus>().ok();
        let said = match &status {
            Some(text) => Some(known(text).ok_or_else(|| {
                let why =
                    format!("Invalid input for field/attribute status. Value: {text}. '{text}' is no status");
                ApiError::bad_request(why)
            })?),
            None => None,
        };
        if matches!(
            said,
            Some(VolumeStatus::Deleting | VolumeStatus::ErrorDeleting | VolumeStatus::Detaching)
        ) {
            let status = status.unwrap_or_default();
            return Err(ApiError::bad_request(format!("Cannot reset-state to {status}")));
        }
        let (mut volume, mut tx) = self.open(&policy::VOLUME_ADMIN_ACTIONS_RESET_STATUS).await?;
        self.call.service.call_it_in(&mut tx, &mut volume, said, attach.as_deref()).await?;
        self.save(tx, volume).await?;
        Ok(accepted())
    }

    async fn force_delete(&self) -> Result<Response, ApiError> {
        self.alone()?;
        let (volume, mut tx) = self.open(&policy::VOLUME_ADMIN_ACTIONS_FORCE_DELETE).await?;
        self.call.service.doom_in(&mut tx, volume, false, true).await?;
        self.call.service.commit(tx).await?;
        Ok(accepted())
    }

    /// The action is the body's only key; its value does not count.
    fn alone(&self) -> Result<(), ApiError> {
        let fields = Fields::of(self.body)?;
        fields.take(self.name);
        fields.finish()
    }

    async fn set_image_metadata(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let pairs = inner.required("metadata", inner.metadata("metadata")?)?;
        inner.finish()?;
        let (mut volume, tx) = self.open(&policy::VOLUME_IMAGE_METADATA_SET).await?;
        volume.image_metadata.0.extend(pairs);
        if volume.image_metadata.len() > crate::model::bounds::PAIRS {
            return Err(
                Error::OverQuota("A volume keeps 256 properties of its image at most.".to_owned()).into()
            );
        }
        let volume = self.save(tx, volume).await?;
        Ok(Json(json!({ "metadata": volume.image_metadata.0 })).into_response())
    }

    async fn unset_image_metadata(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let key = inner.required("key", inner.text("key", 1, 255)?)?;
        inner.finish()?;
        let (mut volume, tx) = self.open(&policy::VOLUME_IMAGE_METADATA_REMOVE).await?;
        if volume.image_metadata.0.remove(&key).is_none() {
            return Err(ApiError::not_found("Metadata item was not found"));
        }
        self.save(tx, volume).await?;
        Ok(StatusCode::OK.into_response())
    }

    async fn show_image_metadata(&self) -> Result<Response, ApiError> {
        self.alone()?;
        let rule = &policy::VOLUME_IMAGE_METADATA_SHOW;
        let loaded = Loaded::<VolumesApi>::now(self.call, self.call.key(), rule).await?;
        if loaded.image_metadata.is_empty() {
            let id = loaded.id;
            let why = format!("The volume {id} keeps no properties of an image.");
            return Err(Error::NotFound(why).into());
        }
        Ok(Json(json!({ "metadata": loaded.image_metadata.0 })).into_response())
    }

    async fn reimage(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let image = inner.required("image_id", inner.uuid("image_id")?)?;
        let reserved = inner.boolean("reimage_reserved")?.unwrap_or(false);
        inner.finish()?;
        let service = &self.call.service;
        let image = service.image_named(&self.call.caller, &image).await?;
        let asked = NewVolume { source: Source::Image(image), ..NewVolume::default() };
        let found = service.source_image(&self.call.caller, &asked).await?;
        let rule = if reserved { policy::REIMAGE_RESERVED } else { policy::VOLUME_REIMAGE };
        let (mut volume, mut tx) = self.open(&rule).await?;
        service.reimage_in(&mut tx, &mut volume, (image, found.as_ref()), reserved).await?;
        self.save(tx, volume).await?;
        Ok(accepted())
    }

    /// Nova says so of a volume whose host has grown it; our own nodes say it by themselves.
    async fn extend_completion(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let failed = inner.boolean("error")?.unwrap_or(false);
        inner.finish()?;
        let (mut volume, tx) = self.open(&policy::VOLUME_ADMIN_ACTIONS_EXTEND_VOLUME_COMPLETION).await?;
        if !matches!(volume.doing.doing, Doing::Extending { .. }) {
            let why = format!("Volume {} is not being extended.", volume.id);
            return Err(Error::volume(why).into());
        }
        let now = self.call.service.now();
        if failed {
            volume.fail("The volume could not be extended.".to_owned(), "os-extend_volume_completion", now);
        } else {
            volume.rest(now);
        }
        self.save(tx, volume).await?;
        Ok(accepted())
    }

    /// A volume moves to another backend as it is; `host@backend#pool` names it.
    async fn migrate(&self) -> Result<Response, ApiError> {
        let inner = self.inner()?;
        let host = inner.required("host", inner.text("host", 1, 255)?)?;
        inner.boolean("force_host_copy")?;
        inner.boolean("lock_volume")?;
        inner.finish()?;
        let (mut volume, mut tx) = self.open(&policy::VOLUME_ADMIN_ACTIONS_MIGRATE_VOLUME).await?;
        self.call.service.migrate_in(&mut tx, &mut volume, &host).await?;
        self.save(tx, volume).await?;
        Ok(accepted())
    }
}

/// `GET /v3/volumes/{id}/encryption/{key}`: one value of it, as text.
pub(crate) async fn encryption_key(call: Call<Volumes>) -> Result<Response, ApiError> {
    let key = call.key().to_owned();
    let Json(all) = encryption(call).await?;
    let found = all.get(&key).cloned().unwrap_or(Value::Null);
    Ok(Json(found).into_response())
}

/// `GET /v3/volumes/{id}/encryption`
pub(crate) async fn encryption(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let id = call.param("id").to_owned();
    let loaded = Loaded::<VolumesApi>::now(&call, &id, &policy::VOLUME_ENCRYPTION_METADATA).await?;
    let kind = crate::model::volume_type::VolumeType::get(call.service.db(), &loaded.type_id).await;
    let kind = kind.map_err(Error::from)?;
    let Some(encryption) = kind.and_then(|kind| kind.encryption).filter(|_| loaded.key_id.is_some()) else {
        return Ok(Json(json!({ "encryption_key_id": null })));
    };
    let Stored(encryption) = encryption;
    Ok(Json(json!({
        "encryption_key_id": loaded.key_id,
        "control_location": encryption.control_location,
        "cipher": encryption.cipher,
        "key_size": encryption.key_size,
        "provider": encryption.provider,
    })))
}
