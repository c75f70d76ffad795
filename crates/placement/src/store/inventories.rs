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

/// All of all providers, and how much of each is used.
pub(crate) async fn list(db: impl Executor) -> Result<Vec<(ProviderId, Inventory, i64)>, DbError> {
    let query = Query::new("SELECT * FROM inventories ORDER BY resource_class");
    let read = |row: &Row| Ok((row.parse("provider_id")?, inventory(row)?, row.int("used")?));
    db.list("inventories", query, read).await
}

/// All of a provider, and how much of each is used.
pub(crate) async fn stock(db: impl Executor, id: ProviderId) -> Result<Vec<(Inventory, i64)>, DbError> {
    let query = Query::new("SELECT * FROM inventories WHERE provider_id = $1 ORDER BY resource_class");
    db.list("inventories", query.bind(id), |row| Ok((inventory(row)?, row.int("used")?))).await
}

/// Counts `amount` more, or less, of an inventory as used.
pub(crate) async fn count(tx: &mut Tx, id: ProviderId, class: &str, amount: i64) -> Result<(), DbError> {
    let query =
        Query::new("UPDATE inventories SET used = used + $3 WHERE provider_id = $1 AND resource_class = $2");
    tx.execute(query.bind(id).bind(class).bind(amount)).await.map(drop)
}

/// Counts anew what is used of all inventories.
pub(crate) async fn recount(tx: &mut Tx) -> Result<(), DbError> {
    const SQL: &str =
        "UPDATE inventories SET used = COALESCE((SELECT CAST(SUM(a.used) AS BIGINT) FROM allocations a
        WHERE a.provider_id = inventories.provider_id AND a.resource_class = inventories.resource_class), 0)";
    tx.execute(Query::new(SQL)).await.map(drop)
}

/// Inventories whose count is not the sum of their allocations: provider, class, count and sum.
pub(crate) async fn miscounted(db: impl Executor) -> Result<Vec<(ProviderId, String, i64, i64)>, DbError> {
    const SQL: &str =
        "SELECT i.provider_id AS provider_id, i.resource_class AS resource_class, i.used AS used,
            CAST(COALESCE(SUM(a.used), 0) AS BIGINT) AS held
        FROM inventories i LEFT JOIN allocations a
            ON a.provider_id = i.provider_id AND a.resource_class = i.resource_class
        GROUP BY i.provider_id, i.resource_class, i.used HAVING i.used <> COALESCE(SUM(a.used), 0)
        ORDER BY i.provider_id, i.resource_class";
    let read = |row: &Row| {
        Ok((row.parse("provider_id")?, row.text("resource_class")?, row.int("used")?, row.int("held")?))
    };
    db.list("inventories", Query::new(SQL), read).await
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
