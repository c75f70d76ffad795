//! Sharing of networks: who may use them as shared, and who as the way out.

use kogge_db::{DbError, Executor, Query, Tx};
use kogge_ids::NetworkId;

use super::rows::{Network, RbacPolicy};

/// A sharing that is about to go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sharing<'a> {
    /// Its id; empty where it is not known.
    pub(crate) id: &'a str,
    /// `access_as_shared` or `access_as_external`.
    pub(crate) action: &'a str,
    /// The project, or `*`.
    pub(crate) target: &'a str,
}

impl<'a> Sharing<'a> {
    /// The one with everybody.
    pub(crate) const fn shared_with_all() -> Self {
        Self { id: "", action: "access_as_shared", target: "*" }
    }

    /// Of this row.
    pub(crate) fn of(row: &'a RbacPolicy) -> Self {
        Self { id: &row.id, action: &row.action, target: &row.target_project }
    }
}

/// Adds a sharing policy; false where there is one.
pub(crate) async fn share(
    tx: &mut Tx,
    network: &Network,
    action: &str,
    target: &str,
) -> Result<bool, DbError> {
    let query = Query::new(
        "INSERT INTO network_rbac (id, project_id, object_type, object_id, action, target_project) \
         VALUES ($1, $2, 'network', $3, $4, $5) ON CONFLICT DO NOTHING",
    );
    let id = NetworkId::random().to_string();
    let query = query.bind(id).bind(&network.project_id).bind(network.id).bind(action).bind(target);
    Ok(tx.execute(query).await? == 1)
}

/// Takes a sharing policy back.
pub(crate) async fn unshare(
    tx: &mut Tx,
    network: NetworkId,
    action: &str,
    target: &str,
) -> Result<(), DbError> {
    let query =
        Query::new("DELETE FROM network_rbac WHERE object_id = $1 AND action = $2 AND target_project = $3");
    tx.execute(query.bind(network).bind(action).bind(target)).await.map(|_| ())
}

/// Takes all sharing policies of a kind back.
pub(crate) async fn unshare_all(tx: &mut Tx, network: NetworkId, action: &str) -> Result<(), DbError> {
    let query = Query::new("DELETE FROM network_rbac WHERE object_id = $1 AND action = $2");
    tx.execute(query.bind(network).bind(action)).await.map(|_| ())
}

/// Whether a policy of this kind is left.
pub(crate) async fn any_left(tx: &mut Tx, network: NetworkId, action: &str) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS one FROM network_rbac WHERE object_id = $1 AND action = $2 LIMIT 1");
    Ok(tx.optional(query.bind(network).bind(action)).await?.is_some())
}

/// Waits until everybody who is adding something to the network is through, and lets nobody else add until the end of
/// the transaction; who comes later looks again after adding (`still_open`). PostgreSQL lets rows that refer to this
/// one in beside a plain change of it, but not beside a change of one of its keys; SQLite has one writer anyway.
pub(crate) async fn fence(tx: &mut Tx, network: NetworkId) -> Result<(), DbError> {
    for sql in [
        "UPDATE networks SET segment = -segment WHERE id = $1",
        "UPDATE networks SET segment = -segment WHERE id = $1",
    ] {
        tx.execute(Query::new(sql).bind(network)).await?;
    }
    Ok(())
}

/// Whether projects use the network that could not without this sharing (or with `instead` as its target).
pub(crate) async fn is_needed(
    tx: &mut Tx,
    network: &Network,
    sharing: &Sharing<'_>,
    instead: Option<&str>,
) -> Result<bool, DbError> {
    let sql = if sharing.action == "access_as_external" { EXTERNAL_USERS } else { SHARED_USERS };
    let query = Query::new(sql)
        .bind(network.id)
        .bind(&network.project_id)
        .bind(sharing.action)
        .bind(sharing.id)
        .bind(sharing.target)
        .bind(instead.unwrap_or_default());
    Ok(tx.optional(query).await?.is_some())
}

// $1 network, $2 its project, $3 action, $4 id and $5 target of the sharing, $6 the target in its place. Where the id
// is not known, the sharing is told from the others by its target.
const SHARED_USERS: &str = "SELECT 1 AS one FROM ports u WHERE u.network_id = $1 AND u.project_id NOT IN ('', $2) \
     AND $5 IN ('*', u.project_id) AND $6 NOT IN ('*', u.project_id) \
     AND NOT EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = $1 AND r.action = $3 AND r.id <> $4 \
     AND ($4 <> '' OR r.target_project <> $5) AND r.target_project IN ('*', u.project_id)) LIMIT 1";
const EXTERNAL_USERS: &str = "SELECT 1 AS one FROM \
     (SELECT project_id FROM routers WHERE gateway_network_id = $1 \
     UNION SELECT project_id FROM floating_ips WHERE floating_network_id = $1) u WHERE u.project_id <> $2 \
     AND $5 IN ('*', u.project_id) AND $6 NOT IN ('*', u.project_id) \
     AND NOT EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = $1 AND r.action = $3 AND r.id <> $4 \
     AND ($4 <> '' OR r.target_project <> $5) AND r.target_project IN ('*', u.project_id)) LIMIT 1";

/// Whether routers or floating IPs, of whomever, stand on the network.
pub(crate) async fn has_external_users(tx: &mut Tx, network: NetworkId) -> Result<bool, DbError> {
    let query = Query::new(
        "SELECT 1 AS one FROM ports WHERE network_id = $1 AND holder IN ('router_gateway', 'floating_ip') LIMIT 1",
    );
    Ok(tx.optional(query.bind(network)).await?.is_some())
}
