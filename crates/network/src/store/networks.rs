//! Networks, subnets and sharing.

use kogge_db::Record as _;
use std::collections::{HashMap, HashSet};

use kogge_db::{DbError, Executor, Page, Query, Select, Tx};
use kogge_ids::{AddressScopeId, NetworkId, SubnetId, SubnetPoolId};

use super::rows::{Network, Subnet, SubnetPool};
use kogge_db::{ListQuery, Source};

/// Which of `networks` are shared with `project`, or with everybody.
pub(crate) async fn shared(
    source: &mut Source<'_>,
    networks: &[NetworkId],
    project: Option<&str>,
) -> Result<HashSet<NetworkId>, DbError> {
    let mut found = HashSet::new();
    for part in networks.chunks(500) {
        let select = Select::new("object_id", "network_rbac")
            .and_fixed("action = 'access_as_shared'")
            .and("target_project IN ('*', ?)", project.map(str::to_owned))
            .and_in("object_id", part.iter().copied());
        found.extend(
            source.list("network_rbac", select.query(), |row| row.parse::<NetworkId>("object_id")).await?,
        );
    }
    Ok(found)
}

/// Whether the caller may see the network by any RBAC policy.
pub(crate) async fn is_open(
    source: &mut Source<'_>,
    network: NetworkId,
    project: Option<&str>,
) -> Result<bool, DbError> {
    let query = Query::new(
        "SELECT 1 AS one FROM network_rbac WHERE object_id = $1 AND target_project IN ('*', $2) LIMIT 1",
    );
    Ok(source.optional(query.bind(network).bind(project.map(str::to_owned))).await?.is_some())
}

/// The subnets of some networks, oldest first.
pub(crate) async fn subnets_of(
    source: &mut Source<'_>,
    networks: &[NetworkId],
) -> Result<HashMap<NetworkId, Vec<Subnet>>, DbError> {
    let mut found: HashMap<NetworkId, Vec<Subnet>> = HashMap::new();
    for subnet in Subnet::with(source, "network_id", networks, &["created_at", "id"]).await? {
        found.entry(subnet.network_id).or_default().push(subnet);
    }
    Ok(found)
}

/// Networks by id.
pub(crate) async fn by_ids(source: &mut Source<'_>, ids: &[NetworkId]) -> Result<Vec<Network>, DbError> {
    Network::with(source, "id", ids, &[]).await
}

/// Subnets by id.
pub(crate) async fn subnets_by_ids(
    source: &mut Source<'_>,
    ids: &[SubnetId],
) -> Result<Vec<Subnet>, DbError> {
    Subnet::with(source, "id", ids, &[]).await
}

/// The default pool of an IP version.
pub(crate) async fn default_pool(tx: &mut Tx, ip_version: i64) -> Result<Option<SubnetPoolId>, DbError> {
    let query = Query::new("SELECT id FROM subnet_pools WHERE is_default AND ip_version = $1");
    tx.optional(query.bind(ip_version)).await?.map(|row| row.parse("id")).transpose()
}

/// The subnets that were taken from a pool.
pub(crate) async fn subnets_of_pool(
    source: &mut Source<'_>,
    pool: SubnetPoolId,
) -> Result<Vec<Subnet>, DbError> {
    let select = Select::new(Subnet::COLUMNS, Subnet::TABLE).and("subnetpool_id = ?", pool);
    Ok(select.fetch(source, Subnet::from_row).await?.items)
}

/// The pools of an address scope.
pub(crate) async fn pools_of_scope(
    source: &mut Source<'_>,
    scope: AddressScopeId,
) -> Result<Vec<SubnetPool>, DbError> {
    let select = Select::new(SubnetPool::COLUMNS, SubnetPool::TABLE).and("address_scope_id = ?", scope);
    Ok(select.fetch(source, SubnetPool::from_row).await?.items)
}

/// Notes a change of a network: the revision rises, and the row is locked until the end of the transaction, so
/// that nobody adds an overlapping subnet meanwhile.
pub(crate) async fn touch(tx: &mut Tx, id: NetworkId) -> Result<(), DbError> {
    let query = Query::new("UPDATE networks SET revision_number = revision_number + 1 WHERE id = $1");
    tx.execute(query.bind(id)).await.map(|_| ())
}

/// The external network that is the default, of which there is at most one.
pub(crate) async fn default_external(source: &mut Source<'_>) -> Result<Option<NetworkId>, DbError> {
    let query = Query::new("SELECT id FROM networks WHERE external AND is_default");
    source.optional(query).await?.map(|row| row.parse("id")).transpose()
}

/// The network of a project that was made without asking.
pub(crate) async fn auto_allocated(tx: &mut Tx, project: &str) -> Result<Option<NetworkId>, DbError> {
    let query = Query::new("SELECT id FROM networks WHERE project_id = $1 AND auto_allocated");
    tx.optional(query.bind(project)).await?.map(|row| row.parse("id")).transpose()
}

/// Whether a network has this number on a physical network; those without number have 0.
pub(crate) async fn is_segment_taken(
    tx: &mut Tx,
    physical: &str,
    kind: &str,
    number: i64,
) -> Result<bool, DbError> {
    let same = Query::new(
        "SELECT 1 AS one FROM networks WHERE physical_network = $1 AND network_type = $2 \
         AND COALESCE(segmentation_id, 0) = $3",
    );
    Ok(tx.optional(same.bind(physical).bind(kind).bind(number)).await?.is_some())
}

/// Removes a network that has no port, with its subnets and all that shares it.
pub(crate) async fn remove(tx: &mut Tx, id: NetworkId) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM subnets WHERE network_id = $1").bind(id)).await?;
    tx.execute(Query::new("DELETE FROM network_rbac WHERE object_id = $1").bind(id)).await?;
    Network::delete(tx, &id).await.map(drop)
}

/// Removes the floating IPs of an external network that lead nowhere, with the ports that hold their addresses:
/// these do not keep the network.
pub(crate) async fn remove_idle_floating(tx: &mut Tx, network: NetworkId) -> Result<(), DbError> {
    let query = Query::new(
        "DELETE FROM floating_ips WHERE floating_network_id = $1 AND port_id IS NULL RETURNING floating_port_id",
    );
    for row in tx.all(query.bind(network)).await? {
        super::ports::remove(tx, row.parse("floating_port_id")?).await?;
    }
    Ok(())
}

/// A page without filters.
pub(crate) fn everything() -> ListQuery {
    ListQuery { filters: Default::default(), page: Page::default() }
}
