//! Routers and floating IPs.

use std::collections::HashMap;
use std::net::IpAddr;

use kogge_db::{DbError, Executor, Paged, Query, Row, Select, SortKey, Tx};
use kogge_ids::{PortId, RouterId};

use super::filter::{
    BASIC, BadFilter, DESCRIBED, Filter, ListQuery, NAMED, Source, TAGS, Whose, by, sort_keys, text, truth,
};
use super::rows::{FloatingIp, Router};

const FILTERS: &[Filter] = &[truth("admin_state_up", "admin_state_up = ?"), text("status", "'ACTIVE' = ?")];

/// Sort keys of routers.
pub(crate) const SORT: &[SortKey] =
    sort_keys![by("name"), by("admin_state_up"), SortKey { name: "status", expression: "'ACTIVE'" },];

/// One page of the routers that the caller may see.
pub(crate) async fn list(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<Router>, DbError>, BadFilter> {
    let select = whose.of(Select::new(Router::COLUMNS, Router::TABLE), "project_id = ?");
    Router::page(source, select, &[BASIC, NAMED, DESCRIBED, FILTERS, TAGS], query, SORT).await
}

/// All routers with the host each lives on.
pub(crate) async fn hosts(source: &mut Source<'_>) -> Result<HashMap<RouterId, String>, DbError> {
    let query = Query::new("SELECT router_id, host FROM router_hosts");
    let pair = |row: &Row| Ok((row.parse("router_id")?, row.text("host")?));
    Ok(source.list("router_hosts", query, pair).await?.into_iter().collect())
}

/// Says where a router lives.
pub(crate) async fn place(tx: &mut Tx, router: RouterId, host: &str) -> Result<(), DbError> {
    let query = Query::new(
        "INSERT INTO router_hosts (router_id, host) VALUES ($1, $2) \
         ON CONFLICT (router_id) DO UPDATE SET host = excluded.host",
    );
    tx.execute(query.bind(router).bind(host)).await.map(|_| ())
}

/// Removes a router's row.
pub(crate) async fn remove(tx: &mut Tx, router: RouterId) -> Result<bool, DbError> {
    tx.execute(Query::new("DELETE FROM router_hosts WHERE router_id = $1").bind(router)).await?;
    Router::delete(tx, &router).await
}

/// Routers that lead from `network` out to `external`: id and the address of their leg on `subnet`.
pub(crate) async fn leading_out(
    tx: &mut Tx,
    subnet: kogge_ids::SubnetId,
    external: kogge_ids::NetworkId,
) -> Result<Vec<(RouterId, IpAddr)>, DbError> {
    let query = Query::new(
        "SELECT r.id AS id, a.address AS address FROM routers r \
         JOIN ports p ON p.holder_id = r.id AND p.holder = 'router_interface' \
         JOIN ip_allocations a ON a.port_id = p.id \
         WHERE a.subnet_id = $1 AND r.gateway_network_id = $2 ORDER BY r.created_at, r.id",
    );
    let rows = tx.all(query.bind(subnet).bind(external)).await?;
    rows.iter().map(|row| Ok((row.parse("id")?, row.parse("address")?))).collect()
}

const FLOATING_FILTERS: &[Filter] = &[
    text("floating_ip_address", "floating_ip_address = ?"),
    text("floating_network_id", "floating_network_id = ?"),
    text("router_id", "router_id = ?"),
    text("port_id", "port_id = ?"),
    text("fixed_ip_address", "fixed_ip_address = ?"),
    text("status", "CASE WHEN port_id IS NULL THEN 'DOWN' ELSE 'ACTIVE' END = ?"),
];

/// Sort keys of floating IPs.
pub(crate) const FLOATING_SORT: &[SortKey] = sort_keys![
    by("floating_ip_address"),
    by("floating_network_id"),
    SortKey { name: "router_id", expression: "COALESCE(router_id, '')" },
    SortKey { name: "fixed_ip_address", expression: "COALESCE(fixed_ip_address, '')" },
    SortKey { name: "status", expression: "CASE WHEN port_id IS NULL THEN 'DOWN' ELSE 'ACTIVE' END" },
];

/// One page of the floating IPs that the caller may see.
pub(crate) async fn list_floating(
    source: &mut Source<'_>,
    whose: Whose<'_>,
    query: &ListQuery,
) -> Result<Result<Paged<FloatingIp>, DbError>, BadFilter> {
    let select = whose.of(Select::new(FloatingIp::COLUMNS, FloatingIp::TABLE), "project_id = ?");
    FloatingIp::page(source, select, &[BASIC, DESCRIBED, FLOATING_FILTERS, TAGS], query, FLOATING_SORT).await
}

/// Floating IPs that lead to some ports.
pub(crate) async fn floating_of_ports(
    source: &mut Source<'_>,
    ports: &[PortId],
) -> Result<Vec<FloatingIp>, DbError> {
    FloatingIp::with(source, "port_id", ports, &["created_at"]).await
}

/// Floating IPs that go over some routers.
pub(crate) async fn floating_of_routers(
    source: &mut Source<'_>,
    routers: &[RouterId],
) -> Result<Vec<FloatingIp>, DbError> {
    FloatingIp::with(source, "router_id", routers, &["id"]).await
}

/// Floating IPs that led to `port` (or to one of its addresses) lead nowhere.
pub(crate) async fn disassociate(tx: &mut Tx, port: PortId, address: Option<IpAddr>) -> Result<(), DbError> {
    let query = match address {
        None => Query::new(
            "UPDATE floating_ips SET port_id = NULL, fixed_ip_address = NULL, router_id = NULL, \
             revision_number = revision_number + 1 WHERE port_id = $1",
        )
        .bind(port),
        Some(address) => Query::new(
            "UPDATE floating_ips SET port_id = NULL, fixed_ip_address = NULL, router_id = NULL, \
             revision_number = revision_number + 1 WHERE port_id = $1 AND fixed_ip_address = $2",
        )
        .bind(port)
        .bind(address.to_string()),
    };
    tx.execute(query).await.map(|_| ())
}

/// Removes the floating IPs of an external network that lead nowhere, with the ports that hold their addresses:
/// these do not keep the network.
pub(crate) async fn remove_idle_floating(tx: &mut Tx, network: kogge_ids::NetworkId) -> Result<(), DbError> {
    let query = Query::new(
        "DELETE FROM floating_ips WHERE floating_network_id = $1 AND port_id IS NULL RETURNING floating_port_id",
    );
    for row in tx.all(query.bind(network)).await? {
        super::ports::remove(tx, row.parse("floating_port_id")?).await?;
    }
    Ok(())
}
