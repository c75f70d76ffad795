//! Networks, subnets and sharing.

use kogge_db::Record as _;
use std::collections::{HashMap, HashSet};

use kogge_db::{DbError, Executor, Page, Query, Select, Tx};
use kogge_ids::{AddressScopeId, NetworkId, SubnetId, SubnetPoolId};

use super::rows::{Network, Subnet, SubnetPool};
use kogge_db::{ListQuery, Source};

/// Filters of networks. `@` filters are put in by the service.
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

/// A page without filters.
pub(crate) fn everything() -> ListQuery {
    ListQuery { filters: Default::default(), page: Page::default() }
}
