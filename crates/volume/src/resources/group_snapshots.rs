//! Snapshots of groups (3.14).

use std::str::FromStr as _;

use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{by, part, text};
use kogge_db::{Direction, Paged, Record as _, SortKey, Tx};
use kogge_http::{ApiError, Json, VersionRange};
use kogge_ids::VolumeGroupId;
use kogge_resource::nova::{Fields, Read};
use kogge_resource::{
    Body, Call, Create, Delete, Field, Judgement, List, Listing, Loaded, Names, Resource, Schema,
    Service as _, Stored as _, Type, Verb, Wanted,
};
use serde_json::{Value, json};

use super::groups::check_generic;
use crate::error::{Error, Result};
use crate::model::group::is_of_old;
use crate::model::group_snapshot::{GroupSnapshot, GroupSnapshotStatus};
use crate::service::group_snapshots::NewGroupSnapshot;
use crate::service::groups::no_group;
use crate::{Volumes, microversion as v, policy};

/// Snapshots of groups.
pub(crate) struct GroupSnapshots;

impl Resource for GroupSnapshots {
    type Service = Volumes;
    type Row = GroupSnapshot;
    type More = ();

    const NAMES: Names =
        Names::new("group_snapshot", "group_snapshots", "/v3/group_snapshots", "/v3/group_snapshots/{id}");
    const VERSIONS: VersionRange = VersionRange { since: Some(v::GROUP_SNAPSHOTS), until: None };
    const READ: Rule = policy::GROUP_GET_GROUP_SNAPSHOT;
    const GUARDED: &'static [(&'static str, &'static Rule)] =
        &[("project_id", &policy::GROUP_GROUP_SNAPSHOT_PROJECT_ATTRIBUTE)];

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::no_group_snapshot(id)
    }

    fn id(row: &GroupSnapshot) -> String {
        row.id.to_string()
    }

    fn target(row: &GroupSnapshot) -> Target<'_> {
        Target::project(row.project_id.as_str()).user(row.user_id.as_str())
    }

    /// Those of old have a resource of their own; but to say what they are doing is the same.
    fn allow(call: &Call<Volumes>, key: &str, rule: &Rule, found: Option<&GroupSnapshot>) -> Result<()> {
        match Self::judge(call, rule, found) {
            Judgement::Allowed if *rule == policy::GROUP_RESET_GROUP_SNAPSHOT_STATUS => Ok(()),
            Judgement::Allowed => found.map_or(Ok(()), |row| check_generic(row.group_type_id)),
            judgement => Err(Self::refusal(call, key, rule, judgement, found)),
        }
    }

    fn view(call: &Call<Volumes>, row: &GroupSnapshot, (): &(), verb: Verb) -> Value {
        match verb {
            Verb::List => return json!({ "id": row.id, "name": row.name }),
            Verb::Create => {
                return json!({ "id": row.id, "name": row.name, "group_type_id": row.group_type_id });
            }
            _ => {}
        }
        let mut view = json!({
            "id": row.id,
            "group_id": row.group_id,
            "group_type_id": row.group_type_id,
            "status": row.status,
            "created_at": row.created_at.micros(),
            "name": row.name,
            "description": row.description,
        });
        if call.version.has(v::GROUP_PROJECT) {
            view["project_id"] = json!(row.project_id);
        }
        view
    }
}

const SORT_KEYS: &[SortKey] = &[by("id"), by("name"), by("created_at"), by("status"), by("group_id")];

impl List for GroupSnapshots {
    const RULE: Rule = policy::GROUP_GET_ALL_GROUP_SNAPSHOTS;
    const LIST: Listing = Listing {
        filters: &[&[
            text("name", "name = ?"),
            part("name~", "? = '' OR replace(name, ?, '') <> name"),
            text("status", "status = ?"),
            part("status~", "? = '' OR replace(status, ?, '') <> status"),
            text("group_id", "group_id = ?"),
        ]],
        words: &["project_id"],
        sort: SORT_KEYS,
        order: &[("created_at", Direction::Descending), ("id", Direction::Descending)],
        pages_since: Some(v::GROUP_SNAPSHOT_PAGES),
        links: Some("group_snapshot_links"),
        ..Listing::OWN
    };

    /// Before lists have pages they have no filters either.
    async fn page(call: &Call<Volumes>, wanted: &Wanted) -> Result<Paged<GroupSnapshot>> {
        let mut wanted = wanted.clone();
        if call.version.before(v::GROUP_SNAPSHOT_PAGES) {
            wanted.query.filters.clear();
        }
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        let whose = Self::whose(call)?;
        let mut page = GroupSnapshot::listed(&call.service, &Self::LIST, whose, &wanted).await?;
        page.items.retain(|row| !is_of_old(row.group_type_id));
        Ok(page)
    }
}

const TEXT: Type = Type::Nullable(&Type::Text(0, 255));

impl Create for GroupSnapshots {
    const RULE: Rule = policy::GROUP_CREATE_GROUP_SNAPSHOT;
    const BODY: Schema = Schema::new(
        "group_snapshot",
        &[&[
            Field::required("group_id", Type::Uuid),
            Field::optional("name", TEXT),
            Field::optional("description", TEXT),
        ]],
    );

    async fn create(call: &Call<Volumes>, tx: &mut Tx, body: Body) -> Result<(GroupSnapshot, ())> {
        let word = body.text("group_id").unwrap_or_default();
        let id: VolumeGroupId = word.parse().map_err(|_| no_group(&word))?;
        let group = call.service.group_to_copy_in(tx, &call.caller, id).await?;
        check_generic(group.group_type_id)?;
        let new = NewGroupSnapshot { name: body.text("name"), description: body.text("description") };
        Ok((call.service.create_group_snapshot_in(tx, &call.caller, &group, new).await?, ()))
    }

    fn created(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

impl Delete for GroupSnapshots {
    const RULE: Rule = policy::GROUP_DELETE_GROUP_SNAPSHOT;

    async fn delete(call: &Call<Volumes>, tx: &mut Tx, loaded: Loaded<Self>) -> Result<()> {
        call.service.doom_group_snapshot_in(tx, loaded.into_row()).await
    }

    fn deleted(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

/// `POST /group_snapshots/{id}/action`: `reset_status`.
pub(crate) async fn act(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let fields = Fields::of(&body)?;
    if !fields.has("reset_status") {
        return Err(fields.no_action());
    }
    let inner = fields.object("reset_status")?;
    let word = inner.required("status", inner.text("status", 0, 255)?)?;
    let status = status(&word)?;
    inner.finish()?;
    fields.finish()?;
    let rule = policy::GROUP_RESET_GROUP_SNAPSHOT_STATUS;
    let (loaded, mut tx) = Loaded::<GroupSnapshots>::open(&call, call.key(), &rule).await?;
    let mut row = loaded.into_row();
    row.status = status;
    row.updated_at = Some(call.service.now());
    row.save(&mut tx).await.map_err(Error::from)?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

fn status(word: &str) -> Read<GroupSnapshotStatus> {
    let refuse = |why: String| ApiError::bad_request(format!("Invalid GroupSnapshot Status: {why}"));
    if word.trim().is_empty() {
        return Err(refuse("The 'status' can not be empty.".to_owned()));
    }
    GroupSnapshotStatus::from_str(&word.to_lowercase()).map_err(|_| {
        let valid = GroupSnapshotStatus::WORDS;
        refuse(format!("Group snapshot status: {word} is invalid, valid statuses are: {valid:?}."))
    })
}
