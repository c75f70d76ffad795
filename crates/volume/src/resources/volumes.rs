//! Volumes: asked for here, made by `work_volumes`.

pub(crate) mod actions;
mod body;
mod view;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{Filter, Reading, apply, by, int, part, text, truth};
use kogge_db::record::Json as Stored;
use kogge_db::{Direction, Executor as _, Record as _, Select, SortKey, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::{VolumeId, VolumeTypeId};
use kogge_resource::{
    Body, Call, Create, Delete, List, Listing, Loaded, Names, Pages, Question, Resource, Schema, Update,
    Verb, Wanted,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::attachment::Attachment;
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::service::create::{NewVolume, Source};
use crate::store::{attachments, types};
use crate::{Volumes, microversion as v, policy};

/// Volumes.
pub(crate) struct VolumesApi;

/// What a view of a volume needs besides its row.
#[derive(Default)]
pub(crate) struct More {
    /// Its attachments.
    ties: Vec<Attachment>,
    /// Its type's name.
    kind: Option<String>,
}

impl Resource for VolumesApi {
    type Service = Volumes;
    type Row = Volume;
    type More = More;

    const NAMES: Names = Names::new("volume", "volumes", "/v3/volumes", "/v3/volumes/{id}");
    const READ: Rule = policy::VOLUME_GET;

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::no_volume(id)
    }

    fn id(row: &Volume) -> String {
        row.id.to_string()
    }

    fn target(row: &Volume) -> Target<'_> {
        Target::project(row.project_id.as_str()).user(row.user_id.as_str())
    }

    async fn more(call: &Call<Volumes>, rows: &[Volume]) -> Result<Vec<More>> {
        let db = call.service.db();
        let mut ties: BTreeMap<VolumeId, Vec<Attachment>> = BTreeMap::new();
        for tie in attachments::of_volumes(db, rows.iter().map(|row| row.id)).await? {
            ties.entry(tie.volume_id).or_default().push(tie);
        }
        let mut kinds: Vec<VolumeTypeId> = rows.iter().map(|row| row.type_id).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let kinds: BTreeMap<VolumeTypeId, String> = types::with_ids(db, kinds)
            .await?
            .into_iter()
            .map(|kind: VolumeType| (kind.id, kind.name))
            .collect();
        let more = |row: &Volume| More {
            ties: ties.remove(&row.id).unwrap_or_default(),
            kind: kinds.get(&row.type_id).cloned(),
        };
        Ok(rows.iter().map(more).collect())
    }

    fn view(call: &Call<Volumes>, row: &Volume, more: &More, verb: Verb) -> Value {
        match verb {
            Verb::List => view::brief(call, row),
            Verb::Details | Verb::Show => view::full(call, row, more),
            Verb::Create | Verb::Update => view::own(call, row, more),
        }
    }
}

/// What volumes can be filtered by. `metadata` is a map as Python writes it; each pair of it must be there.
const FILTERS: &[Filter] = &[
    text("id", "id = ?"),
    text("name", "name = ?"),
    part("name~", "? = '' OR replace(name, ?, '') <> name"),
    text("display_name", "name = ?"),
    text("status", "status = ?"),
    part("status~", "? = '' OR replace(status, ?, '') <> status"),
    text("availability_zone", "zone = ?"),
    part("availability_zone~", "? = '' OR replace(zone, ?, '') <> zone"),
    text("group_id", "group_id = ?"),
    text("snapshot_id", "snapshot_id = ?"),
    text("source_volid", "source_id = ?"),
    text("volume_type_id", "type_id = ?"),
    text("user_id", "user_id = ?"),
    text("project_id", "project_id = ?"),
    text("volume_type", "type_id IN (SELECT t.id FROM volume_types t WHERE t.name = ?)"),
    text("migration_status", "? = 'none'"),
    int("size", "size_gib = ?"),
    truth("bootable", "bootable = ?"),
    truth("multiattach", "multiattach = ?"),
    Filter { name: "consumes_quota", condition: "TRUE = ?", kind: Reading::Bool },
];

const SORT: &[SortKey] = &[
    by("created_at"),
    SortKey { name: "updated_at", expression: "COALESCE(updated_at, 0)" },
    by("id"),
    by("name"),
    SortKey { name: "display_name", expression: "name" },
    SortKey { name: "size", expression: "size_gib" },
    by("status"),
    SortKey { name: "availability_zone", expression: "zone" },
    by("bootable"),
    SortKey { name: "volume_type_id", expression: "type_id" },
    by("user_id"),
    by("project_id"),
];

impl List for VolumesApi {
    const RULE: Rule = policy::VOLUME_GET_ALL;
    /// The newest first.
    const LIST: Listing = Listing {
        filters: &[FILTERS],
        sort: SORT,
        order: &[("created_at", Direction::Descending), ("id", Direction::Descending)],
        words: &["metadata", "glance_metadata", "created_at", "updated_at"],
        pages: Pages::Marker,
        ..Listing::OWN
    };

    async fn page(call: &Call<Volumes>, wanted: &Wanted) -> Result<kogge_db::Paged<Volume>> {
        let whose = Self::whose(call)?;
        if let Some(marker) = &wanted.query.page.marker {
            Self::marker(call, marker).await?;
        }
        let select = whose.of(Volume::select(), Self::LIST.own);
        let select = narrowed(call, select, wanted)?;
        let select = match wanted.offset {
            Some(offset) => {
                let mut select = select;
                for (key, direction) in &wanted.query.page.sort {
                    if let Some(known) = SORT.iter().find(|known| known.name == key) {
                        select = select.order_by(known.expression, *direction);
                    }
                }
                for (key, direction) in Self::LIST.order {
                    select = select.order_by(key, *direction);
                }
                select.slice(wanted.query.page.limit.unwrap_or(u32::MAX), offset)
            }
            None => select.page(&wanted.query.page, SORT, Self::LIST.order, Self::LIST.id),
        };
        Ok(select.fetch(call.service.db(), Volume::from_row).await?)
    }

    async fn total(call: &Call<Volumes>, wanted: &Wanted) -> Result<Option<i64>> {
        let asked = call.query.get("with_count").is_some_and(|word| word.eq_ignore_ascii_case("true"));
        if !asked || call.version.before(v::COUNTS) {
            return Ok(None);
        }
        let select = Self::whose(call)?.of(Select::new("COUNT(*) AS n", Volume::TABLE), Self::LIST.own);
        let select = narrowed(call, select, wanted)?;
        Ok(Some(call.service.db().one(select.query()).await?.int("n")?))
    }
}

/// Only what the client filters by.
fn narrowed(call: &Call<Volumes>, select: Select, wanted: &Wanted) -> Result<Select> {
    let mut select = apply(select, &[FILTERS], &wanted.query).map_err(kogge_db::ListError::from)?;
    for (name, condition) in [
        ("metadata", "replace(metadata, ?, '') <> metadata"),
        ("glance_metadata", "replace(image_metadata, ?, '') <> image_metadata"),
    ] {
        for text in call.query.all(name) {
            for (key, value) in body::pairs_of(name, text)? {
                let key = serde_json::to_string(&key).unwrap_or_default();
                let value = serde_json::to_string(&value).unwrap_or_default();
                select = select.and(condition, format!("{key}:{value}"));
            }
        }
    }
    if call.version.has(v::TIME_FILTERS) {
        for (name, column) in [("created_at", true), ("updated_at", false)] {
            for text in call.query.all(name) {
                for (operator, moment) in body::moments(name, text)? {
                    select = select.and(body::compared(column, operator), moment.as_micros());
                }
            }
        }
    }
    Ok(select)
}

impl Create for VolumesApi {
    const RULE: Rule = policy::VOLUME_CREATE;
    const BODY: Schema = body::CREATE;

    /// Beside the volume there may be hints, which a cloud of one pool has no use for.
    fn bodies(mut whole: Value) -> Result<(Vec<Value>, bool), ApiError> {
        if let Some(map) = whole.as_object_mut()
            && let Some(hints) = map.remove("OS-SCH-HNT:scheduler_hints")
            && !(hints.is_object() || hints.is_null())
        {
            let why = "is not of type 'object', 'null'";
            return Err(kogge_resource::nova::wrong("OS-SCH-HNT:scheduler_hints", &hints, why));
        }
        <kogge_resource::cinder::Cinder as kogge_resource::Dialect>::items(&Self::NAMES, whole)
    }

    async fn prepare(call: &Call<Volumes>, mut body: Body) -> Result<Body> {
        if let Some(image) = body::image_of(&body) {
            let image = call.service.image_named(&call.caller, &image).await?;
            let new = NewVolume { source: Source::Image(image), ..NewVolume::default() };
            call.service.source_image(&call.caller, &new).await?;
            body.put("image_id", image.to_string());
        }
        Ok(body)
    }

    async fn create(call: &Call<Volumes>, tx: &mut Tx, body: Body) -> Result<(Volume, More)> {
        let mut new = body::new_volume(&body, call.version)?;
        if let Some(backup) = body.text("backup_id") {
            new.source = Source::Backup(call.service.backup_source(tx, call, &backup).await?);
        }
        let volume = call.service.create_in(tx, &call.caller, new).await?;
        let kind = VolumeType::get(&mut *tx, &volume.type_id).await?.map(|kind| kind.name);
        Ok((volume, More { ties: Vec::new(), kind }))
    }

    fn created(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

impl Update for VolumesApi {
    const RULE: Rule = policy::VOLUME_UPDATE;
    const BODY: Schema = body::UPDATE;

    async fn update(
        call: &Call<Volumes>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Volume, More)> {
        if body.is_empty() && call.version.has(v::STRICT_BODIES) {
            return Err(Error::Invalid(
                "Invalid input for field/attribute volume. Value: {}. {} should be non-empty".to_owned(),
            ));
        }
        let mut row = loaded.into_row();
        let said = |new: &str, old: &str| body.get(new).or_else(|| body.get(old)).cloned();
        if let Some(name) = said("name", "display_name") {
            row.name = name.as_str().unwrap_or_default().trim().to_owned();
        }
        if let Some(text) = said("description", "display_description") {
            row.description = text.as_str().map(|text| text.trim().to_owned());
        }
        if let Some(pairs) = body.read::<BTreeMap<String, String>>("metadata") {
            row.metadata = Stored(pairs);
        }
        call.service.save_in(tx, &mut row).await?;
        let more = Self::more_in(tx, &row).await?;
        Ok((row, more))
    }
}

impl VolumesApi {
    /// As [`Resource::more`], in a transaction.
    async fn more_in(tx: &mut Tx, row: &Volume) -> Result<More> {
        let ties = attachments::of_volume(&mut *tx, row.id).await?;
        let kind = VolumeType::get(&mut *tx, &row.type_id).await?.map(|kind| kind.name);
        Ok(More { ties, kind })
    }
}

impl Delete for VolumesApi {
    const RULE: Rule = policy::VOLUME_DELETE;
    const QUESTION: Question = Question { words: &["cascade", "force"], strict_since: None };

    async fn delete(call: &Call<Volumes>, tx: &mut Tx, loaded: Loaded<Self>) -> Result<()> {
        let truth = |name: &str| match call.query.get(name) {
            None => Ok(false),
            Some(text) => kogge_resource::nova::query::boolean(name, text)
                .map_err(|_| Error::Invalid(format!("Value '{text}' for '{name}' is not valid."))),
        };
        let cascade = truth("cascade")?;
        let force = call.version.has(v::DELETE_FORCE) && truth("force")?;
        if force {
            call.caller.allow(&policy::VOLUME_FORCE_DELETE, &Self::target(&loaded))?;
        }
        call.service.doom_in(tx, loaded.into_row(), cascade, force).await
    }

    fn deleted(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

/// `GET /v3/volumes/summary`
pub(crate) async fn summary(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    let wanted =
        <kogge_resource::cinder::Cinder as kogge_resource::Dialect>::wanted(&VolumesApi::LIST, &call)?;
    let whose = VolumesApi::whose(&call)?;
    let select =
        Select::new("COUNT(*) AS n, CAST(COALESCE(SUM(size_gib), 0) AS BIGINT) AS gib", Volume::TABLE);
    let select = narrowed(&call, whose.of(select, VolumesApi::LIST.own), &wanted)?;
    let row = call.service.db().one(select.query()).await.map_err(Error::from)?;
    let number = |name: &str| row.int(name).map_err(Error::from);
    let mut summary = json!({ "total_count": number("n")?, "total_size": number("gib")? });
    if call.version.has(v::SUMMARY_METADATA) {
        summary["metadata"] = distinct_metadata(&call, &wanted).await?;
    }
    Ok(Json(json!({ "volume-summary": summary })))
}

/// Every key of the volumes' metadata with all its values.
async fn distinct_metadata(call: &Call<Volumes>, wanted: &Wanted) -> Result<Value> {
    let whose = VolumesApi::whose(call)?;
    let select = Select::new("DISTINCT metadata", Volume::TABLE).and_fixed("metadata <> '{}'");
    let select = narrowed(call, whose.of(select, VolumesApi::LIST.own), wanted)?;
    let rows = call.service.db().all(select.query()).await?;
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        let pairs: BTreeMap<String, String> = row.json("metadata")?;
        for (key, value) in pairs {
            let values = all.entry(key).or_default();
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
    Ok(json!(all))
}
