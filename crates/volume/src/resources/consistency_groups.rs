//! Consistency groups and their snapshots: groups under their names of old, all of one type.

use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{by, text};
use kogge_db::{Direction, SortKey};
use kogge_http::{ApiError, Json};
use kogge_resource::nova::{Fields, Read, wrong};
use kogge_resource::{Call, Delete, List, Listing, Loaded, Names, Resource, Service as _, Verb};
use serde_json::{Value, json};

use super::groups::{self, Groups, TYPES, volumes_of, words};
use crate::error::{Error, Result};
use crate::model::group::{Group, OLD_TYPE_ID};
use crate::model::group_snapshot::GroupSnapshot;
use crate::model::status::VolumeStatus;
use crate::service::group_snapshots::NewGroupSnapshot;
use crate::service::groups::{NewGroup, Origin, no_group};
use crate::{Volumes, policy};

/// Consistency groups.
pub(crate) struct ConsistencyGroups;

impl Resource for ConsistencyGroups {
    type Service = Volumes;
    type Row = Group;
    type More = <Groups as Resource>::More;

    const NAMES: Names = Names::new(
        "consistencygroup",
        "consistencygroups",
        "/v3/consistencygroups",
        "/v3/consistencygroups/{id}",
    );
    const READ: Rule = policy::GROUP_GET;

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        no_group(id)
    }

    fn id(row: &Group) -> String {
        row.id.to_string()
    }

    fn target(row: &Group) -> Target<'_> {
        Groups::target(row)
    }

    async fn more(call: &Call<Volumes>, rows: &[Group]) -> Result<Vec<Self::More>> {
        Groups::more(call, rows).await
    }

    fn view(_: &Call<Volumes>, row: &Group, volumes: &Self::More, verb: Verb) -> Value {
        if verb == Verb::List {
            return json!({ "id": row.id, "name": row.name });
        }
        let statuses: Vec<VolumeStatus> = volumes.iter().map(|(_, status)| *status).collect();
        json!({
            "id": row.id,
            "status": row.shown(&statuses),
            "availability_zone": row.zone,
            "created_at": row.created_at.micros(),
            "name": row.name,
            "description": row.description,
            "volume_types": row.type_ids.0,
        })
    }
}

impl List for ConsistencyGroups {
    const RULE: Rule = policy::GROUP_GET_ALL;
    const LIST: Listing = Listing {
        filters: &[&[text("name", "name = ?")]],
        sort: groups::SORT_KEYS,
        order: &[("created_at", Direction::Descending), ("id", Direction::Descending)],
        links: Some("consistencygroup_links"),
        ..Listing::OWN
    };
}

fn brief(group: &Group) -> (StatusCode, Json<Value>) {
    (StatusCode::ACCEPTED, Json(json!({"consistencygroup": {"id": group.id, "name": group.name}})))
}

/// `POST /consistencygroups`
pub(crate) async fn create(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (new, types, zone) = read_new(&body)?;
    call.caller.allow_on_own(&call.rule)?;
    let mut tx = call.service.begin().await?;
    let made = call.service.create_group_in(&mut tx, &call.caller, new, (OLD_TYPE_ID, &types), zone).await;
    let group = made?;
    call.service.commit(tx).await?;
    Ok(brief(&group))
}

fn read_new(body: &Value) -> Read<(NewGroup, Vec<String>, Option<String>)> {
    let inner = Fields::of(body)?.object("consistencygroup")?;
    let (name, description) = words(&inner)?;
    let value = inner.required("volume_types", inner.take("volume_types"))?;
    let types = value.as_str().unwrap_or_default().trim_end_matches(',');
    if types.is_empty() {
        let shown = name.as_deref().unwrap_or("None");
        let why = format!("volume_types must be provided to create consistency group {shown}.");
        return Err(ApiError::bad_request(why));
    }
    let types: Vec<String> = types.split(',').map(|word| word.trim().to_owned()).collect();
    if types.len() > TYPES {
        return Err(wrong("volume_types", value, "has too many types"));
    }
    let zone = inner.text_or_null("availability_zone", 0, 255)?.flatten().filter(|zone| !zone.is_empty());
    Ok((NewGroup { name: name.unwrap_or_default(), description }, types, zone))
}

/// `POST /consistencygroups/create_from_src`
pub(crate) async fn copy(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (new, origin) = read_copy(&body)?;
    let mut tx = call.service.begin().await?;
    let group = call.service.copy_group_in(&mut tx, &call.caller, new, origin).await?;
    call.service.commit(tx).await?;
    Ok(brief(&group))
}

fn read_copy(body: &Value) -> Read<(NewGroup, Origin)> {
    let inner = Fields::of(body)?.object("consistencygroup-from-src")?;
    let (name, description) = words(&inner)?;
    let id = |name: &str| inner.text(name, 0, 255).map(|text| text.filter(|text| !text.is_empty()));
    let shown = name.as_deref().unwrap_or("None");
    let origin = match (id("cgsnapshot_id")?, id("source_cgid")?) {
        (Some(snapshot), None) => {
            Origin::Snapshot(snapshot.parse().map_err(|_| Error::no_group_snapshot(&snapshot))?)
        }
        (None, Some(group)) => Origin::Group(group.parse().map_err(|_| no_group(&group))?),
        (None, None) => {
            return Err(ApiError::bad_request(format!(
                "Either 'cgsnapshot_id' or 'source_cgid' must be provided to create consistency group {shown} from source."
            )));
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::bad_request(format!(
                "Cannot provide both 'cgsnapshot_id' and 'source_cgid' to create consistency group {shown} from source."
            )));
        }
    };
    Ok((NewGroup { name: name.unwrap_or_default(), description }, origin))
}

/// `PUT /consistencygroups/{id}`, and with `/update` behind it.
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let ((name, description), add, remove) = read_change(&body)?;
    let empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
    if empty(&name) && empty(&description) && add.is_empty() && remove.is_empty() {
        let why =
            "Name, description, add_volumes, and remove_volumes can not be all empty in the request body.";
        return Err(ApiError::bad_request(why));
    }
    let (loaded, mut tx) = Loaded::<ConsistencyGroups>::open(&call, call.key(), &call.rule).await?;
    groups::change(&call, &mut tx, loaded.into_row(), (name, description), (&add, &remove)).await?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What changes of a group: its words, who joins, who leaves.
type Change = ((Option<String>, Option<String>), Vec<String>, Vec<String>);

fn read_change(body: &Value) -> Read<Change> {
    let inner = Fields::of(body)?.object("consistencygroup")?;
    let (add, remove) = (volumes_of(&inner, "add_volumes")?, volumes_of(&inner, "remove_volumes")?);
    Ok((words(&inner)?, add, remove))
}

/// `POST /consistencygroups/{id}/delete`; with `force` its volumes go too.
pub(crate) async fn delete(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let force = forced(&body)?;
    let (loaded, mut tx) = Loaded::<ConsistencyGroups>::open(&call, call.key(), &call.rule).await?;
    call.service.doom_group_in(&mut tx, loaded.into_row(), force).await?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

fn forced(body: &Value) -> Read<bool> {
    if body.is_null() || body.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(false);
    }
    Ok(Fields::of(body)?.object("consistencygroup")?.boolean("force")?.unwrap_or(false))
}

/// Snapshots of consistency groups.
pub(crate) struct CgSnapshots;

impl Resource for CgSnapshots {
    type Service = Volumes;
    type Row = GroupSnapshot;
    type More = ();

    const NAMES: Names = Names::new("cgsnapshot", "cgsnapshots", "/v3/cgsnapshots", "/v3/cgsnapshots/{id}");
    const READ: Rule = policy::GROUP_GET_GROUP_SNAPSHOT;

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::no_group_snapshot(id)
    }

    fn id(row: &GroupSnapshot) -> String {
        row.id.to_string()
    }

    fn target(row: &GroupSnapshot) -> Target<'_> {
        Target::project(row.project_id.as_str()).user(row.user_id.as_str())
    }

    fn view(_: &Call<Volumes>, row: &GroupSnapshot, (): &(), verb: Verb) -> Value {
        if verb == Verb::List {
            return json!({ "id": row.id, "name": row.name });
        }
        json!({
            "id": row.id,
            "consistencygroup_id": row.group_id,
            "status": row.status,
            "created_at": row.created_at.micros(),
            "name": row.name,
            "description": row.description,
        })
    }
}

const SNAPSHOT_KEYS: &[SortKey] = &[by("id"), by("name"), by("created_at"), by("status")];

impl List for CgSnapshots {
    const RULE: Rule = policy::GROUP_GET_ALL_GROUP_SNAPSHOTS;
    const LIST: Listing = Listing {
        sort: SNAPSHOT_KEYS,
        order: &[("created_at", Direction::Descending), ("id", Direction::Descending)],
        ..Listing::OWN
    };
}

/// `POST /cgsnapshots`
pub(crate) async fn create_snapshot(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (word, new) = read_snapshot(&body)?;
    call.caller.allow_on_own(&call.rule)?;
    let id = word.parse().map_err(|_| no_group(&word))?;
    let mut tx = call.service.begin().await?;
    let group = call.service.group_to_copy_in(&mut tx, &call.caller, id).await?;
    let row = call.service.create_group_snapshot_in(&mut tx, &call.caller, &group, new).await?;
    call.service.commit(tx).await?;
    let view = json!({"cgsnapshot": {"id": row.id, "name": row.name}});
    Ok((StatusCode::ACCEPTED, Json(view)))
}

fn read_snapshot(body: &Value) -> Read<(String, NewGroupSnapshot)> {
    let inner = Fields::of(body)?.object("cgsnapshot")?;
    let word = inner.required("consistencygroup_id", inner.text("consistencygroup_id", 0, 255)?)?;
    let text = |name: &str| inner.text(name, 0, 255).map(|text| text.map(|text| text.trim().to_owned()));
    Ok((word, NewGroupSnapshot { name: text("name")?, description: text("description")? }))
}

impl Delete for CgSnapshots {
    const RULE: Rule = policy::GROUP_DELETE_GROUP_SNAPSHOT;

    async fn delete(call: &Call<Volumes>, tx: &mut kogge_db::Tx, loaded: Loaded<Self>) -> Result<()> {
        call.service.doom_group_snapshot_in(tx, loaded.into_row()).await
    }

    fn deleted(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}
