//! Quotas and what counts against them.

use std::collections::BTreeMap;

use kogge_db::{DbError, Executor, Query, Row, Tx};

use super::filter::Source;

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

/// How much of a resource a project has.
pub(crate) async fn count(source: &mut Source<'_>, project: &str, resource: &str) -> Result<i64, DbError> {
    let sql = match resource {
        "network" => "SELECT COUNT(*) AS n FROM networks WHERE project_id = $1",
        "subnet" => "SELECT COUNT(*) AS n FROM subnets WHERE project_id = $1",
        "subnetpool" => "SELECT COUNT(*) AS n FROM subnet_pools WHERE project_id = $1",
        "address_scope" => "SELECT COUNT(*) AS n FROM address_scopes WHERE project_id = $1",
        "port" => "SELECT COUNT(*) AS n FROM ports WHERE project_id = $1",
        "router" => "SELECT COUNT(*) AS n FROM routers WHERE project_id = $1",
        "floatingip" => "SELECT COUNT(*) AS n FROM floating_ips WHERE project_id = $1",
        "security_group" => "SELECT COUNT(*) AS n FROM security_groups WHERE project_id = $1",
        "security_group_rule" => "SELECT COUNT(*) AS n FROM security_group_rules WHERE project_id = $1",
        "rbac_policy" => "SELECT COUNT(*) AS n FROM network_rbac WHERE project_id = $1",
        _ => return Ok(0),
    };
    source.one(Query::new(sql).bind(project)).await?.int("n")
}
