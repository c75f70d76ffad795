//! Limits and usage of projects.

use kogge_db::{DbError, Executor, Query, Tx};

use crate::model::quota::{Limits, RESOURCES, Usage};

/// The key under which limits for everybody stand.
pub(crate) const EVERYBODY: &str = "class:default";

/// The limits that are set for a project, or for [`EVERYBODY`].
pub(crate) async fn set_limits(db: impl Executor, key: &str) -> Result<Limits, DbError> {
    let query = Query::new("SELECT resource, most FROM quota_limits WHERE project_id = $1").bind(key);
    db.all(query).await?.iter().map(|row| Ok((row.text("resource")?, row.int("most")?))).collect()
}

/// The limits that hold for a project: its own, else those of everybody, else `defaults`.
pub(crate) async fn limits(db: impl Executor, project: &str, defaults: &Limits) -> Result<Limits, DbError> {
    let query =
        Query::new("SELECT project_id, resource, most FROM quota_limits WHERE project_id IN ($1, $2)");
    let rows = db.all(query.bind(project).bind(EVERYBODY)).await?;
    let mut limits: Limits = RESOURCES
        .iter()
        .map(|resource| {
            (resource.name.to_owned(), defaults.get(resource.name).copied().unwrap_or(resource.default))
        })
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

pub(crate) async fn put(tx: &mut Tx, key: &str, resource: &str, most: i64) -> Result<(), DbError> {
    let put = Query::new(
        "INSERT INTO quota_limits (project_id, resource, most) VALUES ($1, $2, $3) \
         ON CONFLICT (project_id, resource) DO UPDATE SET most = excluded.most",
    );
    tx.execute(put.bind(key).bind(resource).bind(most)).await.map(drop)
}

pub(crate) async fn delete(tx: &mut Tx, key: &str) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM quota_limits WHERE project_id = $1").bind(key)).await.map(drop)
}

/// What a project has. Servers that are to be deleted count until they are gone.
pub(crate) async fn usage(db: impl Executor, project: &str) -> Result<Usage, DbError> {
    let query = Query::new(
        "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(vcpus), 0) AS BIGINT) AS cores, \
         CAST(COALESCE(SUM(ram_mib), 0) AS BIGINT) AS ram, \
         (SELECT COUNT(*) FROM server_groups WHERE project_id = $1) AS server_groups FROM servers \
         WHERE project_id = $1 AND deleted_at IS NULL",
    );
    let row = db.one(query.bind(project)).await?;
    Ok(Usage {
        instances: row.int("n")?,
        cores: row.int("cores")?,
        ram: row.int("ram")?,
        server_groups: row.int("server_groups")?,
    })
}

/// Takes the project's turn until the transaction ends, so that two requests never count the same room twice.
pub(crate) async fn take_turn(tx: &mut Tx, project: &str) -> Result<(), DbError> {
    let turn = Query::new(
        "INSERT INTO quota_turns (project_id, turn) VALUES ($1, 1) \
         ON CONFLICT (project_id) DO UPDATE SET turn = quota_turns.turn + 1",
    );
    tx.execute(turn.bind(project)).await.map(drop)
}
