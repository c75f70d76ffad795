//! Resource providers, their traits and aggregates.

use std::collections::BTreeSet;

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Row, Tx};
use kogge_ids::ProviderId;

use crate::model::provider::Provider;

fn provider(row: &Row) -> Result<Provider, DbError> {
    Ok(Provider {
        id: row.parse("id")?,
        name: row.text("name")?,
        generation: row.int("generation")?,
        parent: row.opt_parse("parent_id")?,
        root: row.parse("root_id")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

const COLUMNS: &str =
    "SELECT id, name, generation, parent_id, root_id, created_at, updated_at FROM resource_providers";

macro_rules! select {
    ($rest:literal) => {
        Query::new(concat!(
            "SELECT id, name, generation, parent_id, root_id, created_at, updated_at FROM resource_providers ",
            $rest
        ))
    };
}

pub(crate) async fn insert(tx: &mut Tx, new: &Provider) -> Result<(), DbError> {
    const SQL: &str =
        "INSERT INTO resource_providers (id, name, generation, parent_id, root_id, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let query =
        Query::new(SQL).bind(new.id).bind(&new.name).bind(new.generation).bind(new.parent).bind(new.root);
    tx.execute(query.bind(new.created_at).bind(new.updated_at)).await.map(drop)
}

pub(crate) async fn get(db: impl Executor, id: ProviderId) -> Result<Option<Provider>, DbError> {
    db.find("resource_providers", select!("WHERE id = $1").bind(id), provider).await
}

pub(crate) async fn list(db: impl Executor) -> Result<Vec<Provider>, DbError> {
    db.list("resource_providers", Query::new(COLUMNS), provider).await
}

/// Name, parent and root of a provider.
pub(crate) async fn update(tx: &mut Tx, changed: &Provider) -> Result<u64, DbError> {
    const SQL: &str = "UPDATE resource_providers SET name = $1, parent_id = $2, root_id = $3, updated_at = $4 WHERE id = $5";
    let query = Query::new(SQL).bind(&changed.name).bind(changed.parent).bind(changed.root);
    tx.execute(query.bind(changed.updated_at).bind(changed.id)).await
}

/// Everything below `old` moves under `new`.
pub(crate) async fn set_root(tx: &mut Tx, ids: &[ProviderId], new: ProviderId) -> Result<(), DbError> {
    for id in ids {
        let query = Query::new("UPDATE resource_providers SET root_id = $1 WHERE id = $2");
        tx.execute(query.bind(new).bind(*id)).await?;
    }
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, id: ProviderId) -> Result<u64, DbError> {
    tx.execute(Query::new("DELETE FROM resource_providers WHERE id = $1").bind(id)).await
}

/// Counts a change and thereby locks the provider until the transaction ends. Zero: gone, or not at `expected`.
pub(crate) async fn bump(
    tx: &mut Tx,
    id: ProviderId,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<u64, DbError> {
    const SQL: &str = "UPDATE resource_providers SET generation = generation + 1, updated_at = $1
        WHERE id = $2 AND (generation = $3 OR $3 IS NULL)";
    tx.execute(Query::new(SQL).bind(now).bind(id).bind(expected)).await
}

/// Locks a provider until the transaction ends, without counting a change.
pub(crate) async fn lock(tx: &mut Tx, id: ProviderId) -> Result<u64, DbError> {
    tx.execute(Query::new("UPDATE resource_providers SET generation = generation WHERE id = $1").bind(id))
        .await
}

fn pair(row: &Row) -> Result<(ProviderId, String), DbError> {
    Ok((row.parse("provider_id")?, row.text("word")?))
}

/// All pairs of provider and trait.
pub(crate) async fn traits(db: impl Executor) -> Result<Vec<(ProviderId, String)>, DbError> {
    let query = Query::new("SELECT provider_id, trait AS word FROM provider_traits");
    db.list("provider_traits", query, pair).await
}

/// All pairs of provider and aggregate.
pub(crate) async fn aggregates(db: impl Executor) -> Result<Vec<(ProviderId, String)>, DbError> {
    let query = Query::new("SELECT provider_id, aggregate_id AS word FROM provider_aggregates");
    db.list("provider_aggregates", query, pair).await
}

pub(crate) async fn traits_of(db: impl Executor, id: ProviderId) -> Result<BTreeSet<String>, DbError> {
    let query = Query::new("SELECT trait AS word FROM provider_traits WHERE provider_id = $1");
    Ok(db.list("provider_traits", query.bind(id), |row| row.text("word")).await?.into_iter().collect())
}

pub(crate) async fn aggregates_of(db: impl Executor, id: ProviderId) -> Result<BTreeSet<String>, DbError> {
    let query = Query::new("SELECT aggregate_id AS word FROM provider_aggregates WHERE provider_id = $1");
    Ok(db.list("provider_aggregates", query.bind(id), |row| row.text("word")).await?.into_iter().collect())
}

pub(crate) async fn set_traits(tx: &mut Tx, id: ProviderId, names: &BTreeSet<String>) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM provider_traits WHERE provider_id = $1").bind(id)).await?;
    for name in names {
        let query = Query::new("INSERT INTO provider_traits (provider_id, trait) VALUES ($1, $2)");
        tx.execute(query.bind(id).bind(name)).await?;
    }
    Ok(())
}

pub(crate) async fn set_aggregates(
    tx: &mut Tx,
    id: ProviderId,
    ids: &BTreeSet<String>,
) -> Result<(), DbError> {
    tx.execute(Query::new("DELETE FROM provider_aggregates WHERE provider_id = $1").bind(id)).await?;
    for aggregate in ids {
        let query = Query::new("INSERT INTO provider_aggregates (provider_id, aggregate_id) VALUES ($1, $2)");
        tx.execute(query.bind(id).bind(aggregate)).await?;
    }
    Ok(())
}
