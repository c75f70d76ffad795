//! `/groups/action` and `/groups/{id}/action`.

use std::str::FromStr as _;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use kogge_auth::Rule;
use kogge_db::{Record as _, Tx};
use kogge_http::{ApiError, Json};
use kogge_resource::nova::{Fields, Read};
use kogge_resource::{Call, Loaded, Service as _};
use serde_json::Value;

use super::{Groups, brief, check_generic, words};
use crate::error::{Error, Result};
use crate::model::group::GroupStatus;
use crate::service::groups::{NewGroup, Origin, no_group};
use crate::{Volumes, microversion as v, policy};

/// `POST /groups/action`: `create-from-src`.
pub(crate) async fn copy(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let (new, group, snapshot) = read_copy(&body)?;
    call.caller.allow_on_own(&policy::GROUP_CREATE)?;
    let origin = match (&group, &snapshot) {
        (Some(group), None) => Origin::Group(group.parse().map_err(|_| no_group(group))?),
        (None, Some(snapshot)) => {
            Origin::Snapshot(snapshot.parse().map_err(|_| Error::no_group_snapshot(snapshot))?)
        }
        _ => {
            let why = "One and only one of group_snapshot_id and source_group_id must be given.";
            return Err(ApiError::bad_request(why));
        }
    };
    let mut tx = call.service.begin().await?;
    let group = call.service.copy_group_in(&mut tx, &call.caller, new, origin).await?;
    check_generic(group.group_type_id)?;
    call.service.commit(tx).await?;
    Ok(brief(&group).into_response())
}

fn read_copy(body: &Value) -> Read<(NewGroup, Option<String>, Option<String>)> {
    let fields = Fields::of(body)?;
    if !fields.has("create-from-src") {
        return Err(fields.no_action());
    }
    let inner = fields.object("create-from-src")?;
    fields.finish()?;
    let (name, description) = words(&inner)?;
    let (group, snapshot) = (inner.uuid("source_group_id")?, inner.uuid("group_snapshot_id")?);
    inner.finish()?;
    Ok((NewGroup { name: name.unwrap_or_default(), description }, group, snapshot))
}

/// What is done to a group.
enum Act {
    Delete {
        with_volumes: bool,
    },
    Reset(GroupStatus),
    /// One of those about replication.
    Replicate,
}

/// `POST /groups/{id}/action`
pub(crate) async fn act(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let (rule, act) = read(&call, &body)?;
    let (group, mut tx) = Loaded::<Groups>::open(&call, call.key(), &rule).await?;
    done(&call, &mut tx, group, act).await?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

fn read(call: &Call<Volumes>, body: &Value) -> Read<(Rule, Act)> {
    let fields = Fields::of(body)?;
    let name = body.as_object().and_then(|map| map.keys().next()).map_or("", String::as_str);
    let (rule, since) = match name {
        "delete" => (policy::GROUP_DELETE, v::GROUPS),
        "reset_status" => (policy::GROUP_RESET_STATUS, v::GROUP_RESET),
        "enable_replication" => (policy::GROUP_ENABLE_REPLICATION, v::GROUP_REPLICATION),
        "disable_replication" => (policy::GROUP_DISABLE_REPLICATION, v::GROUP_REPLICATION),
        "failover_replication" => (policy::GROUP_FAILOVER_REPLICATION, v::GROUP_REPLICATION),
        "list_replication_targets" => (policy::GROUP_LIST_REPLICATION_TARGETS, v::GROUP_REPLICATION),
        _ => return Err(fields.no_action()),
    };
    if call.version.before(since) {
        return Err(fields.no_action());
    }
    let inner = fields.object(name)?;
    let act = match name {
        "delete" => Act::Delete { with_volumes: inner.boolean("delete-volumes")?.unwrap_or(false) },
        "reset_status" => {
            let word = inner.required("status", inner.text("status", 0, 255)?)?.trim().to_lowercase();
            Act::Reset(status(&word)?)
        }
        "failover_replication" => {
            inner.boolean("allow_attached_volume")?;
            inner.text_or_null("secondary_backend_id", 0, 255)?;
            Act::Replicate
        }
        _ => Act::Replicate,
    };
    inner.finish()?;
    fields.finish()?;
    Ok((rule, act))
}

fn status(word: &str) -> Read<GroupStatus> {
    if word.is_empty() {
        return Err(ApiError::bad_request("Invalid Group Status: The 'status' can not be empty."));
    }
    GroupStatus::from_str(word).map_err(|_| {
        let valid = GroupStatus::WORDS;
        let why = format!("Group status: {word} is invalid, valid status are: {valid:?}.");
        ApiError::bad_request(format!("Invalid Group Status: {why}"))
    })
}

async fn done(call: &Call<Volumes>, tx: &mut Tx, group: Loaded<Groups>, act: Act) -> Result<()> {
    match act {
        Act::Delete { with_volumes } => call.service.doom_group_in(tx, group.into_row(), with_volumes).await,
        Act::Reset(status) => {
            let mut row = group.into_row();
            row.status = status;
            row.updated_at = Some(call.service.now());
            Ok(row.save(tx).await?)
        }
        // no backend replicates to another, so no type of groups does
        Act::Replicate => {
            let why = format!("Group {} is not a replication group type.", group.id);
            Err(Error::Invalid(format!("Invalid group type: {why}")))
        }
    }
}
