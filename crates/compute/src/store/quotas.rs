//! Limits and usage of projects.

use kogge_db::{DbError, Executor, Query, Row, Tx};

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
        "SELECT CAST(COALESCE(SUM(instances), 0) AS BIGINT) AS n, CAST(COALESCE(SUM(cores), 0) AS BIGINT) AS cores, \
         CAST(COALESCE(SUM(ram), 0) AS BIGINT) AS ram, \
         (SELECT COUNT(*) FROM server_groups WHERE project_id = $1) AS server_groups FROM ( \
         SELECT instances, cores, ram FROM quota_turns WHERE project_id = $1 UNION ALL \
         SELECT instances, cores, ram FROM quota_moves WHERE project_id = $1) AS counted",
    );
    let row = db.one(query.bind(project)).await?;
    Ok(Usage {
        instances: row.int("n")?,
        cores: row.int("cores")?,
        ram: row.int("ram")?,
        server_groups: row.int("server_groups")?,
    })
}

/// Notes that a project has this much more, or less.
pub(crate) async fn moved(tx: &mut Tx, project: &str, more: Usage) -> Result<(), DbError> {
    let note =
        Query::new("INSERT INTO quota_moves (project_id, instances, cores, ram) VALUES ($1, $2, $3, $4)");
    tx.execute(note.bind(project).bind(more.instances).bind(more.cores).bind(more.ram)).await.map(drop)
}

/// Takes the project's turn until the transaction ends, so that two requests never count the same room twice, and adds
/// up what was noted since the last one.
pub(crate) async fn take_turn(tx: &mut Tx, project: &str) -> Result<(), DbError> {
    let turn = Query::new(
        "INSERT INTO quota_turns (project_id, turn) VALUES ($1, 1) \
         ON CONFLICT (project_id) DO UPDATE SET turn = quota_turns.turn + 1",
    );
    tx.execute(turn.bind(project)).await?;
    let notes = Query::new("DELETE FROM quota_moves WHERE project_id = $1 RETURNING instances, cores, ram");
    let notes = tx.all(notes.bind(project)).await?;
    if notes.is_empty() {
        return Ok(());
    }
    let mut sum = Usage::default();
    for note in &notes {
        sum.instances += note.int("instances")?;
        sum.cores += note.int("cores")?;
        sum.ram += note.int("ram")?;
    }
    let add = Query::new(
        "UPDATE quota_turns SET instances = instances + $2, cores = cores + $3, ram = ram + $4 WHERE project_id = $1",
    );
    tx.execute(add.bind(project).bind(sum.instances).bind(sum.cores).bind(sum.ram)).await.map(drop)
}

/// By how much the count of each project is too high, for those where it is wrong.
macro_rules! wrong {
    ($before:literal) => {
        Query::new(concat!(
            $before,
            " FROM (SELECT project_id, CAST(SUM(n) AS BIGINT) AS n, CAST(SUM(cores) AS BIGINT) AS cores, \
             CAST(SUM(ram) AS BIGINT) AS ram FROM ( \
             SELECT project_id, instances AS n, cores, ram FROM quota_turns UNION ALL \
             SELECT project_id, instances, cores, ram FROM quota_moves UNION ALL \
             SELECT project_id, -1, -vcpus, -ram_mib FROM servers \
             WHERE deleted_at IS NULL AND vm_state <> 'soft-delete') AS counted \
             GROUP BY project_id) AS summed WHERE n <> 0 OR cores <> 0 OR ram <> 0 ORDER BY project_id"
        ))
    };
}

/// Projects whose count is not what their servers are: by how much each is too high.
pub(crate) async fn miscounted(db: impl Executor) -> Result<Vec<(String, Usage)>, DbError> {
    let read = |row: &Row| {
        let (instances, cores, ram) = (row.int("n")?, row.int("cores")?, row.int("ram")?);
        Ok((row.text("project_id")?, Usage { instances, cores, ram, server_groups: 0 }))
    };
    db.list("quota_turns", wrong!("SELECT project_id, n, cores, ram"), read).await
}

/// Makes all counts right. One statement sees one moment: what is made at the same time is counted by its own note.
pub(crate) async fn recount(tx: &mut Tx) -> Result<(), DbError> {
    let mend = wrong!(
        "INSERT INTO quota_moves (project_id, instances, cores, ram) SELECT project_id, -n, -cores, -ram"
    );
    tx.execute(mend).await.map(drop)
}
