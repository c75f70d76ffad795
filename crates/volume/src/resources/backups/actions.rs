//! What is done to a backup besides changing it: restoring, and what administrators do.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_auth::Rule;
use kogge_db::{Record as _, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::VolumeTypeId;
use kogge_resource::cinder::Cinder;
use kogge_resource::nova::{Fields, wrong};
use kogge_resource::{At, Call, Field, Loaded, Op, Schema, Service as _, Type};
use serde_json::{Value, json};

use super::Backups;
use crate::error::{Error, Result};
use crate::model::backup::Backup;
use crate::model::doing::BackupDoing;
use crate::model::status::BackupStatus;
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::resources::snapshots::NAME;
use crate::service::backups::{check_whole, source_of};
use crate::service::create::{NewVolume, Source};
use crate::{Volumes, policy};

/// The actions, with their rules.
pub(crate) const ACTIONS: [(&str, Rule); 2] = [
    ("os-reset_status", policy::BACKUP_ADMIN_ACTIONS_RESET_STATUS),
    ("os-force_delete", policy::BACKUP_ADMIN_ACTIONS_FORCE_DELETE),
];

/// `POST /backups/{id}/action`
pub(crate) async fn action(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let fields = Fields::of(&body)?;
    if fields.has("os-reset_status") {
        let inner = fields.object("os-reset_status")?;
        let status = inner.required("status", inner.take("status"))?;
        inner.finish()?;
        fields.finish()?;
        let known = match status.as_str().map(str::to_lowercase).as_deref() {
            Some("available") => BackupStatus::Available,
            Some("error") => BackupStatus::Error,
            _ => return Err(wrong("status", status, "Valid statuses are: available, error.")),
        };
        change(&call, &policy::BACKUP_ADMIN_ACTIONS_RESET_STATUS, Change::Called(known)).await?;
    } else if fields.has("os-force_delete") {
        fields.take("os-force_delete");
        fields.finish()?;
        change(&call, &policy::BACKUP_ADMIN_ACTIONS_FORCE_DELETE, Change::Deleted).await?;
    } else {
        return Err(fields.no_action());
    }
    Ok(StatusCode::ACCEPTED)
}

enum Change {
    Called(BackupStatus),
    Deleted,
}

/// Changes a backup whatever it is doing: what it kept busy goes on.
async fn change(call: &Call<Volumes>, rule: &Rule, change: Change) -> Result<()> {
    let service = &call.service;
    let before = Loaded::<Backups>::now(call, call.key(), rule).await?.into_row();
    let mut tx = service.begin().await?;
    service.lock_busy_in(&mut tx, &before).await?;
    let mut backup = Loaded::<Backups>::get(call, &mut At::In(&mut tx), call.key(), rule).await?.into_row();
    match change {
        Change::Deleted => service.delete_backup_in(&mut tx, backup, true).await?,
        Change::Called(status) => {
            service.release_in(&mut tx, &backup).await?;
            let doing = match status {
                BackupStatus::Available if backup.made => BackupDoing::Resting,
                status => BackupDoing::Called { status },
            };
            backup.begin(doing, service.now());
            service.save_backup_in(&mut tx, &backup).await?;
        }
    }
    service.commit(tx).await
}

const RESTORE: Schema = Schema::new(
    "restore",
    &[&[Field::optional("name", NAME), Field::optional("volume_id", Type::Nullable(&Type::Uuid))]],
);

/// `POST /backups/{id}/restore`
pub(crate) async fn restore(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let fields = Fields::of(&body)?;
    let whole = fields.required("restore", fields.take("restore"))?;
    fields.finish()?;
    let none = json!({});
    let whole = if whole.is_null() { &none } else { whole };
    let asked = RESTORE.read::<Cinder>(Op::Create, call.version, whole)?;
    let volume = match asked.str("volume_id") {
        Some(volume) => onto(&call, volume).await?,
        None => into_new(&call, asked.text("name").filter(|name| !name.is_empty())).await?,
    };
    let answer = json!({ "restore": {
        "backup_id": call.key(), "volume_id": volume.id, "volume_name": volume.name,
    }});
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// Restores to a volume that is there.
async fn onto(call: &Call<Volumes>, volume: &str) -> Result<Volume> {
    let service = &call.service;
    Loaded::<Backups>::now(call, call.key(), &call.rule).await?;
    let mut tx = service.begin().await?;
    let volume = service.source_in(&mut tx, &call.caller, Some(volume), &policy::BACKUP_RESTORE).await?;
    let backup = Loaded::<Backups>::get(call, &mut At::In(&mut tx), call.key(), &call.rule).await?;
    service.restore_in(&mut tx, volume.clone(), backup.into_row()).await?;
    service.commit(tx).await?;
    Ok(volume)
}

/// Restores to a volume that is made for it.
async fn into_new(call: &Call<Volumes>, name: Option<String>) -> Result<Volume> {
    let service = &call.service;
    let (backup, mut tx) = Loaded::<Backups>::open(call, call.key(), &call.rule).await?;
    check_whole(&backup)?;
    let kind = kind_for(&mut tx, &backup).await?;
    let new = NewVolume {
        name: name.unwrap_or_else(|| format!("restore_backup_{}", backup.id)),
        description: Some("auto-created_from_restore_from_backup".to_owned()),
        size_gib: Some(backup.size_gib),
        kind: kind.map(|kind| kind.to_string()),
        source: Source::Backup(source_of(&backup)),
        ..NewVolume::default()
    };
    let volume = service.create_in(&mut tx, &call.caller, new).await?;
    service.commit(tx).await?;
    Ok(volume)
}

/// What was encrypted stays so: the type is that of the volume of which the backup is.
async fn kind_for(tx: &mut Tx, backup: &Backup) -> Result<Option<VolumeTypeId>> {
    let Some(id) = backup.type_id.filter(|_| backup.key_id.is_some()) else { return Ok(None) };
    let kind = VolumeType::get(tx, &id).await?;
    kind.map(|kind| Some(kind.id)).ok_or_else(|| Error::no_type(id))
}
