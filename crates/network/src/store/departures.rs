//! Ports of servers that are gone, until compute has noticed.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Row, Tx};
use kogge_ids::PortId;

pub(crate) async fn insert(
    tx: &mut Tx,
    port: PortId,
    device_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let insert = Query::new(
        "INSERT INTO port_departures (port_id, device_id, departed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (port_id) DO NOTHING",
    );
    tx.execute(insert.bind(port).bind(device_id).bind(now)).await.map(drop)
}

/// At most `most` of them, by id, behind `after`.
pub(crate) async fn list(
    db: impl Executor,
    after: Option<PortId>,
    most: i64,
) -> Result<Vec<(PortId, String)>, DbError> {
    let read = |row: &Row| Ok((row.parse("port_id")?, row.text("device_id")?));
    let query = Query::new(
        "SELECT port_id, device_id FROM port_departures WHERE port_id > $1 ORDER BY port_id LIMIT $2",
    );
    let after = after.map_or_else(String::new, |port| port.to_string());
    db.list("port_departures", query.bind(after).bind(most), read).await
}

pub(crate) async fn remove(tx: &mut Tx, port: PortId) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM port_departures WHERE port_id = $1").bind(port)).await.map(drop)
}
