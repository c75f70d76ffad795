//! Routers and floating IPs.

use std::collections::HashMap;
use std::net::IpAddr;

use kogge_db::{DbError, Direction, Executor, Paged, Query, Select, SortKey, Tx};
use kogge_ids::{PortId, RouterId};

use super::filter::{BadFilter, Filter, ListQuery, Source, TAGS, apply, by, int, text, truth};
use super::rows::{FloatingIp, Router};

const FILTERS: &[Filter] = &[
    text("id", "id = ?"),
    text("name", "name = ?"),
    text("description", "description = ?"),
    text("project_id", "project_id = ?"),
    truth("admin_state_up", "admin_state_up = ?"),
    text("status", "'ACTIVE' = ?"),
    int("revision_number", "revision_number = ?"),
];

/// Sort keys of routers.
pub(crate) const SORT: &[SortKey] = &[
    by("id"),
    by("name"),
    by("description"),
    by("project_id"),
    SortKey { name: "tenant_id", expression: "project_id" },
    by("admin_state_up"),
    SortKey { name: "status", expression: "'ACTIVE'" },
    by("created_at"),
    by("updated_at"),
    by("revision_number"),
];

/// One page of the routers of `project`; all for `None`.
pub(crate) async fn list(
    source: &mut Source<'_>,
    project: Option<&str>,
    query: &ListQuery,
) -> Result<Result<Paged<Router>, DbError>, BadFilter> {
    let select = Select::new(Router::COLUMNS, Router::TABLE).and_some("project_id = ?", project);
    let select = apply(select, &[FILTERS, TAGS], query)?.page(&query.page, SORT, &[], "id");
    Ok(select.fetch(source, Router::from_row).await)
}

/// All routers with the host each lives on.
pub(crate) async fn hosts(source: &mut Source<'_>) -> Result<HashMap<RouterId, String>, DbError> {
    let rows = source.all(Query::new("SELECT router_id, host FROM router_hosts")).await?;
    rows.iter().map(|row| Ok((row.parse("router_id")?, row.text("host")?))).collect()
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
         JOIN ports p ON p.device_id = r.id AND p.device_owner = 'network:router_interface' \
         JOIN ip_allocations a ON a.port_id = p.id \
         WHERE a.subnet_id = $1 AND r.gateway_network_id = $2 ORDER BY r.created_at, r.id",
    );
    let rows = tx.all(query.bind(subnet).bind(external)).await?;
    rows.iter().map(|row| Ok((row.parse("id")?, row.parse("address")?))).collect()
}

const FLOATING_FILTERS: &[Filter] = &[
    text("id", "id = ?"),
    text("description", "description = ?"),
    text("project_id", "project_id = ?"),
    text("floating_ip_address", "floating_ip_address = ?"),
    text("floating_network_id", "floating_network_id = ?"),
    text("router_id", "router_id = ?"),
    text("port_id", "port_id = ?"),
    text("fixed_ip_address", "fixed_ip_address = ?"),
    text("status", "CASE WHEN port_id IS NULL THEN 'DOWN' ELSE 'ACTIVE' END = ?"),
    int("revision_number", "revision_number = ?"),
];

/// Sort keys of floating IPs.
pub(crate) const FLOATING_SORT: &[SortKey] = &[
    by("id"),
    by("description"),
    by("project_id"),
    SortKey { name: "tenant_id", expression: "project_id" },
    by("floating_ip_address"),
    by("floating_network_id"),
    SortKey { name: "router_id", expression: "COALESCE(router_id, '')" },
    SortKey { name: "fixed_ip_address", expression: "COALESCE(fixed_ip_address, '')" },
    SortKey { name: "status", expression: "CASE WHEN port_id IS NULL THEN 'DOWN' ELSE 'ACTIVE' END" },
    by("created_at"),
    by("updated_at"),
    by("revision_number"),
];

/// One page of the floating IPs of `project`; all for `None`.
pub(crate) async fn list_floating(
    source: &mut Source<'_>,
    project: Option<&str>,
    query: &ListQuery,
) -> Result<Result<Paged<FloatingIp>, DbError>, BadFilter> {
    let select = Select::new(FloatingIp::COLUMNS, FloatingIp::TABLE).and_some("project_id = ?", project);
    let select = apply(select, &[FLOATING_FILTERS, TAGS], query)?.page(&query.page, FLOATING_SORT, &[], "id");
    Ok(select.fetch(source, FloatingIp::from_row).await)
}

/// Floating IPs that lead to some ports.
pub(crate) async fn floating_of_ports(
    source: &mut Source<'_>,
    ports: &[PortId],
) -> Result<Vec<FloatingIp>, DbError> {
    let mut found = Vec::new();
    for part in ports.chunks(500) {
        let select = Select::new(FloatingIp::COLUMNS, FloatingIp::TABLE)
            .and_in("port_id", part.iter().copied())
            .order_by("created_at", Direction::Ascending);
        found.extend(select.fetch(&mut *source, FloatingIp::from_row).await?.items);
    }
    Ok(found)
}

/// Floating IPs that go over some routers.
pub(crate) async fn floating_of_routers(
    source: &mut Source<'_>,
    routers: &[RouterId],
) -> Result<Vec<FloatingIp>, DbError> {
    let mut found = Vec::new();
    for part in routers.chunks(500) {
        let select = Select::new(FloatingIp::COLUMNS, FloatingIp::TABLE)
            .and_in("router_id", part.iter().copied())
            .order_by("id", Direction::Ascending);
        found.extend(select.fetch(&mut *source, FloatingIp::from_row).await?.items);
    }
    Ok(found)
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
