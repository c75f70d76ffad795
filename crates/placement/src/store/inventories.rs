//! What providers have.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Row, Tx};
use kogge_ids::ProviderId;

use crate::model::inventory::Inventory;

fn inventory(row: &Row) -> Result<Inventory, DbError> {
    Ok(Inventory {
        class: row.text("resource_class")?,
        total: row.int("total")?,
        reserved: row.int("reserved")?,
        min_unit: row.int("min_unit")?,
        max_unit: row.int("max_unit")?,
        step_size: row.int("step_size")?,
        allocation_ratio: row.real("allocation_ratio")?,
    })
}

/// All of all providers.
pub(crate) async fn list(db: impl Executor) -> Result<Vec<(ProviderId, Inventory)>, DbError> {
    let query = Query::new("SELECT * FROM inventories ORDER BY resource_class");
    let read = |row: &Row| Ok((row.parse("provider_id")?, inventory(row)?));
    db.list("inventories", query, read).await
}

pub(crate) async fn of(db: impl Executor, id: ProviderId) -> Result<Vec<Inventory>, DbError> {
    let query = Query::new("SELECT * FROM inventories WHERE provider_id = $1 ORDER BY resource_class");
    db.list("inventories", query.bind(id), inventory).await
}

/// Makes or replaces the inventory of one class.
pub(crate) async fn put(tx: &mut Tx, id: ProviderId, new: &Inventory, now: Timestamp) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO inventories (provider_id, resource_class, total, reserved, min_unit, max_unit,
            step_size, allocation_ratio, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (provider_id, resource_class) DO UPDATE SET total = excluded.total, reserved = excluded.reserved,
            min_unit = excluded.min_unit, max_unit = excluded.max_unit, step_size = excluded.step_size,
            allocation_ratio = excluded.allocation_ratio, updated_at = excluded.updated_at";
    let query =
        Query::new(SQL).bind(id).bind(&new.class).bind(new.total).bind(new.reserved).bind(new.min_unit);
    let query = query.bind(new.max_unit).bind(new.step_size).bind(new.allocation_ratio).bind(now);
    tx.execute(query).await.map(drop)
}

pub(crate) async fn delete(tx: &mut Tx, id: ProviderId, class: &str) -> Result<u64, DbError> {
    let query = Query::new("DELETE FROM inventories WHERE provider_id = $1 AND resource_class = $2");
    tx.execute(query.bind(id).bind(class)).await
}
