//! Backups: copies of volumes that are kept elsewhere.

pub(crate) mod actions;
pub(crate) mod records;

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use kogge_auth::{Rule, Target};
use kogge_db::filter::{by, part, text};
use kogge_db::record::Json;
use kogge_db::{Direction, Record as _, SortKey, Tx};
use kogge_ids::{BackupId, VolumeSnapshotId};
use kogge_resource::{
    At, Body, Call, Create, Delete, Field, List, Listing, Loaded, Names, Pages, Resource, Schema, Type,
    Update, Verb, Wanted, cinder,
};
use serde_json::{Value, json};

use super::links;
use super::snapshots::{DESCRIPTION, NAME, Snapshots, trimmed};
use crate::error::{Error, Result};
use crate::model::backup::Backup;
use crate::model::snapshot::Snapshot;
use crate::service::backups::NewBackup;
use crate::store::backups as store;
use crate::{Volumes, microversion as v, policy};

/// Backups.
pub(crate) struct Backups;

impl Resource for Backups {
    type Service = Volumes;
    type Row = Backup;
    /// Whether others build on it.
    type More = bool;

    const NAMES: Names = Names::new("backup", "backups", "/v3/backups", "/v3/backups/{id}");
    const READ: Rule = policy::BACKUP_GET;
    const GUARDED: &'static [(&'static str, &'static Rule)] = &[
        ("os-backup-project-attr:project_id", &policy::BACKUP_BACKUP_PROJECT_ATTRIBUTE),
        ("user_id", &policy::BACKUP_BACKUP_PROJECT_ATTRIBUTE),
    ];

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::no_backup(id)
    }

    fn id(row: &Backup) -> String {
        row.id.to_string()
    }

    fn target(row: &Backup) -> Target<'_> {
        Target::project(row.project_id.as_str()).user(row.user_id.as_str())
    }

    async fn more(call: &Call<Volumes>, rows: &[Backup]) -> Result<Vec<bool>> {
        let parents: BTreeSet<BackupId> =
            store::with_increments(call.service.db(), rows.iter().map(|row| row.id)).await?;
        Ok(rows.iter().map(|row| parents.contains(&row.id)).collect())
    }

    fn view(call: &Call<Volumes>, row: &Backup, has_increments: &bool, verb: Verb) -> Value {
        if !matches!(verb, Verb::Show | Verb::Details) {
            return brief(call, row);
        }
        let mut view = json!({
            "id": row.id,
            "status": row.status,
            "size": row.size_gib,
            "object_count": row.object_count,
            "availability_zone": row.zone,
            "container": row.container,
            "created_at": row.created_at.micros(),
            "updated_at": row.updated_at.map(|at| at.micros()),
            "name": row.name,
            "description": row.description,
            "fail_reason": row.fault.as_ref().map(|fault| fault.message.as_str()),
            "volume_id": row.volume_id,
            "links": links(call, "backups", &row.id.to_string()),
            "is_incremental": row.parent_id.is_some(),
            "has_dependent_backups": has_increments,
            "snapshot_id": row.snapshot_id,
            "data_timestamp": row.data_at.micros(),
        });
        if call.version.has(v::BACKUP_METADATA) {
            view["metadata"] = json!(row.metadata.0);
        }
        if call.version.has(v::KEY_ID)
            && let Some(key) = row.key_id
        {
            view["encryption_key_id"] = json!(key);
        }
        if call.version.has(v::BACKUP_PROJECT) {
            view["os-backup-project-attr:project_id"] = json!(row.project_id);
        }
        if call.version.has(v::BACKUP_USER) {
            view["user_id"] = json!(row.user_id);
        }
        view
    }
}

/// What is shown in brief lists, and of what was made or changed.
pub(crate) fn brief(call: &Call<Volumes>, row: &Backup) -> Value {
    json!({ "id": row.id, "name": row.name, "links": links(call, "backups", &row.id.to_string()) })
}

impl List for Backups {
    const RULE: Rule = policy::BACKUP_GET_ALL;
    const LIST: Listing = Listing {
        filters: &[&[
            text("name", "name = ?"),
            part("name~", "? = '' OR replace(name, ?, '') <> name"),
            text("status", "status = ?"),
            part("status~", "? = '' OR replace(status, ?, '') <> status"),
            text("volume_id", "volume_id = ?"),
            text("snapshot_id", "snapshot_id = ?"),
            text("parent_id", "parent_id = ?"),
        ]],
        words: &["project_id"],
        sort: &[
            by("id"),
            by("name"),
            by("status"),
            by("created_at"),
            by("updated_at"),
            by("volume_id"),
            by("project_id"),
            SortKey { name: "display_name", expression: "name" },
            SortKey { name: "size", expression: "size_gib" },
            SortKey { name: "data_timestamp", expression: "data_at" },
        ],
        order: &[("created_at", Direction::Descending), ("id", Direction::Descending)],
        pages: Pages::Marker,
        ..Listing::OWN
    };

    async fn total(call: &Call<Volumes>, wanted: &Wanted) -> Result<Option<i64>> {
        cinder::total::<Self>(call, wanted).await
    }
}

impl Create for Backups {
    const RULE: Rule = policy::BACKUP_CREATE;
    const BODY: Schema = Schema::new(
        "backup",
        &[&[
            Field::required("volume_id", Type::Uuid),
            Field::optional("container", DESCRIPTION),
            Field::optional("description", DESCRIPTION),
            Field::optional("incremental", Type::Bool),
            Field::optional("force", Type::Bool),
            Field::optional("name", NAME),
            Field::optional("snapshot_id", Type::Nullable(&Type::Uuid)),
            Field::optional("metadata", Type::Nullable(&Type::Pairs)).since(v::BACKUP_METADATA),
            Field::optional("availability_zone", DESCRIPTION).since(v::BACKUP_ZONE),
        ]],
    );

    async fn create(call: &Call<Volumes>, tx: &mut Tx, body: Body) -> Result<(Backup, bool)> {
        let (service, rule) = (&call.service, &<Self as Create>::RULE);
        let volume = service.source_in(tx, &call.caller, body.str("volume_id"), rule).await?;
        let snapshot = match body.str("snapshot_id") {
            Some(id) => Some(source(call, tx, id).await?),
            None => None,
        };
        let new = NewBackup {
            name: body.name("name"),
            description: trimmed(body.text("description")),
            container: body.text("container"),
            zone: body.text("availability_zone"),
            metadata: body.read("metadata").unwrap_or_default(),
            incremental: body.truth("incremental").unwrap_or(false),
            force: body.truth("force").unwrap_or(false),
        };
        let backup = service.create_backup_in(tx, &call.caller, volume, snapshot, new).await?;
        Ok((backup, false))
    }

    fn created(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}

/// The snapshot that a caller names, locked.
async fn source(call: &Call<Volumes>, tx: &mut Tx, id: &str) -> Result<Snapshot> {
    id.parse::<VolumeSnapshotId>().map_err(|_| Error::no_snapshot(id))?;
    let loaded = Loaded::<Snapshots>::get(call, &mut At::In(tx), id, &policy::GET_SNAPSHOT).await?;
    Ok(loaded.into_row())
}

impl Update for Backups {
    const RULE: Rule = policy::BACKUP_UPDATE;
    const BODY: Schema = Schema::new(
        "backup",
        &[&[
            Field::put("name", NAME),
            Field::put("description", DESCRIPTION),
            Field::put("metadata", Type::Pairs).since(v::BACKUP_METADATA),
        ]],
    );

    async fn update(
        call: &Call<Volumes>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Backup, bool)> {
        let mut row = loaded.into_row();
        if body.get("name").is_some() {
            row.name = body.name("name");
        }
        if body.get("description").is_some() {
            row.description = trimmed(body.text("description"));
        }
        if let Some(pairs) = body.read::<BTreeMap<String, String>>("metadata") {
            row.metadata = Json(pairs);
        }
        row.updated_at = Some(call.service.now());
        row.save(tx).await?;
        Ok((row, false))
    }
}

impl Delete for Backups {
    const RULE: Rule = policy::BACKUP_DELETE;

    async fn delete(call: &Call<Volumes>, tx: &mut Tx, loaded: Loaded<Self>) -> Result<()> {
        call.service.delete_backup_in(tx, loaded.into_row(), false).await
    }

    fn deleted(_: &Call<Volumes>) -> StatusCode {
        StatusCode::ACCEPTED
    }
}
