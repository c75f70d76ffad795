//! Aggregates.

use kogge_db::{DbError, Executor, Query, Row, Tx};

use crate::model::host::Aggregate;
use crate::store::json;

fn read(row: &Row) -> Result<Aggregate, DbError> {
    Ok(Aggregate {
        number: row.int("number")?,
        uuid: row.parse("uuid")?,
        name: row.text("name")?,
        hosts: row.json("hosts")?,
        metadata: row.json("metadata")?,
        created_at: row.time("created_at")?,
        updated_at: row.opt_time("updated_at")?,
    })
}

/// All aggregates by number.
pub(crate) async fn list(db: impl Executor) -> Result<Vec<Aggregate>, DbError> {
    let query = Query::new(
        "SELECT number, uuid, name, hosts, metadata, created_at, updated_at FROM aggregates ORDER BY number",
    );
    db.list("aggregates", query, read).await
}

/// Locks all aggregates until the transaction ends: there are few, and admins change them seldom.
pub(crate) async fn lock(tx: &mut Tx) -> Result<(), DbError> {
    tx.execute(Query::new("UPDATE aggregates SET name = name")).await.map(drop)
}

pub(crate) async fn insert(tx: &mut Tx, aggregate: &Aggregate) -> Result<(), DbError> {
    let insert = Query::new(
        "INSERT INTO aggregates (number, uuid, name, hosts, metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    );
    let insert = insert
        .bind(aggregate.number)
        .bind(aggregate.uuid)
        .bind(&aggregate.name)
        .bind(json(&aggregate.hosts)?)
        .bind(json(&aggregate.metadata)?)
        .bind(aggregate.created_at);
    tx.execute(insert).await.map(drop)
}

pub(crate) async fn update(tx: &mut Tx, aggregate: &Aggregate) -> Result<(), DbError> {
    let update = Query::new(
        "UPDATE aggregates SET name = $2, hosts = $3, metadata = $4, updated_at = $5 WHERE number = $1",
    );
    let update = update
        .bind(aggregate.number)
        .bind(&aggregate.name)
        .bind(json(&aggregate.hosts)?)
        .bind(json(&aggregate.metadata)?)
        .bind(aggregate.updated_at);
    tx.execute(update).await.map(drop)
}

pub(crate) async fn delete(tx: &mut Tx, number: i64) -> Result<bool, DbError> {
    Ok(tx.execute(Query::new("DELETE FROM aggregates WHERE number = $1").bind(number)).await? == 1)
}
