//! Types of groups (3.11). Administrators make them; others see the public ones, without their specs.

pub(crate) mod specs;

use http::StatusCode;
use kogge_auth::Rule;
use kogge_db::filter::by;
use kogge_db::record::Json as Stored;
use kogge_db::{Direction, Paged, Query, Record as _, SortKey, Tx};
use kogge_http::{ApiError, VersionRange};
use kogge_ids::GroupTypeId;
use kogge_resource::nova::{self, query};
use kogge_resource::{
    Body, Call, Create, Delete, Field, Judgement, List, Listing, Loaded, Names, Refused, Resource, Schema,
    Type, Update, Verb, Wanted, part,
};
use serde_json::{Value, json};

use super::specs::{self as pairs, Keys};
use super::volume_types::description;
use crate::error::{Error, Result};
use crate::model::group::GroupType;
use crate::resources::is_admin;
use crate::{Volumes, microversion as v, policy};

/// Cinder has no rule for looking at them: whoever has a token of a project may, and the policy is not asked.
pub(crate) const ANYBODY: Rule = Rule::new("volume", "group:group_types:get", "@");

const SORT_KEYS: &[SortKey] = &[by("id"), by("name"), by("created_at"), by("is_public")];

/// Types of groups.
pub(crate) struct GroupTypes;

impl Resource for GroupTypes {
    type Service = Volumes;
    type Row = GroupType;
    type More = ();

    const NAMES: Names = Names::new("group_type", "group_types", "/v3/group_types", "/v3/group_types/{id}");
    const VERSIONS: VersionRange = VersionRange { since: Some(v::GROUP_TYPES), until: None };
    const READ: Rule = ANYBODY;
    const GUARDED: &'static [(&'static str, &'static Rule)] =
        &[("group_specs", &policy::ACCESS_GROUP_TYPES_SPECS)];

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::NotFound(format!("Group type {id} could not be found."))
    }

    fn id(row: &GroupType) -> String {
        row.id.to_string()
    }

    fn judge(call: &Call<Volumes>, rule: &Rule, found: Option<&GroupType>) -> Judgement {
        let seen = found.is_some_and(|kind| kind.is_public || is_admin(&call.caller));
        match (*rule == ANYBODY, seen) {
            (true, true) => Judgement::Allowed,
            (true, false) => Judgement::Missing,
            (false, seen) => Judgement::shared(&call.caller, rule, seen),
        }
    }

    fn view(_: &Call<Volumes>, row: &GroupType, (): &(), _: Verb) -> Value {
        json!({
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "is_public": row.is_public,
            "group_specs": row.specs.0,
        })
    }
}

impl List for GroupTypes {
    const RULE: Rule = ANYBODY;
    const LIST: Listing = Listing {
        sort: SORT_KEYS,
        order: &[("created_at", Direction::Descending)],
        words: &["is_public"],
        strict_since: Some(v::NEVER),
        links: Some("group_type_links"),
        ..Listing::OWN
    };

    async fn page(call: &Call<Volumes>, wanted: &Wanted) -> Result<Paged<GroupType>> {
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        let select = GroupType::select().and_some("is_public = ?", public(call)?);
        Ok(part(select, &Self::LIST, wanted).fetch(call.service.db(), GroupType::from_row).await?)
    }
}

fn public(call: &Call<Volumes>) -> Result<Option<bool>> {
    match call.query.get("is_public").filter(|_| is_admin(&call.caller)) {
        None => Ok(Some(true)),
        Some(word) if word.eq_ignore_ascii_case("none") => Ok(None),
        Some(word) => query::boolean("is_public", word)
            .map(Some)
            .map_err(|_| Error::Invalid(format!("Invalid is_public filter [{word}]"))),
    }
}

fn name(value: Value) -> Result<Value, Refused> {
    Ok(pairs::name(&value)?.into())
}

fn new_name(value: Value) -> Result<Value, Refused> {
    let name = nova::text("name", &value, 0, 255)?;
    if !name.is_empty() && name.trim().is_empty() {
        return Err(ApiError::bad_request("Group type name can not be empty.").into());
    }
    Ok(value)
}

fn group_specs(value: Value) -> Result<Value, Refused> {
    Ok(json!(pairs::read("group_specs", &value, Keys::Loose)?))
}

const DESCRIPTION: Type = Type::Nullable(&Type::Check(description));

impl Create for GroupTypes {
    const RULE: Rule = policy::GROUP_TYPES_CREATE;
    const BODY: Schema = Schema::new(
        "group_type",
        &[&[
            Field::required("name", Type::Check(name)),
            Field::optional("description", DESCRIPTION),
            Field::optional("is_public", Type::Bool),
            Field::optional("group_specs", Type::Nullable(&Type::Check(group_specs))),
        ]],
    );

    async fn create(call: &Call<Volumes>, tx: &mut Tx, body: Body) -> Result<(GroupType, ())> {
        let row = GroupType {
            id: GroupTypeId::random(),
            name: body.name("name"),
            description: body.text("description"),
            is_public: body.truth("is_public").unwrap_or(true),
            specs: Stored(body.read("group_specs").unwrap_or_default()),
            created_at: call.service.now(),
            updated_at: None,
        };
        if row.insert(tx).await? { Ok((row, ())) } else { Err(taken(&row.name)) }
    }

    fn created(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

fn taken(name: &str) -> Error {
    Error::Conflict(format!("Group Type {name} already exists."))
}

impl Update for GroupTypes {
    const RULE: Rule = policy::GROUP_TYPES_UPDATE;
    const BODY: Schema = Schema::new(
        "group_type",
        &[&[
            Field::optional("name", Type::Nullable(&Type::Check(new_name))),
            Field::optional("description", DESCRIPTION),
            Field::optional("is_public", Type::Bool),
        ]],
    );

    async fn update(
        call: &Call<Volumes>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(GroupType, ())> {
        let (name, description) = (body.text("name"), body.text("description"));
        let is_public = body.truth("is_public");
        if name.is_none() && description.is_none() && is_public.is_none() {
            let why = "Specify group type name, description or a combination thereof.";
            return Err(Error::Invalid(why.to_owned()));
        }
        let mut kind = loaded.into_row();
        kind.name = name.filter(|name| !name.is_empty()).unwrap_or(kind.name);
        kind.description = description.or(kind.description);
        kind.is_public = is_public.unwrap_or(kind.is_public);
        kind.updated_at = Some(call.service.now());
        let saved = kind.save(tx).await;
        saved.map_err(|error| if error.is_unique_violation() { taken(&kind.name) } else { error.into() })?;
        Ok((kind, ()))
    }
}

impl Delete for GroupTypes {
    const RULE: Rule = policy::GROUP_TYPES_DELETE;

    async fn before(_: &Call<Volumes>, tx: &mut Tx, row: &GroupType) -> Result<()> {
        use kogge_db::Executor as _;
        let query = Query::new("SELECT 1 AS x FROM volume_groups WHERE group_type_id = $1 LIMIT 1");
        if tx.optional(query.bind(row.id)).await?.is_some() {
            return Err(Error::Invalid("Target group type is still in use.".to_owned()));
        }
        Ok(())
    }

    fn deleted(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}
