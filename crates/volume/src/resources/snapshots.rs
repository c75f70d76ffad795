//! Snapshots of volumes: copies of one moment, which nobody writes to.

pub(crate) mod actions;
pub(crate) mod metadata;

use std::collections::BTreeMap;

use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{Filter, METADATA, Reading, by, part, text};
use kogge_db::{Direction, Record as _, Tx};
use kogge_resource::{
    Body, Call, Create, Delete, Field, List, Listing, Loaded, Names, Pages, Resource, Schema, Type, Update,
    Verb, Wanted, cinder,
};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::snapshot::Snapshot;
use crate::service::snapshots::{NewSnapshot, Removal};
use crate::{Volumes, microversion as v, policy};

/// Snapshots.
pub(crate) struct Snapshots;

/// The text that a client may also write as null.
pub(crate) const NAME: Type = Type::Nullable(&Type::Name);
/// As [`NAME`].
pub(crate) const DESCRIPTION: Type = Type::Nullable(&Type::Text(0, 255));

impl Resource for Snapshots {
    type Service = Volumes;
    type Row = Snapshot;
    type More = ();

    const NAMES: Names = Names::new("snapshot", "snapshots", "/v3/snapshots", "/v3/snapshots/{id}");
    const READ: Rule = policy::GET_SNAPSHOT;
    const GUARDED: &'static [(&'static str, &'static Rule)] = &[
        ("os-extended-snapshot-attributes:progress", &policy::EXTENDED_SNAPSHOT_ATTRIBUTES),
        ("os-extended-snapshot-attributes:project_id", &policy::EXTENDED_SNAPSHOT_ATTRIBUTES),
    ];

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::no_snapshot(id)
    }

    fn id(row: &Snapshot) -> String {
        row.id.to_string()
    }

    fn target(row: &Snapshot) -> Target<'_> {
        Target::project(row.project_id.as_str()).user(row.user_id.as_str())
    }

    fn view(call: &Call<Volumes>, row: &Snapshot, (): &(), verb: Verb) -> Value {
        let mut view = json!({
            "id": row.id,
            "created_at": row.created_at.micros(),
            "updated_at": row.updated_at.map(|at| at.micros()),
            "name": row.name,
            "description": row.description,
            "volume_id": row.volume_id,
            "status": row.status,
            "size": row.size_gib,
            "metadata": row.metadata.0,
        });
        if verb == Verb::List {
            return view;
        }
        if call.version.has(v::GROUP_SNAPSHOTS) {
            view["group_snapshot_id"] = json!(row.group_snapshot_id);
        }
        if call.version.has(v::SNAPSHOT_USER) {
            view["user_id"] = json!(row.user_id);
        }
        if call.version.has(v::CONSUMES_QUOTA) {
            view["consumes_quota"] = json!(true);
        }
        if matches!(verb, Verb::Show | Verb::Details) {
            view["os-extended-snapshot-attributes:progress"] = json!(row.progress());
            view["os-extended-snapshot-attributes:project_id"] = json!(row.project_id);
        }
        view
    }
}

impl List for Snapshots {
    const RULE: Rule = policy::GET_ALL_SNAPSHOTS;
    const LIST: Listing = Listing {
        filters: &[
            METADATA,
            &[
                text("name", "name = ?"),
                part("name~", "? = '' OR replace(name, ?, '') <> name"),
                text("status", "status = ?"),
                part("status~", "? = '' OR replace(status, ?, '') <> status"),
                text("volume_id", "volume_id = ?"),
                text("user_id", "user_id = ?"),
                text("availability_zone", "volume_id IN (SELECT id FROM volumes WHERE zone = ?)"),
                // every one does
                Filter { name: "consumes_quota", condition: "1 = 1 AND ?", kind: Reading::Bool },
            ],
        ],
        words: &["project_id"],
        sort: &[
            by("id"),
            by("name"),
            by("status"),
            by("created_at"),
            by("updated_at"),
            by("volume_id"),
            by("project_id"),
            kogge_db::SortKey { name: "display_name", expression: "name" },
            kogge_db::SortKey { name: "volume_size", expression: "size_gib" },
        ],
        order: &[("created_at", Direction::Descending), ("id", Direction::Descending)],
        pages: Pages::Marker,
        ..Listing::OWN
    };

    async fn total(call: &Call<Volumes>, wanted: &Wanted) -> Result<Option<i64>> {
        cinder::total::<Self>(call, wanted).await
    }
}

impl Create for Snapshots {
    const RULE: Rule = policy::CREATE_SNAPSHOT;
    const BODY: Schema = Schema::new(
        "snapshot",
        &[&[
            Field::required("volume_id", Type::Nullable(&Type::Uuid)),
            Field::optional("name", NAME),
            Field::optional("display_name", NAME),
            Field::optional("description", DESCRIPTION),
            Field::optional("force", Type::Bool),
            Field::optional("metadata", Type::Nullable(&Type::Pairs)),
        ]],
    );

    async fn create(call: &Call<Volumes>, tx: &mut Tx, body: Body) -> Result<(Snapshot, ())> {
        let in_use = call.version.has(v::SNAPSHOT_IN_USE);
        let force = body.truth("force");
        if in_use && force == Some(false) {
            return Err(Error::Invalid(FORCE.to_owned()));
        }
        let new = NewSnapshot {
            name: body.text("name").or_else(|| body.text("display_name")).unwrap_or_default(),
            description: trimmed(body.text("description")),
            metadata: body.read::<BTreeMap<String, String>>("metadata").unwrap_or_default(),
            in_use: in_use || force == Some(true),
            group_snapshot: None,
        };
        let volume =
            call.service.source_in(tx, &call.caller, body.str("volume_id"), &<Self as Create>::RULE).await?;
        let snapshot = call.service.create_snapshot_in(tx, &call.caller, &volume, new).await?;
        Ok((snapshot, ()))
    }

    fn created(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

/// Cinder's words for `force` where it says nothing any more.
const FORCE: &str = "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, \
    however, when the 'force' flag is passed with a value evaluating to True, it is silently ignored.";

/// Descriptions lose spaces at their ends, as names do.
pub(crate) fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
}

impl Update for Snapshots {
    const RULE: Rule = policy::UPDATE_SNAPSHOT;
    const BODY: Schema = Schema::new(
        "snapshot",
        &[&[
            Field::put("name", NAME),
            Field::put("display_name", NAME),
            Field::put("description", DESCRIPTION),
            Field::put("display_description", DESCRIPTION),
        ]],
    );

    async fn update(
        call: &Call<Volumes>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Snapshot, ())> {
        if body.is_empty() {
            let why = "Invalid input for field/attribute snapshot. Value: {}. {} is not valid under any of the given schemas";
            return Err(Error::Invalid(why.to_owned()));
        }
        let mut row = loaded.into_row();
        for field in ["name", "display_name"] {
            if body.get(field).is_some() {
                row.name = body.text(field).unwrap_or_default();
                break;
            }
        }
        for field in ["description", "display_description"] {
            if body.get(field).is_some() {
                row.description = trimmed(body.text(field));
                break;
            }
        }
        row.updated_at = Some(call.service.now());
        row.save(tx).await?;
        Ok((row, ()))
    }
}

impl Delete for Snapshots {
    const RULE: Rule = policy::DELETE_SNAPSHOT;

    async fn delete(call: &Call<Volumes>, tx: &mut Tx, loaded: Loaded<Self>) -> Result<()> {
        call.service.delete_snapshot_in(tx, loaded.into_row(), Removal::Asked).await
    }

    fn deleted(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}
