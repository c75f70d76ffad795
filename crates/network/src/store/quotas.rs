//! Quotas and what counts against them.

use std::collections::BTreeMap;

use kogge_db::{DbError, Executor, Query, Row, Tx};

use kogge_db::Source;

/// The amounts that an admin set for a project.
pub(crate) async fn of_project(
    source: &mut Source<'_>,
    project: &str,
) -> Result<BTreeMap<String, i64>, DbError> {
    let query = Query::new("SELECT resource, amount FROM network_quotas WHERE project_id = $1");
    let read = |row: &Row| Ok((row.text("resource")?, row.int("amount")?));
    Ok(source.list("network_quotas", query.bind(project), read).await?.into_iter().collect())
}

/// Every project with amounts of its own.
pub(crate) async fn projects(source: &mut Source<'_>) -> Result<Vec<String>, DbError> {
    let query = Query::new("SELECT DISTINCT project_id FROM network_quotas ORDER BY project_id");
    source.list("network_quotas", query, |row| row.text("project_id")).await
}

/// Sets an amount.
pub(crate) async fn set(tx: &mut Tx, project: &str, resource: &str, amount: i64) -> Result<(), DbError> {
    let query = Query::new(
        "INSERT INTO network_quotas (project_id, resource, amount) VALUES ($1, $2, $3) \
         ON CONFLICT (project_id, resource) DO UPDATE SET amount = excluded.amount",
    );
    tx.execute(query.bind(project).bind(resource).bind(amount)).await.map(|_| ())
}

/// Back to the defaults; false where the project had none of its own.
pub(crate) async fn reset(tx: &mut Tx, project: &str) -> Result<bool, DbError> {
    let query = Query::new("DELETE FROM network_quotas WHERE project_id = $1");
    Ok(tx.execute(query.bind(project)).await? > 0)
}

/// Stands for the project in [`lock`] where what is counted is the cloud's.
pub(crate) const EVERYBODY: &str = "*";

/// Lets one transaction at a time count and add, per project and resource.
pub(crate) async fn lock(tx: &mut Tx, project: &str, resource: &str) -> Result<(), DbError> {
    let query = Query::new(
        "INSERT INTO network_quota_locks (project_id, resource, taken) VALUES ($1, $2, 1) \
         ON CONFLICT (project_id, resource) DO UPDATE SET taken = network_quota_locks.taken + 1",
    );
    tx.execute(query.bind(project).bind(resource)).await.map(|_| ())
}

/// The one resource that is counted as it comes and goes; of the others there are few.
pub(crate) const COUNTED: &str = "port";

/// Notes that a project has this many ports more, or less.
pub(crate) async fn moved(tx: &mut Tx, project: &str, amount: i64) -> Result<(), DbError> {
    let note =
        Query::new("INSERT INTO network_quota_moves (project_id, resource, amount) VALUES ($1, $2, $3)");
    tx.execute(note.bind(project).bind(COUNTED).bind(amount)).await.map(drop)
}

/// Adds up what was noted of the ports of a project since the last time; call it under the lock.
pub(crate) async fn add_up(tx: &mut Tx, project: &str) -> Result<(), DbError> {
    let notes = Query::new(
        "DELETE FROM network_quota_moves WHERE project_id = $1 AND resource = $2 RETURNING amount",
    );
    let mut sum = 0;
    for note in tx.all(notes.bind(project).bind(COUNTED)).await? {
        sum += note.int("amount")?;
    }
    if sum == 0 {
        return Ok(());
    }
    let add =
        Query::new("UPDATE network_quota_locks SET used = used + $3 WHERE project_id = $1 AND resource = $2");
    tx.execute(add.bind(project).bind(COUNTED).bind(sum)).await.map(drop)
}

/// By how many ports the count of each project is too high, for those where it is wrong.
macro_rules! wrong {
    ($before:literal) => {
        Query::new(concat!(
            $before,
            " FROM (SELECT project_id, CAST(SUM(n) AS BIGINT) AS n FROM ( \
             SELECT project_id, used AS n FROM network_quota_locks WHERE resource = 'port' UNION ALL \
             SELECT project_id, amount FROM network_quota_moves WHERE resource = 'port' UNION ALL \
             SELECT project_id, -1 FROM ports WHERE project_id <> '') AS counted \
             GROUP BY project_id) AS summed WHERE n <> 0 ORDER BY project_id"
        ))
    };
}

/// Projects whose count of ports is wrong, and by how much each is too high.
pub(crate) async fn miscounted(db: impl Executor) -> Result<Vec<(String, i64)>, DbError> {
    let read = |row: &Row| Ok((row.text("project_id")?, row.int("n")?));
    db.list("network_quota_locks", wrong!("SELECT project_id, n"), read).await
}

/// Makes all counts right. One statement sees one moment: what is made at the same time is counted by its own note.
pub(crate) async fn recount(tx: &mut Tx) -> Result<(), DbError> {
    let mend = wrong!(
        "INSERT INTO network_quota_moves (project_id, resource, amount) SELECT project_id, 'port', -n"
    );
    tx.execute(mend).await.map(drop)
}

/// How much of a resource a project has.
pub(crate) async fn count(source: &mut Source<'_>, project: &str, resource: &str) -> Result<i64, DbError> {
    let sql = match resource {
        "network" => "SELECT COUNT(*) AS n FROM networks WHERE project_id = $1",
        "subnet" => "SELECT COUNT(*) AS n FROM subnets WHERE project_id = $1",
        "subnetpool" => "SELECT COUNT(*) AS n FROM subnet_pools WHERE project_id = $1",
        "address_scope" => "SELECT COUNT(*) AS n FROM address_scopes WHERE project_id = $1",
        COUNTED => {
            "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) AS n FROM ( \
             SELECT used AS n FROM network_quota_locks WHERE project_id = $1 AND resource = 'port' UNION ALL \
             SELECT amount FROM network_quota_moves WHERE project_id = $1 AND resource = 'port') AS counted"
        }
        "router" => "SELECT COUNT(*) AS n FROM routers WHERE project_id = $1",
        "floatingip" => "SELECT COUNT(*) AS n FROM floating_ips WHERE project_id = $1",
        "security_group" => "SELECT COUNT(*) AS n FROM security_groups WHERE project_id = $1",
        "security_group_rule" => "SELECT COUNT(*) AS n FROM security_group_rules WHERE project_id = $1",
        "rbac_policy" => "SELECT COUNT(*) AS n FROM network_rbac WHERE project_id = $1",
        _ => return Ok(0),
    };
    source.one(Query::new(sql).bind(project)).await?.int("n")
}
