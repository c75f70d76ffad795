//! Limits of projects, and what they have.

use std::collections::BTreeMap;

use kogge_db::{DbError, Executor, Query, Record as _, Row, Tx};

use crate::model::doing::Doing;
use crate::model::quota::{Limits, RESOURCES, Usage};
use crate::model::volume::Volume;

/// The key under which limits for everybody stand.
pub(crate) const EVERYBODY: &str = "class:default";

/// Takes the project's turn until the transaction ends, so that two requests never count the same room twice.
pub(crate) async fn take_turn(tx: &mut Tx, project: &str) -> Result<(), DbError> {
    let turn = Query::new(
        "INSERT INTO volume_quota_turns (project_id, turn) VALUES ($1, 1) \
         ON CONFLICT (project_id) DO UPDATE SET turn = volume_quota_turns.turn + 1",
    );
    tx.execute(turn.bind(project)).await.map(drop)
}

/// The limits that hold for a project: its own, else those of everybody, else `defaults`.
pub(crate) async fn limits(db: impl Executor, project: &str, defaults: &Limits) -> Result<Limits, DbError> {
    let query =
        Query::new("SELECT project_id, resource, most FROM volume_quota_limits WHERE project_id IN ($1, $2)");
    let rows = db.all(query.bind(project).bind(EVERYBODY)).await?;
    let mut limits: Limits = RESOURCES
        .iter()
        .map(|(name, limit)| ((*name).to_owned(), defaults.get(*name).copied().unwrap_or(*limit)))
        .collect();
    for own in [false, true] {
        for row in &rows {
            if (row.text("project_id")? != EVERYBODY) == own {
                limits.insert(row.text("resource")?, row.int("most")?);
            }
        }
    }
    Ok(limits)
}

const SUMS: &str = "CAST(COALESCE(SUM(volumes), 0) AS BIGINT) AS volumes, \
    CAST(COALESCE(SUM(snapshots), 0) AS BIGINT) AS snapshots, \
    CAST(COALESCE(SUM(gigabytes), 0) AS BIGINT) AS gigabytes, \
    CAST(COALESCE(SUM(backups), 0) AS BIGINT) AS backups, \
    CAST(COALESCE(SUM(backup_gigabytes), 0) AS BIGINT) AS backup_gigabytes";

fn read(row: &Row) -> Result<Usage, DbError> {
    Ok(Usage {
        volumes: row.int("volumes")?,
        snapshots: row.int("snapshots")?,
        gigabytes: row.int("gigabytes")?,
        backups: row.int("backups")?,
        backup_gigabytes: row.int("backup_gigabytes")?,
    })
}

/// What a project has: of a type, or of all.
pub(crate) async fn usage(db: impl Executor, project: &str, type_id: Option<&str>) -> Result<Usage, DbError> {
    let select = kogge_db::Select::new(SUMS, "volume_usage").and("project_id = ?", project);
    let select = match type_id {
        Some(id) => select.and("type_id = ?", id),
        None => select,
    };
    read(&db.one(select.query()).await?)
}

/// What a project has of each type.
pub(crate) async fn by_type(db: impl Executor, project: &str) -> Result<BTreeMap<String, Usage>, DbError> {
    let query = Query::new("SELECT * FROM volume_usage WHERE project_id = $1 AND type_id <> ''");
    let rows = db.all(query.bind(project)).await?;
    rows.iter().map(|row| Ok((row.text("type_id")?, read(row)?))).collect()
}

/// How many groups a project has.
pub(crate) async fn groups(db: impl Executor, project: &str) -> Result<i64, DbError> {
    let query = Query::new("SELECT COUNT(*) AS n FROM volume_groups WHERE project_id = $1");
    db.one(query.bind(project)).await?.int("n")
}

/// A count that is wrong.
pub(crate) struct Wrong {
    /// Whose.
    pub(crate) project: String,
    /// Of what type; empty for what has none.
    pub(crate) type_id: String,
    /// By how much it is too high.
    pub(crate) over: Usage,
}

/// The counts that are not what projects have.
pub(crate) async fn miscounted(tx: &mut Tx) -> Result<Vec<Wrong>, DbError> {
    let query = Query::new(
        "SELECT project_id, type_id, CAST(SUM(volumes) AS BIGINT) AS volumes, \
         CAST(SUM(snapshots) AS BIGINT) AS snapshots, CAST(SUM(gigabytes) AS BIGINT) AS gigabytes, \
         CAST(SUM(backups) AS BIGINT) AS backups, CAST(SUM(backup_gigabytes) AS BIGINT) AS backup_gigabytes FROM ( \
         SELECT project_id, type_id, volumes, snapshots, gigabytes, backups, backup_gigabytes FROM volume_usage \
         UNION ALL SELECT project_id, type_id, -1, 0, -size_gib, 0, 0 FROM volumes \
         UNION ALL SELECT project_id, type_id, 0, -1, -size_gib, 0, 0 FROM volume_snapshots \
         UNION ALL SELECT project_id, '', 0, 0, 0, -1, -size_gib FROM volume_backups \
         ) AS counted GROUP BY project_id, type_id ORDER BY project_id, type_id",
    );
    let read = |row: &Row| {
        Ok(Wrong { project: row.text("project_id")?, type_id: row.text("type_id")?, over: read(row)? })
    };
    let mut all = tx.list("volume_usage", query, read).await?;
    for volume in Volume::all(&mut *tx, Volume::select().and_fixed("status = 'retyping'")).await? {
        // it is of both types until its data are where they have to be
        if let Doing::Retyping { to, .. } = volume.doing.doing
            && to != volume.type_id
        {
            let (project, type_id) = (volume.project_id.to_string(), to.to_string());
            let over = -Usage::volume(volume.size_gib);
            match all.iter_mut().find(|one| one.project == project && one.type_id == type_id) {
                Some(one) => one.over = one.over + over,
                None => all.push(Wrong { project, type_id, over }),
            }
        }
    }
    all.retain(|one| one.over != Usage::default());
    Ok(all)
}

/// Notes that a project has this much more of a type, or less; `""` for what has no type.
pub(crate) async fn moved(tx: &mut Tx, project: &str, type_id: &str, more: Usage) -> Result<(), DbError> {
    let note = Query::new(
        "INSERT INTO volume_usage (project_id, type_id, volumes, snapshots, gigabytes, backups, backup_gigabytes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project_id, type_id) DO UPDATE SET \
         volumes = volume_usage.volumes + excluded.volumes, \
         snapshots = volume_usage.snapshots + excluded.snapshots, \
         gigabytes = volume_usage.gigabytes + excluded.gigabytes, \
         backups = volume_usage.backups + excluded.backups, \
         backup_gigabytes = volume_usage.backup_gigabytes + excluded.backup_gigabytes",
    );
    let note = note.bind(project).bind(type_id).bind(more.volumes).bind(more.snapshots).bind(more.gigabytes);
    tx.execute(note.bind(more.backups).bind(more.backup_gigabytes)).await.map(drop)
}

pub(crate) async fn put(tx: &mut Tx, key: &str, resource: &str, most: i64) -> Result<(), DbError> {
    let put = Query::new(
        "INSERT INTO volume_quota_limits (project_id, resource, most) VALUES ($1, $2, $3) \
         ON CONFLICT (project_id, resource) DO UPDATE SET most = excluded.most",
    );
    tx.execute(put.bind(key).bind(resource).bind(most)).await.map(drop)
}

pub(crate) async fn delete(tx: &mut Tx, key: &str) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM volume_quota_limits WHERE project_id = $1").bind(key)).await.map(drop)
}

/// How many volumes and snapshots of each project are on a backend, and their GiB: project, volumes, GiB, snapshots, GiB.
pub(crate) async fn on_backend(
    db: impl Executor,
    backend: &str,
) -> Result<Vec<(String, Usage, Usage)>, DbError> {
    let query = Query::new(
        "SELECT project_id, CAST(SUM(volumes) AS BIGINT) AS volumes, CAST(SUM(gib) AS BIGINT) AS gib, \
         CAST(SUM(snapshots) AS BIGINT) AS snapshots, CAST(SUM(snapshot_gib) AS BIGINT) AS snapshot_gib FROM ( \
         SELECT project_id, 1 AS volumes, size_gib AS gib, 0 AS snapshots, 0 AS snapshot_gib FROM volumes \
         WHERE backend = $1 UNION ALL \
         SELECT project_id, 0, 0, 1, size_gib FROM volume_snapshots WHERE backend = $1 \
         ) AS found GROUP BY project_id ORDER BY project_id",
    );
    let read = |row: &Row| {
        let volumes = Usage { volumes: row.int("volumes")?, gigabytes: row.int("gib")?, ..Usage::default() };
        let snapshots = Usage {
            snapshots: row.int("snapshots")?,
            gigabytes: row.int("snapshot_gib")?,
            ..Usage::default()
        };
        Ok((row.text("project_id")?, volumes, snapshots))
    };
    db.list("volumes", query.bind(backend), read).await
}
