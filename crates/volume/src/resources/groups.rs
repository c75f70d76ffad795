//! Groups of volumes (3.13).

pub(crate) mod actions;

use std::collections::BTreeMap;

use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{by, part, text};
use kogge_db::{Direction, Executor as _, Paged, Select, SortKey};
use kogge_http::{ApiError, Json, VersionRange};
use kogge_ids::{GroupTypeId, VolumeGroupId, VolumeId};
use kogge_resource::nova::{self, Fields, Read, at_most, query, repr, wrong};
use kogge_resource::{
    Call, Judgement, List, Listing, Loaded, Names, Resource, Service as _, Stored as _, Verb, Wanted,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::group::{Group, GroupStatus, is_of_old};
use crate::model::status::VolumeStatus;
use crate::service::groups::{NewGroup, no_group};
use crate::{Volumes, microversion as v, policy};

/// Most types of a group.
pub(super) const TYPES: usize = 256;

/// Refuses a consistency group: it has a resource of its own.
pub(super) fn check_generic(kind: GroupTypeId) -> Result<()> {
    if !is_of_old(kind) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "Group_type {kind} is reserved for migrating CGs to groups. Migrated group can only be operated by CG APIs."
    )))
}

/// Groups.
pub(crate) struct Groups;

impl Resource for Groups {
    type Service = Volumes;
    type Row = Group;
    /// Its volumes, and what they are doing.
    type More = Vec<(VolumeId, VolumeStatus)>;

    const NAMES: Names = Names::new("group", "groups", "/v3/groups", "/v3/groups/{id}");
    const VERSIONS: VersionRange = VersionRange { since: Some(v::GROUPS), until: None };
    const READ: Rule = policy::GROUP_GET;
    const GUARDED: &'static [(&'static str, &'static Rule)] =
        &[("project_id", &policy::GROUP_GROUP_PROJECT_ATTRIBUTE)];

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        no_group(id)
    }

    fn id(row: &Group) -> String {
        row.id.to_string()
    }

    fn target(row: &Group) -> Target<'_> {
        Target::project(row.project_id.as_str()).user(row.user_id.as_str())
    }

    /// Those of old have a resource of their own; but to say what they are doing is the same.
    fn allow(call: &Call<Volumes>, key: &str, rule: &Rule, found: Option<&Group>) -> Result<()> {
        match Self::judge(call, rule, found) {
            Judgement::Allowed if *rule == policy::GROUP_RESET_STATUS => Ok(()),
            Judgement::Allowed => found.map_or(Ok(()), |row| check_generic(row.group_type_id)),
            judgement => Err(Self::refusal(call, key, rule, judgement, found)),
        }
    }

    async fn more(call: &Call<Volumes>, rows: &[Group]) -> Result<Vec<Self::More>> {
        let select = Select::new("id, group_id, status", "volumes")
            .and_in("group_id", rows.iter().map(|row| row.id))
            .order_by("created_at", Direction::Ascending);
        let mut found: BTreeMap<VolumeGroupId, Self::More> = BTreeMap::new();
        for row in call.service.db().all(select.query()).await? {
            found.entry(row.parse("group_id")?).or_default().push((row.parse("id")?, row.parse("status")?));
        }
        Ok(rows.iter().map(|row| found.remove(&row.id).unwrap_or_default()).collect())
    }

    fn view(call: &Call<Volumes>, row: &Group, volumes: &Self::More, verb: Verb) -> Value {
        if verb == Verb::List {
            return json!({ "id": row.id, "name": row.name });
        }
        let statuses: Vec<VolumeStatus> = volumes.iter().map(|(_, status)| *status).collect();
        let mut view = json!({
            "id": row.id,
            "status": row.shown(&statuses),
            "availability_zone": row.zone,
            "created_at": row.created_at.micros(),
            "name": row.name,
            "description": row.description,
            "group_type": row.group_type_id,
            "volume_types": row.type_ids.0,
        });
        if call.version.has(v::GROUP_SNAPSHOTS) {
            view["group_snapshot_id"] = json!(row.group_snapshot_id);
            view["source_group_id"] = json!(row.source_group_id);
        }
        if call.version.has(v::GROUP_VOLUMES) && wants_volumes(call) {
            view["volumes"] = volumes.iter().map(|(id, _)| json!(id)).collect();
        }
        if call.version.has(v::GROUP_REPLICATION) {
            view["replication_status"] = json!("disabled");
        }
        if call.version.has(v::GROUP_PROJECT) {
            view["project_id"] = json!(row.project_id);
        }
        view
    }
}

fn wants_volumes(call: &Call<Volumes>) -> bool {
    call.query.get("list_volume").is_some_and(|word| query::boolean("list_volume", word).unwrap_or(false))
}

pub(super) const SORT_KEYS: &[SortKey] = &[by("id"), by("name"), by("created_at"), by("status")];

impl List for Groups {
    const RULE: Rule = policy::GROUP_GET_ALL;
    const LIST: Listing = Listing {
        filters: &[&[text("name", "name = ?"), part("name~", "? = '' OR replace(name, ?, '') <> name")]],
        sort: SORT_KEYS,
        order: &[("created_at", Direction::Descending)],
        words: &["list_volume"],
        links: Some("group_links"),
        ..Listing::OWN
    };

    async fn page(call: &Call<Volumes>, wanted: &Wanted) -> Result<Paged<Group>> {
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        let mut page = Group::listed(&call.service, &Self::LIST, Self::whose(call)?, wanted).await?;
        page.items.retain(|row| !is_of_old(row.group_type_id));
        Ok(page)
    }
}

fn brief(group: &Group) -> (StatusCode, Json<Value>) {
    (StatusCode::ACCEPTED, Json(json!({"group": {"id": group.id, "name": group.name}})))
}

/// Name and description, without spaces at their ends; nothing where they are not named or null.
pub(super) fn words(fields: &Fields<'_>) -> Read<(Option<String>, Option<String>)> {
    let trimmed = |text: Option<Option<String>>| text.flatten().map(|text| text.trim().to_owned());
    let name = trimmed(fields.text_or_null("name", 0, 255)?);
    Ok((name, trimmed(fields.description(255)?)))
}

/// `POST /groups`
pub(crate) async fn create(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (new, kind, types, zone) = read_new(&body)?;
    call.caller.allow_on_own(&call.rule)?;
    let mut tx = call.service.begin().await?;
    let group = call.service.create_group_in(&mut tx, &call.caller, new, (&kind, &types), zone).await?;
    check_generic(group.group_type_id)?;
    call.service.commit(tx).await?;
    Ok(brief(&group))
}

fn read_new(body: &Value) -> Read<(NewGroup, String, Vec<String>, Option<String>)> {
    let fields = Fields::of(body)?;
    let inner = fields.object("group")?;
    fields.finish()?;
    let kind = inner.required("group_type", inner.text("group_type", 1, 255)?)?;
    let value = inner.required("volume_types", inner.take("volume_types"))?;
    let refuse = |why: &str| wrong("volume_types", value, &format!("{} {why}", repr(value)));
    let list = value.as_array().ok_or_else(|| refuse("is not of type 'array'"))?;
    at_most("volume_types", value, list, TYPES)?;
    if list.is_empty() {
        return Err(refuse("should be non-empty"));
    }
    let types = list.iter().map(|one| nova::text("volume_types", one, 0, 255)).collect::<Read<Vec<_>>>()?;
    if (1..types.len()).any(|at| types[..at].contains(&types[at])) {
        return Err(refuse("has non-unique elements"));
    }
    let (name, description) = words(&inner)?;
    let zone = inner.text_or_null("availability_zone", 1, 255)?.flatten();
    inner.finish()?;
    Ok((NewGroup { name: name.unwrap_or_default(), description }, kind, types, zone))
}

/// `PUT /groups/{id}`
pub(crate) async fn update(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    let fields = Fields::of(&body)?;
    let inner = fields.object("group")?;
    fields.finish()?;
    let (name, description) = words(&inner)?;
    let (add, remove) = (volumes_of(&inner, "add_volumes")?, volumes_of(&inner, "remove_volumes")?);
    inner.finish()?;
    if body["group"].as_object().is_some_and(serde_json::Map::is_empty) {
        let why = "{} is not valid under any of the given schemas";
        return Err(wrong("group", &body["group"], why));
    }
    let (loaded, mut tx) = Loaded::<Groups>::open(&call, call.key(), &call.rule).await?;
    change(&call, &mut tx, loaded.into_row(), (name, description), (&add, &remove)).await?;
    call.service.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Ids between commas.
pub(super) fn volumes_of(fields: &Fields<'_>, name: &str) -> Read<Vec<String>> {
    let text = fields.text_or_null(name, 0, 255)?.flatten().unwrap_or_default();
    Ok(text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect())
}

pub(super) async fn change(
    call: &Call<Volumes>,
    tx: &mut kogge_db::Tx,
    mut group: Group,
    (name, description): (Option<String>, Option<String>),
    (add, remove): (&[String], &[String]),
) -> Result<()> {
    use kogge_db::Record as _;
    let name = name.filter(|name| *name != group.name);
    let description = description.filter(|text| Some(text) != group.description.as_ref());
    let invalid = |why: String| Error::Invalid(format!("Invalid Group: {why}"));
    if (!add.is_empty() || !remove.is_empty()) && !matches!(group.status, GroupStatus::Available) {
        return Err(invalid("Group status must be available.".to_owned()));
    }
    let moved = call.service.change_group_in(tx, &group, add, remove).await?;
    if name.is_none() && description.is_none() && !moved {
        let id = group.id;
        return Err(invalid(format!(
            "Cannot update group {id} because no valid name, description, add_volumes, or remove_volumes were provided."
        )));
    }
    group.name = name.unwrap_or(group.name);
    group.description = description.or(group.description);
    group.updated_at = Some(call.service.now());
    Ok(group.save(tx).await?)
}
