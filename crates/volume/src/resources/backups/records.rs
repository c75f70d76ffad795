//! Records of backups: what is needed to find their data again where the database was lost.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use kogge_clock::Timestamp;
use kogge_db::record::Json as Column;
use kogge_db::{Record as _, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::{BackupId, VolumeId};
use kogge_resource::nova::Fields;
use kogge_resource::{Call, Loaded, Service as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Backups, brief};
use crate::error::{Error, Result};
use crate::model::backup::{Backup, VolumeWords};
use crate::model::bounds;
use crate::model::doing::{BackupDoing, Job, NEVER};
use crate::model::quota::Usage;
use crate::model::status::BackupStatus;
use crate::store::backups as store;
use crate::{Volumes, policy};

/// What stands in records as the service that has the data; clients look for the first words.
const SERVICE: &str = "cinder.backup.drivers.kogge_folder";
/// Most characters of a record.
const LONGEST: usize = 512 * 1024;
/// The volume of backups that were imported.
const NO_VOLUME: &str = "00000000-0000-0000-0000-000000000000";

/// A record.
#[derive(Serialize, Deserialize)]
struct Record {
    id: BackupId,
    /// The name of the data.
    data_id: BackupId,
    size: i64,
    #[serde(default)]
    parent_id: Option<BackupId>,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    display_description: Option<String>,
    #[serde(default)]
    container: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    data_timestamp: i64,
    #[serde(default)]
    volume_words: Option<VolumeWords>,
}

/// `GET /backups/{id}/export_record`
pub(crate) async fn export(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let backup = Loaded::<Backups>::now(&call, call.key(), &call.rule).await?;
    if backup.status != BackupStatus::Available {
        let why = format!("Backup status must be available and not {}.", backup.status);
        return Err(Error::backup(why).into());
    }
    if backup.key_id.is_some() {
        let why = "an encrypted backup cannot be exported: its key does not leave the cloud.";
        return Err(Error::backup(why).into());
    }
    let record = Record {
        id: backup.id,
        data_id: backup.data_id,
        size: backup.size_gib,
        parent_id: backup.parent_id,
        display_name: Some(backup.name.clone()),
        display_description: backup.description.clone(),
        container: backup.container.clone(),
        metadata: backup.metadata.0.clone(),
        data_timestamp: backup.data_at.as_micros(),
        volume_words: backup.of_volume.as_ref().map(|words| words.0.clone()),
    };
    let text = serde_json::to_vec(&record).map_err(Error::internal)?;
    let record = json!({ "backup_service": SERVICE, "backup_url": STANDARD.encode(text) });
    Ok(Json(json!({ "backup-record": record })))
}

/// `POST /backups/import_record`
pub(crate) async fn import(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let fields = Fields::of(&body)?;
    let inner = fields.object("backup-record")?;
    fields.finish()?;
    let service = inner.required("backup_service", inner.text("backup_service", 0, 255)?)?;
    let url = inner.required("backup_url", inner.text("backup_url", 1, LONGEST)?)?;
    inner.finish()?;
    call.caller.allow_on_own(&call.rule).map_err(Error::from)?;
    if service != SERVICE {
        return Err(Error::Unavailable(format!("Service {service} could not be found.")).into());
    }
    let backup = take_in(&call, read(&url)?).await?;
    Ok((StatusCode::CREATED, Json(json!({ "backup": brief(&call, &backup) }))).into_response())
}

/// The record in a text that anybody may have written.
fn read(url: &str) -> Result<Record> {
    let text = STANDARD.decode(url).map_err(|_| Error::input("Can't decode backup record."))?;
    let value: Value =
        serde_json::from_slice(&text).map_err(|_| Error::input("Can't parse backup record."))?;
    for (name, why) in [("id", "an id"), ("size", "size attribute")] {
        if value.get(name).is_none() {
            return Err(Error::input(format!("Provided backup record is missing {why}")));
        }
    }
    let record: Record =
        serde_json::from_value(value).map_err(|_| Error::input("Can't parse backup record."))?;
    let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.chars().count() > 255);
    let texts = [&record.display_name, &record.display_description, &record.container];
    let words = record.volume_words.as_ref();
    let pairs = words.map(|words| [&words.metadata, &words.image_metadata]).into_iter().flatten();
    let paired = pairs.chain([&record.metadata]).all(are_few);
    let sized = (1..=bounds::GIB).contains(&record.size);
    if texts.into_iter().any(long) || !paired || !sized {
        return Err(Error::input("The backup record holds what no backup has."));
    }
    Ok(record)
}

fn are_few(pairs: &BTreeMap<String, String>) -> bool {
    pairs.len() <= bounds::PAIRS && pairs.iter().all(|(key, value)| key.len() <= 255 && value.len() <= 255)
}

async fn take_in(call: &Call<Volumes>, record: Record) -> Result<Backup> {
    let service = &call.service;
    let lost = || Error::backup("Its data are not in the store of backups.");
    let head = service.backup_store().head(record.data_id).await.map_err(|_| lost())?;
    if head.bytes > bounds::bytes(record.size) {
        return Err(Error::backup("Its data are larger than its record says."));
    }
    let mut tx = service.begin().await?;
    if Backup::lock(&mut tx, &record.id).await?.is_some() {
        return Err(Error::backup("Backup already exists in database."));
    }
    if let Some(parent) = record.parent_id
        && Backup::lock(&mut tx, &parent).await?.is_none()
    {
        return Err(Error::backup("The backup that it builds on is not here: import that one first."));
    }
    keep_data(&mut tx, record.data_id).await?;
    let project = call.caller.require_project(&policy::BACKUP_BACKUP_IMPORT)?.clone();
    service.charge_in(&mut tx, project.as_str(), None, Usage::backup(record.size)).await?;
    let now = service.now();
    let volume_id: VolumeId = NO_VOLUME.parse().map_err(Error::internal)?;
    let backup = Backup {
        id: record.id,
        data_id: record.data_id,
        project_id: project,
        user_id: call.caller.user.id.clone(),
        volume_id,
        snapshot_id: None,
        parent_id: record.parent_id,
        name: record.display_name.unwrap_or_default(),
        description: record.display_description,
        size_gib: record.size,
        type_id: None,
        container: record.container,
        zone: None,
        key_id: None,
        object_count: head.chunks,
        metadata: Column(record.metadata),
        of_volume: record.volume_words.map(Column),
        doing: Column(Job::begun(BackupDoing::Resting, now)),
        fault: None,
        status: BackupStatus::Available,
        made: true,
        data_at: Timestamp::from_micros(record.data_timestamp),
        created_at: now,
        updated_at: None,
        due_at: NEVER,
    };
    if !backup.insert(&mut tx).await? {
        return Err(Error::backup("Backup already exists in database."));
    }
    service.commit(tx).await?;
    Ok(backup)
}

/// Refuses data that are about to go: of all whose they are, none is to stay.
async fn keep_data(tx: &mut Tx, data: BackupId) -> Result<()> {
    let owners = store::of_data(&mut *tx, data).await?;
    let mut stays = owners.is_empty();
    for owner in owners {
        let row = Backup::lock(tx, &owner).await?;
        if row.as_ref().is_some_and(|row| row.key_id.is_some()) {
            return Err(Error::backup("an encrypted backup cannot be imported."));
        }
        stays |= row.is_some_and(|row| row.doing.doing != BackupDoing::Deleting);
    }
    if stays { Ok(()) } else { Err(Error::backup("Its data are being deleted.")) }
}
