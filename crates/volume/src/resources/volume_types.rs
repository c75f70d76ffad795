//! Volume types. Administrators make them and see all; others see the public ones, and private ones that their project
//! has access to.

pub(crate) mod access;
pub(crate) mod encryption;
pub(crate) mod extra_specs;
mod filter;

use std::collections::BTreeMap;

use http::StatusCode;
use kogge_auth::{Caller, Rule};
use kogge_db::filter::by;
use kogge_db::record::Json as Stored;
use kogge_db::{Direction, Paged, Record as _, SortKey, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::VolumeTypeId;
use kogge_resource::nova::{self, repr};
use kogge_resource::{
    At, Body, Call, Create, Delete, Field, Judgement, Known, List, Listing, Loaded, Names, Refused, Resource,
    Schema, Sight, Stored as _, Type, Update, Verb, Wanted, part,
};
use serde_json::{Value, json};

use super::specs::{self, Keys};
use crate::error::{Error, Result};
use crate::model::volume_type::{DEFAULT, VolumeType};
use crate::resources::is_admin;
use crate::store::types as store;
use crate::{Volumes, microversion as v, policy};

/// Extra specs that everybody may know.
const VISIBLE_SPECS: [&str; 3] = ["RESKEY:availability_zones", "multiattach", "replication_enabled"];
const SORT_KEYS: &[SortKey] = &[
    by("id"),
    by("name"),
    by("created_at"),
    SortKey { name: "updated_at", expression: "COALESCE(updated_at, 0)" },
    SortKey { name: "description", expression: "COALESCE(description, '')" },
    by("is_public"),
];

/// Volume types.
pub(crate) struct VolumeTypes;

/// The extra specs that a caller may know of.
pub(crate) fn seen_specs(caller: &Caller, kind: &VolumeType) -> BTreeMap<String, String> {
    if caller.may_on_own(&policy::TYPES_EXTRA_SPECS_READ_SENSITIVE) {
        return kind.extra_specs.0.clone();
    }
    let seen = kind.extra_specs.iter().filter(|(key, _)| VISIBLE_SPECS.contains(&key.as_str()));
    seen.map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl Resource for VolumeTypes {
    type Service = Volumes;
    /// With whether the caller may know of it.
    type Row = Known<VolumeType, bool>;
    type More = ();

    const NAMES: Names = Names::new("volume_type", "volume_types", "/v3/types", "/v3/types/{id}");
    const READ: Rule = policy::TYPE_GET;
    const GUARDED: &'static [(&'static str, &'static Rule)] = &[
        ("extra_specs", &policy::ACCESS_TYPES_EXTRA_SPECS),
        ("qos_specs_id", &policy::ACCESS_TYPES_QOS_SPECS_ID),
        ("os-volume-type-access:is_public", &policy::VOLUME_TYPE_ACCESS),
    ];

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::no_type(id)
    }

    fn id(row: &Self::Row) -> String {
        row.id.to_string()
    }

    fn judge(call: &Call<Volumes>, rule: &Rule, found: Option<&Self::Row>) -> Judgement {
        Judgement::shared(&call.caller, rule, found.is_some_and(|kind| kind.facts))
    }

    async fn load(call: &Call<Volumes>, at: &mut At<'_, Volumes>, id: &str) -> Result<Option<Self::Row>> {
        let Some(row) = VolumeType::find(at, id).await? else { return Ok(None) };
        let facts = row.is_public
            || is_admin(&call.caller)
            || match call.caller.project_id() {
                Some(project) => store::has_access(&mut at.source(), row.id, project.as_str()).await?,
                None => false,
            };
        Ok(Some(Known { row, facts }))
    }

    fn view(call: &Call<Volumes>, row: &Self::Row, (): &(), verb: Verb) -> Value {
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "is_public": row.is_public,
            "extra_specs": seen_specs(&call.caller, row),
        });
        if !matches!(verb, Verb::Create | Verb::Update) {
            view["qos_specs_id"] = json!(row.qos_id);
        }
        if verb != Verb::Update {
            view["os-volume-type-access:is_public"] = json!(row.is_public);
        }
        view
    }
}

/// `GET /types/default`
pub(crate) async fn default(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let row = Known::from(call.service.default_type_of(&mut call.service.db().into(), &call.caller).await?);
    let mut view =
        Sight::whole::<VolumeTypes>(&call.caller).view::<VolumeTypes>(&call, &row, &(), Verb::Show);
    // the extension of Cinder that adds it knows types by their ids only
    if let Some(view) = view.as_object_mut() {
        view.remove("os-volume-type-access:is_public");
    }
    Ok(Json(json!({ "volume_type": view })))
}

impl List for VolumeTypes {
    const RULE: Rule = policy::TYPE_GET_ALL;
    const LIST: Listing = Listing {
        sort: SORT_KEYS,
        order: &[("created_at", Direction::Descending)],
        words: &["is_public", "extra_specs"],
        strict_since: Some(v::TYPE_FILTER),
        links: Some("volume_type_links"),
        ..Listing::OWN
    };

    async fn page(call: &Call<Volumes>, wanted: &Wanted) -> Result<Paged<Self::Row>> {
        call.caller.allow_on_own(&<Self as List>::RULE)?;
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        let select = part(filter::select(call).await?, &Self::LIST, wanted);
        Ok(select.fetch(call.service.db(), VolumeType::from_row).await?.map(Known::from))
    }
}

fn name(value: Value) -> Result<Value, Refused> {
    Ok(specs::name(&value)?.into())
}

fn new_name(value: Value) -> Result<Value, Refused> {
    if nova::text("name", &value, 1, 255)?.trim().is_empty() {
        return Err(ApiError::bad_request("Volume type name can not be empty.").into());
    }
    Ok(value)
}

/// Also of group types.
pub(crate) fn description(value: Value) -> Result<Value, Refused> {
    if nova::is_description(&nova::text("description", &value, 0, 255)?) {
        return Ok(value);
    }
    Err(Refused::Because(format!("{} does not match printable characters", repr(&value))))
}

fn extra_specs(value: Value) -> Result<Value, Refused> {
    Ok(json!(specs::read("extra_specs", &value, Keys::Loose)?))
}

const DESCRIPTION: Type = Type::Nullable(&Type::Check(description));

impl Create for VolumeTypes {
    const RULE: Rule = policy::TYPE_CREATE;
    const BODY: Schema = Schema::new(
        "volume_type",
        &[&[
            Field::required("name", Type::Check(name)),
            Field::optional("description", DESCRIPTION),
            Field::optional("extra_specs", Type::Check(extra_specs)),
            Field::optional("os-volume-type-access:is_public", Type::Bool),
        ]],
    );

    async fn create(call: &Call<Volumes>, tx: &mut Tx, body: Body) -> Result<(Self::Row, ())> {
        let row = VolumeType {
            id: VolumeTypeId::random(),
            name: body.name("name"),
            description: body.text("description"),
            is_public: body.truth("os-volume-type-access:is_public").unwrap_or(true),
            extra_specs: Stored(body.read("extra_specs").unwrap_or_default()),
            qos_id: None,
            encryption: None,
            created_at: call.service.now(),
            updated_at: None,
        };
        if row.insert(tx).await? { Ok((Known { row, facts: true }, ())) } else { Err(taken(&row.name)) }
    }
}

fn taken(name: &str) -> Error {
    Error::Conflict(format!("Volume Type {name} already exists."))
}

impl Update for VolumeTypes {
    const RULE: Rule = policy::TYPE_UPDATE;
    const BODY: Schema = Schema::new(
        "volume_type",
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
    ) -> Result<(Self::Row, ())> {
        let (name, description) = (body.text("name"), body.text("description"));
        let is_public = body.truth("is_public");
        if name.is_none() && description.is_none() && is_public.is_none() {
            let why = "Specify volume type name, description, is_public or a combination thereof.";
            return Err(Error::Invalid(why.to_owned()));
        }
        let mut kind = loaded.into_row();
        if let Some(name) = name.filter(|name| *name != kind.name) {
            if kind.name == DEFAULT {
                // volumes for which nobody named a type are of the one with this name
                return Err(Error::Invalid(format!("The volume type {DEFAULT} keeps its name.")));
            }
            if store::named(&mut *tx, &name).await?.is_some() {
                return Err(taken(&name));
            }
            store::rename_limits(tx, &kind.name, Some(&name)).await?;
            kind.name = name;
        }
        kind.description = description.or_else(|| kind.description.take());
        kind.is_public = is_public.unwrap_or(kind.is_public);
        kind.updated_at = Some(call.service.now());
        let saved = kind.save(tx).await;
        saved.map_err(|error| if error.is_unique_violation() { taken(&kind.name) } else { error.into() })?;
        Ok((kind, ()))
    }
}

impl Delete for VolumeTypes {
    const RULE: Rule = policy::TYPE_DELETE;

    async fn before(_: &Call<Volumes>, tx: &mut Tx, row: &Self::Row) -> Result<()> {
        if row.name == DEFAULT || store::is_default(tx, row.id).await? {
            let why = "is a default volume type and cannot be deleted.";
            return Err(Error::Invalid(format!("The volume type {} {why}", row.id)));
        }
        if store::is_used(tx, row.id).await? {
            return Err(Error::Invalid("Target volume type is still in use.".to_owned()));
        }
        store::rename_limits(tx, &row.name, None).await?;
        Ok(store::forget_usage(tx, row.id).await?)
    }

    fn deleted(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}
