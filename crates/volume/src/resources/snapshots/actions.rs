//! `POST /snapshots/{id}/action`: one path, actions told apart by the body's key.

use http::StatusCode;
use kogge_auth::Rule;
use kogge_db::Record as _;
use kogge_http::{ApiError, Json};
use kogge_resource::nova::{Fields, wrong};
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::Value;

use super::Snapshots;
use crate::error::{Error, Result};
use crate::model::doing::SnapshotDoing;
use crate::model::snapshot::Snapshot;
use crate::model::status::SnapshotStatus;
use crate::service::snapshots::Removal;
use crate::{Volumes, policy};

/// The actions, with their rules.
pub(crate) const ACTIONS: [(&str, Rule); 4] = [
    ("os-reset_status", policy::SNAPSHOT_ADMIN_ACTIONS_RESET_STATUS),
    ("os-update_snapshot_status", policy::SNAPSHOT_ACTIONS_UPDATE_SNAPSHOT_STATUS),
    ("os-force_delete", policy::SNAPSHOT_ADMIN_ACTIONS_FORCE_DELETE),
    ("os-unmanage", policy::SNAPSHOT_UNMANAGE),
];

/// `POST /snapshots/{id}/action`
pub(crate) async fn action(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let fields = Fields::of(&body)?;
    let found = ACTIONS.iter().find(|(name, _)| fields.has(name));
    let (name, rule) = found.ok_or_else(|| fields.no_action())?;
    match *name {
        "os-reset_status" => {
            let inner = fields.object(name)?;
            let status = inner.required("status", inner.take("status"))?;
            inner.finish()?;
            fields.finish()?;
            reset(&call, rule, status_of(status)?).await?;
        }
        "os-update_snapshot_status" => {
            let inner = fields.object(name)?;
            let status = inner.required("status", inner.text("status", 0, 255)?)?;
            let progress = progress(inner.text("progress", 0, 255)?)?;
            inner.finish()?;
            fields.finish()?;
            tell(&call, rule, &status, progress).await?;
        }
        removal => {
            fields.take(removal);
            fields.finish()?;
            let why = if removal == "os-unmanage" { Removal::LetGo } else { Removal::Forced };
            let (loaded, mut tx) = Loaded::<Snapshots>::open(&call, call.key(), rule).await?;
            call.service.delete_snapshot_in(&mut tx, loaded.into_row(), why).await?;
            call.service.commit(tx).await?;
        }
    }
    Ok(StatusCode::ACCEPTED)
}

/// A status that an administrator may say; case does not count.
fn status_of(value: &Value) -> Result<SnapshotStatus, ApiError> {
    let word = value.as_str().map(str::to_lowercase);
    let known = word.and_then(|word| word.parse().ok());
    known.ok_or_else(|| wrong("status", value, "It is none of the statuses that snapshots have."))
}

/// `0%` to `100%`.
fn progress(text: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let number: Option<u8> = text.strip_suffix('%').and_then(|digits| digits.parse().ok());
    if number.is_none_or(|number| number > 100) {
        let why = "Progress must be a percentage between 0 and 100.";
        return Err(wrong("progress", &text.into(), why));
    }
    Ok(Some(text))
}

/// What an administrator says holds; a snapshot without data is no better for being called available.
async fn reset(call: &Call<Volumes>, rule: &Rule, status: SnapshotStatus) -> Result<()> {
    let (loaded, mut tx) = Loaded::<Snapshots>::open(call, call.key(), rule).await?;
    let mut snapshot = loaded.into_row();
    called(&mut snapshot, status, call.service.now());
    snapshot.save(&mut tx).await?;
    call.service.commit(tx).await
}

fn called(snapshot: &mut Snapshot, status: SnapshotStatus, now: kogge_clock::Timestamp) {
    let doing = match status {
        SnapshotStatus::Available if snapshot.made => SnapshotDoing::Resting,
        status => SnapshotDoing::Called { status },
    };
    snapshot.begin(doing, now);
}

/// What a driver on a compute host says of a snapshot that it makes or removes: those of Cinder's transitions that are
/// any.
async fn tell(call: &Call<Volumes>, rule: &Rule, status: &str, progress: Option<String>) -> Result<()> {
    use SnapshotStatus::{Available, Creating, Deleting, Error as Failed, ErrorDeleting};
    let (loaded, mut tx) = Loaded::<Snapshots>::open(call, call.key(), rule).await?;
    let mut snapshot = loaded.into_row();
    let possible: &[SnapshotStatus] = match snapshot.status {
        Creating => &[Creating, Available, Failed],
        Deleting => &[Deleting, ErrorDeleting],
        current => {
            return Err(Error::Invalid(format!(
                "Snapshot status {current} not allowed for update_snapshot_status"
            )));
        }
    };
    let Some(wanted) = possible.iter().find(|word| word.as_str() == status) else {
        return Err(Error::Invalid(format!(
            "Provided snapshot status {status} not allowed for snapshot with status {}.",
            snapshot.status
        )));
    };
    let now = call.service.now();
    // what we make ourselves is available when its data are there, not when somebody says so
    let ours = snapshot.doing.doing == SnapshotDoing::Creating && *wanted == Available;
    if *wanted != snapshot.status && !ours {
        called(&mut snapshot, *wanted, now);
    }
    if let Some(progress) = progress {
        snapshot.progress = Some(progress);
    }
    snapshot.updated_at = Some(now);
    snapshot.save(&mut tx).await?;
    call.service.commit(tx).await
}
