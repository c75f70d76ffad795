//! Consumers and what they hold.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Row, Tx};
use kogge_ids::ProviderId;

use super::inventories;
use crate::model::provider::{Allocation, Consumer};

fn allocation(row: &Row) -> Result<Allocation, DbError> {
    Ok(Allocation {
        consumer: row.text("consumer_id")?,
        provider: row.parse("provider_id")?,
        class: row.text("resource_class")?,
        used: row.int("used")?,
    })
}

fn consumer(row: &Row) -> Result<Consumer, DbError> {
    Ok(Consumer {
        id: row.text("id")?,
        project_id: row.text("project_id")?,
        user_id: row.text("user_id")?,
        consumer_type: row.opt_text("consumer_type")?,
        generation: row.int("generation")?,
    })
}

/// Usage of a project (and user, and consumer type): `(consumer type, class, amount)`.
pub(crate) async fn used_by(
    db: impl Executor,
    project: &str,
    user: Option<&str>,
) -> Result<Vec<(Option<String>, String, i64)>, DbError> {
    const SQL: &str = "SELECT c.consumer_type AS kind, a.resource_class AS resource_class,
            CAST(SUM(a.used) AS BIGINT) AS used
        FROM allocations a JOIN placement_consumers c ON c.id = a.consumer_id
        WHERE c.project_id = $1 AND (c.user_id = $2 OR $2 IS NULL)
        GROUP BY c.consumer_type, a.resource_class";
    let rows = db.all(Query::new(SQL).bind(project).bind(user)).await?;
    let read = |row: &Row| Ok((row.opt_text("kind")?, row.text("resource_class")?, row.int("used")?));
    rows.iter().map(read).collect()
}

/// How many consumers of a project (and user) hold something, by consumer type.
pub(crate) async fn holders(
    db: impl Executor,
    project: &str,
    user: Option<&str>,
) -> Result<Vec<(Option<String>, i64)>, DbError> {
    const SQL: &str = "SELECT consumer_type AS kind, COUNT(*) AS n FROM placement_consumers
        WHERE project_id = $1 AND (user_id = $2 OR $2 IS NULL) GROUP BY consumer_type";
    let rows = db.all(Query::new(SQL).bind(project).bind(user)).await?;
    rows.iter().map(|row| Ok((row.opt_text("kind")?, row.int("n")?))).collect()
}

pub(crate) async fn consumer_of(db: impl Executor, id: &str) -> Result<Option<Consumer>, DbError> {
    let query = Query::new("SELECT * FROM placement_consumers WHERE id = $1").bind(id);
    db.find("placement_consumers", query, consumer).await
}

/// Locks a consumer until the transaction ends, if there is one.
pub(crate) async fn lock_consumer(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    let lock = Query::new("UPDATE placement_consumers SET generation = generation WHERE id = $1");
    tx.execute(lock.bind(id)).await.map(drop)
}

pub(crate) async fn held_by(db: impl Executor, consumer: &str) -> Result<Vec<Allocation>, DbError> {
    let query =
        Query::new("SELECT * FROM allocations WHERE consumer_id = $1 ORDER BY provider_id, resource_class");
    db.list("allocations", query.bind(consumer), allocation).await
}

pub(crate) async fn held_at(db: impl Executor, id: ProviderId) -> Result<Vec<Allocation>, DbError> {
    let query =
        Query::new("SELECT * FROM allocations WHERE provider_id = $1 ORDER BY consumer_id, resource_class");
    db.list("allocations", query.bind(id), allocation).await
}

/// True where something of this class is held at the provider.
pub(crate) async fn is_held(db: impl Executor, id: ProviderId, class: &str) -> Result<bool, DbError> {
    let query =
        Query::new("SELECT 1 AS x FROM allocations WHERE provider_id = $1 AND resource_class = $2 LIMIT 1");
    Ok(db.optional(query.bind(id).bind(class)).await?.is_some())
}

/// Makes the consumer, or replaces what is known of it and counts a change.
pub(crate) async fn put_consumer(tx: &mut Tx, new: &Consumer, now: Timestamp) -> Result<(), DbError> {
    const SQL: &str =
        "INSERT INTO placement_consumers (id, project_id, user_id, consumer_type, generation, created_at)
        VALUES ($1, $2, $3, $4, 1, $5)
        ON CONFLICT (id) DO UPDATE SET project_id = excluded.project_id, user_id = excluded.user_id,
            consumer_type = COALESCE(excluded.consumer_type, placement_consumers.consumer_type),
            generation = placement_consumers.generation + 1";
    let query = Query::new(SQL).bind(&new.id).bind(&new.project_id).bind(&new.user_id);
    tx.execute(query.bind(new.consumer_type.as_ref()).bind(now)).await.map(drop)
}

pub(crate) async fn delete_consumer(tx: &mut Tx, id: &str) -> Result<u64, DbError> {
    tx.execute(Query::new("DELETE FROM placement_consumers WHERE id = $1").bind(id)).await
}

pub(crate) async fn insert(tx: &mut Tx, new: &Allocation, now: Timestamp) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO allocations (consumer_id, provider_id, resource_class, used, updated_at)
        VALUES ($1, $2, $3, $4, $5)";
    let query =
        Query::new(SQL).bind(&new.consumer).bind(new.provider).bind(&new.class).bind(new.used).bind(now);
    tx.execute(query).await?;
    inventories::count(tx, new.provider, &new.class, new.used).await
}

/// Drops what the consumer holds, at one provider or everywhere; how many allocations those were.
pub(crate) async fn delete(tx: &mut Tx, consumer: &str, at: Option<ProviderId>) -> Result<usize, DbError> {
    const SQL: &str = "DELETE FROM allocations WHERE consumer_id = $1 AND (provider_id = $2 OR $2 IS NULL)
        RETURNING consumer_id, provider_id, resource_class, used";
    let rows = tx.all(Query::new(SQL).bind(consumer).bind(at)).await?;
    let mut freed = rows.iter().map(allocation).collect::<Result<Vec<_>, _>>()?;
    // in one order, so that two that free at the same time never wait for each other
    freed.sort_by(|a, b| (a.provider, &a.class).cmp(&(b.provider, &b.class)));
    for one in &freed {
        inventories::count(tx, one.provider, &one.class, -one.used).await?;
    }
    Ok(freed.len())
}
