//! Networks, subnets and sharing.

use std::collections::{HashMap, HashSet};

use kogge_db::{DbError, Executor, Page, Paged, Query, Select, SortKey, Tx};
use kogge_ids::{AddressScopeId, NetworkId, SubnetId, SubnetPoolId};

use super::filter::{
    BASIC, BadFilter, DESCRIBED, Filter, ListQuery, NAMED, Source, TAGS, Whose, by, int, sort_keys, text,
    truth,
};
use super::rows::{AddressScope, Network, Subnet, SubnetPool};

/// Filters of networks. `@` filters are put in by the service.
const FILTERS: &[Filter] = &[
    truth("admin_state_up", "admin_state_up = ?"),
    text("status", "'ACTIVE' = ?"),
    int("mtu", "mtu = ?"),
    truth("router:external", "external = ?"),
    truth("is_default", "is_default = ?"),
    text("dns_domain", "dns_domain = ?"),
    truth("port_security_enabled", "port_security_enabled = ?"),
    text("provider:network_type", "network_type = ?"),
    text("provider:physical_network", "physical_network = ?"),
    int("provider:segmentation_id", "segmentation_id = ?"),
    truth(
        "shared",
        "EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = networks.id AND r.target_project = '*' \
         AND r.action = 'access_as_shared') = ?",
    ),
];

/// Sort keys of networks.
pub(crate) const NETWORK_SORT: &[SortKey] = sort_keys![
    by("name"),
    by("admin_state_up"),
    SortKey { name: "status", expression: "'ACTIVE'" },
    by("mtu"),
    SortKey { name: "availability_zone_hints", expression: "az_hints" },
];

/// One page of the networks that the caller may see.
pub(crate) async fn list(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<Network>, DbError>, BadFilter> {
    let select = whose.of(
        Select::new(Network::COLUMNS, Network::TABLE),
        "project_id = ? OR EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = networks.id \
         AND r.target_project IN ('*', ?))",
    );
    Network::page(source, select, &[BASIC, NAMED, DESCRIBED, FILTERS, TAGS], query, NETWORK_SORT).await
}

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

const SUBNET_FILTERS: &[Filter] = &[
    text("network_id", "network_id = ?"),
    int("ip_version", "ip_version = ?"),
    text("cidr", "cidr = ?"),
    text("gateway_ip", "gateway_ip = ?"),
    truth("enable_dhcp", "enable_dhcp = ?"),
    text("ipv6_ra_mode", "ipv6_ra_mode = ?"),
    text("ipv6_address_mode", "ipv6_address_mode = ?"),
    text("subnetpool_id", "subnetpool_id = ?"),
    text("segment_id", "'' <> ? AND 1 = 0"),
    truth(
        "shared",
        "EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = subnets.network_id AND r.target_project = '*' \
         AND r.action = 'access_as_shared') = ?",
    ),
    truth(
        "router:external",
        "EXISTS (SELECT 1 FROM networks n WHERE n.id = subnets.network_id AND n.external) = ?",
    ),
];

/// Sort keys of subnets.
pub(crate) const SUBNET_SORT: &[SortKey] = sort_keys![
    by("name"),
    by("network_id"),
    by("ip_version"),
    by("cidr"),
    SortKey { name: "gateway_ip", expression: "COALESCE(gateway_ip, '')" },
    by("enable_dhcp"),
    SortKey { name: "ipv6_ra_mode", expression: "COALESCE(ipv6_ra_mode, '')" },
    SortKey { name: "ipv6_address_mode", expression: "COALESCE(ipv6_address_mode, '')" },
    SortKey { name: "subnetpool_id", expression: "COALESCE(subnetpool_id, '')" },
];

/// One page of the subnets that the caller may see.
pub(crate) async fn list_subnets(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<Subnet>, DbError>, BadFilter> {
    let select = whose.of(Select::new(Subnet::COLUMNS, Subnet::TABLE), "project_id = ? OR EXISTS (SELECT 1 FROM networks n WHERE n.id = subnets.network_id AND n.project_id = ?) \
         OR EXISTS (SELECT 1 FROM network_rbac r WHERE r.object_id = subnets.network_id \
         AND r.target_project IN ('*', ?))");
    Subnet::page(source, select, &[BASIC, NAMED, DESCRIBED, SUBNET_FILTERS, TAGS], query, SUBNET_SORT).await
}

const POOL_FILTERS: &[Filter] = &[
    int("ip_version", "ip_version = ?"),
    int("default_quota", "default_quota = ?"),
    int("default_prefixlen", "default_prefixlen = ?"),
    int("min_prefixlen", "min_prefixlen = ?"),
    int("max_prefixlen", "max_prefixlen = ?"),
    truth("is_default", "is_default = ?"),
    truth("shared", "shared = ?"),
    text("address_scope_id", "address_scope_id = ?"),
];

/// Sort keys of subnet pools.
pub(crate) const POOL_SORT: &[SortKey] = &[
    by("id"),
    by("name"),
    by("project_id"),
    by("ip_version"),
    by("default_prefixlen"),
    by("min_prefixlen"),
    by("max_prefixlen"),
    by("is_default"),
    by("shared"),
    by("created_at"),
    by("updated_at"),
];

/// One page of the subnet pools that the caller may see.
pub(crate) async fn list_pools(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<SubnetPool>, DbError>, BadFilter> {
    let select = whose.of(Select::new(SubnetPool::COLUMNS, SubnetPool::TABLE), "project_id = ? OR shared");
    SubnetPool::page(source, select, &[BASIC, NAMED, DESCRIBED, POOL_FILTERS, TAGS], query, POOL_SORT).await
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

const SCOPE_FILTERS: &[Filter] = &[int("ip_version", "ip_version = ?"), truth("shared", "shared = ?")];

/// Sort keys of address scopes.
pub(crate) const SCOPE_SORT: &[SortKey] =
    &[by("id"), by("name"), by("project_id"), by("ip_version"), by("shared")];

/// One page of the address scopes that the caller may see.
pub(crate) async fn list_scopes(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<AddressScope>, DbError>, BadFilter> {
    let select =
        whose.of(Select::new(AddressScope::COLUMNS, AddressScope::TABLE), "project_id = ? OR shared");
    AddressScope::page(source, select, &[BASIC, NAMED, SCOPE_FILTERS], query, SCOPE_SORT).await
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
