//! Routers and floating IPs.

use kogge_db::Record as _;
use std::collections::HashMap;
use std::net::IpAddr;

use kogge_db::{DbError, Executor, Query, Row, Select, Tx};
use kogge_ids::{PortId, RouterId};

use super::rows::{FloatingIp, Router};
use kogge_db::Source;

/// All routers with the host each lives on.
pub(crate) async fn hosts(source: &mut Source<'_>) -> Result<HashMap<RouterId, String>, DbError> {
    let query = Query::new("SELECT router_id, host FROM router_hosts");
    Ok(source.list("router_hosts", query, home).await?.into_iter().collect())
}

/// The ids of all routers.
pub(crate) async fn all(source: &mut Source<'_>) -> Result<Vec<RouterId>, DbError> {
    source.list("routers", Query::new("SELECT id FROM routers"), |row| row.parse("id")).await
}

/// Those of some routers that there are.
pub(crate) async fn there(source: &mut Source<'_>, ids: &[RouterId]) -> Result<Vec<RouterId>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        let select = Select::new("id", Router::TABLE).and_in("id", part.iter().copied());
        found.extend(source.list(Router::TABLE, select.query(), |row| row.parse::<RouterId>("id")).await?);
    }
    Ok(found)
}

/// The routers that live on a host.
pub(crate) async fn on_host(source: &mut Source<'_>, host: &str) -> Result<Vec<Router>, DbError> {
    let here = "EXISTS (SELECT 1 FROM router_hosts h WHERE h.router_id = routers.id AND h.host = ?)";
    Router::all(source, Router::select().and(here, host)).await
}

/// The hosts of some routers, as far as they live on any.
pub(crate) async fn hosts_of(
    source: &mut Source<'_>,
    routers: &[RouterId],
) -> Result<HashMap<RouterId, String>, DbError> {
    let mut found = HashMap::new();
    for part in routers.chunks(500) {
        let select = Select::new("router_id, host", "router_hosts").and_in("router_id", part.iter().copied());
        found.extend(source.list("router_hosts", select.query(), home).await?);
    }
    Ok(found)
}

fn home(row: &Row) -> Result<(RouterId, String), DbError> {
    Ok((row.parse("router_id")?, row.text("host")?))
}

/// Says where a router lives.
pub(crate) async fn place(tx: &mut Tx, router: RouterId, host: &str) -> Result<(), DbError> {
    let query = Query::new(
        "INSERT INTO router_hosts (router_id, host) VALUES ($1, $2) \
         ON CONFLICT (router_id) DO UPDATE SET host = excluded.host",
    );
    tx.touch(Router::TABLE, router);
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
    let select = FloatingIp::select().and("port_id = ?", port);
    let select = match address {
        None => select,
        Some(address) => select.and("fixed_ip_address = ?", address.to_string()),
    };
    for mut floating in FloatingIp::all(&mut *tx, select).await? {
        // its router has to forget it
        tx.touch(Router::TABLE, floating.router_id.map(|id| id.to_string()).unwrap_or_default());
        (floating.port_id, floating.fixed_ip_address, floating.router_id) = (None, None, None);
        floating.revision_number += 1;
        floating.save(tx).await?;
    }
    Ok(())
}
