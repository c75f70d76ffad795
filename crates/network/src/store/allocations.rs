//! Addresses in use. The key (network, address) is what keeps two ports apart, whatever runs at the same time.

use std::collections::HashMap;
use std::net::IpAddr;

use kogge_db::{DbError, Executor, Query, Record as _, Row, Select, Tx};
use kogge_ids::{NetworkId, PortId, SubnetId};

use super::marks;
use super::rows::{Port, Subnet};
use crate::model::address::{Pool, of_slot, slot};
use kogge_db::Source;

/// An address of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct FixedIp {
    /// Its subnet.
    pub subnet_id: SubnetId,
    /// The address.
    pub ip_address: IpAddr,
}

/// Takes an address; false where somebody has it.
pub(crate) async fn take(
    tx: &mut Tx,
    subnet: &Subnet,
    address: IpAddr,
    port: PortId,
) -> Result<bool, DbError> {
    let query = Query::new(
        "INSERT INTO ip_allocations (network_id, address, subnet_id, port_id, slot) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    );
    let query = query.bind(subnet.network_id).bind(address.to_string()).bind(subnet.id).bind(port);
    tx.touch(Port::TABLE, port);
    Ok(tx.execute(query.bind(slot(&subnet.cidr, address))).await? == 1)
}

/// Gives an address of a port back.
pub(crate) async fn release(tx: &mut Tx, port: PortId, address: IpAddr) -> Result<(), DbError> {
    tx.touch(Port::TABLE, port);
    let query = Query::new(
        "DELETE FROM ip_allocations WHERE port_id = $1 AND address = $2 RETURNING subnet_id, slot",
    );
    given_back(&tx.all(query.bind(port).bind(address.to_string())).await?)
}

/// Gives all addresses of a port back.
pub(crate) async fn release_all(tx: &mut Tx, port: PortId) -> Result<(), DbError> {
    tx.touch(Port::TABLE, port);
    let query = Query::new("DELETE FROM ip_allocations WHERE port_id = $1 RETURNING subnet_id, slot");
    given_back(&tx.all(query.bind(port)).await?)
}

/// Gives all addresses of a subnet back that ports still have.
pub(crate) async fn release_subnet(tx: &mut Tx, subnet: SubnetId) -> Result<(), DbError> {
    let query = Query::new("DELETE FROM ip_allocations WHERE subnet_id = $1 RETURNING port_id");
    for row in tx.all(query.bind(subnet)).await? {
        tx.touch(Port::TABLE, row.parse::<PortId>("port_id")?);
    }
    Ok(())
}

fn given_back(rows: &[Row]) -> Result<(), DbError> {
    for row in rows {
        if let Some(slot) = row.opt_int("slot")? {
            marks::lower(row.parse("subnet_id")?, slot);
        }
    }
    Ok(())
}

/// The lowest free address of a pool, as far as this process knows ([`marks`]). The work grows neither with the addresses
/// in use nor with the size of the pool.
pub(crate) async fn lowest_free(
    tx: &mut Tx,
    subnet: &Subnet,
    pool: &Pool,
) -> Result<Option<IpAddr>, DbError> {
    let Some(first) = slot(&subnet.cidr, pool.start) else { return Ok(None) };
    let last = slot(&subnet.cidr, pool.end).unwrap_or(i64::MAX);
    let begin = marks::begin(subnet.id, first);
    let mut found = free_from(tx, subnet, begin, last).await?;
    if found.is_none() && begin > first {
        found = free_from(tx, subnet, first, last).await?;
    }
    let Some(free) = found else { return Ok(None) };
    marks::raise(subnet.id, first, free);
    Ok(Some(of_slot(&subnet.cidr, free)))
}

/// The lowest free slot from `begin` to `last`.
async fn free_from(tx: &mut Tx, subnet: &Subnet, begin: i64, last: i64) -> Result<Option<i64>, DbError> {
    let taken = Query::new("SELECT slot FROM ip_allocations WHERE subnet_id = $1 AND slot = $2");
    if begin <= last && tx.optional(taken.bind(subnet.id).bind(begin)).await?.is_none() {
        return Ok(Some(begin));
    }
    let gap = Query::new(
        "SELECT a.slot + 1 AS free FROM ip_allocations a WHERE a.subnet_id = $1 AND a.slot >= $2 AND a.slot < $3 \
         AND NOT EXISTS (SELECT 1 FROM ip_allocations b WHERE b.subnet_id = a.subnet_id AND b.slot = a.slot + 1) \
         ORDER BY a.slot LIMIT 1",
    );
    let row = tx.optional(gap.bind(subnet.id).bind(begin).bind(last)).await?;
    row.map(|row| row.int("free")).transpose()
}

/// The addresses of some ports, [`in_order`].
pub(crate) async fn of_ports(
    source: &mut Source<'_>,
    ports: &[PortId],
) -> Result<HashMap<PortId, Vec<FixedIp>>, DbError> {
    let mut found: HashMap<PortId, Vec<FixedIp>> = HashMap::new();
    for part in ports.chunks(500) {
        let select = Select::new("port_id, subnet_id, address", "ip_allocations")
            .and_in("port_id", part.iter().copied());
        let read = |row: &Row| {
            let ip = FixedIp { subnet_id: row.parse("subnet_id")?, ip_address: row.parse("address")? };
            Ok((row.parse("port_id")?, ip))
        };
        for (port, ip) in source.list("ip_allocations", select.query(), read).await? {
            found.entry(port).or_default().push(ip);
        }
    }
    found.values_mut().for_each(|ips| in_order(ips));
    Ok(found)
}

/// Sorts addresses of a port as Neutron shows them: as texts, whatever was asked for.
pub(crate) fn in_order(ips: &mut [FixedIp]) {
    if ips.len() > 1 {
        ips.sort_by_cached_key(|ip| (ip.ip_address.to_string(), ip.subnet_id));
    }
}

/// Who has an address of a network.
pub(crate) async fn holder(
    tx: &mut Tx,
    network: NetworkId,
    address: IpAddr,
) -> Result<Option<PortId>, DbError> {
    let query = Query::new("SELECT port_id FROM ip_allocations WHERE network_id = $1 AND address = $2");
    let row = tx.optional(query.bind(network).bind(address.to_string())).await?;
    row.map(|row| row.parse("port_id")).transpose()
}

/// How many addresses of each subnet of these networks are in use.
pub(crate) async fn used(
    source: &mut Source<'_>,
    networks: &[NetworkId],
) -> Result<HashMap<SubnetId, i64>, DbError> {
    const USED: &str = "id, (SELECT COUNT(*) FROM ip_allocations a WHERE a.subnet_id = subnets.id) AS used";
    let select = Select::new(USED, Subnet::TABLE).and_in("network_id", networks.iter().copied());
    let read = |row: &Row| Ok((row.parse("id")?, row.int("used")?));
    Ok(select.fetch(source, read).await?.items.into_iter().collect())
}
