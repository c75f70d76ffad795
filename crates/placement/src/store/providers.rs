//! Resource providers, their traits and aggregates.

use std::collections::BTreeSet;

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Record as _, Row, Tx};
use kogge_ids::ProviderId;

use crate::error::Error;
use crate::model::provider::Provider;

/// All of them.
pub(crate) async fn list(db: impl Executor) -> Result<Vec<Provider>, DbError> {
    Provider::all(db, Provider::select()).await
}

/// Writes a provider whose name may be another's.
pub(crate) async fn save(tx: &mut Tx, changed: &Provider) -> Result<(), Error> {
    let saved = changed.save(tx).await;
    saved.map_err(|error| match error.is_unique_violation() {
        true => Error::name_taken(&changed.name),
        false => error.into(),
    })
}

/// Everything below `old` moves under `new`.
pub(crate) async fn set_root(tx: &mut Tx, ids: &[ProviderId], new: ProviderId) -> Result<(), DbError> {
    for id in ids {
        let query = Query::new("UPDATE resource_providers SET root_id = $1 WHERE id = $2");
        tx.execute(query.bind(new).bind(*id)).await?;
    }
    Ok(())
}

/// Counts a change and thereby locks the provider until the transaction ends. False: there is none.
pub(crate) async fn bump(tx: &mut Tx, id: ProviderId, now: Timestamp) -> Result<bool, DbError> {
    const SQL: &str =
        "UPDATE resource_providers SET generation = generation + 1, updated_at = $1 WHERE id = $2";
    Ok(tx.execute(Query::new(SQL).bind(now).bind(id)).await? == 1)
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
