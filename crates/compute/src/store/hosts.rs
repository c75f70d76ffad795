//! Hosts: facts are written by `register_hosts`, the rest by admins.

use std::collections::BTreeSet;

use kogge_clock::Timestamp;
use kogge_db::{Db, DbError, Direction, Executor, Query, Row, Select, Tx};
use kogge_node_api::HostFacts;

use crate::model::host::Host;
use crate::store::{json, numbers};

fn read(row: &Row) -> Result<Host, DbError> {
    Ok(Host {
        id: row.parse("id")?,
        service: row.parse("service_id")?,
        number: row.int("number")?,
        facts: row.json("facts")?,
        disabled: row.bool("disabled")?,
        disabled_reason: row.opt_text("disabled_reason")?,
        forced_down: row.bool("forced_down")?,
        seen_at: row.time("seen_at")?,
        created_at: row.time("created_at")?,
    })
}

const COLUMNS: &str =
    "id, service_id, number, facts, disabled, disabled_reason, forced_down, seen_at, created_at";

/// All hosts by name.
pub(crate) async fn list(db: impl Executor) -> Result<Vec<Host>, DbError> {
    let select = Select::new(COLUMNS, "compute_hosts").order_by("name", Direction::Ascending);
    db.list("compute_hosts", select.query(), read).await
}

/// Some hosts by name.
pub(crate) async fn named(db: impl Executor, names: &BTreeSet<&str>) -> Result<Vec<Host>, DbError> {
    let select = Select::new(COLUMNS, "compute_hosts").and_in("name", names.iter().copied());
    db.list("compute_hosts", select.query(), read).await
}

/// Notes that a host is there; true where it is new.
pub(crate) async fn register(tx: &mut Tx, facts: &HostFacts, now: Timestamp) -> Result<bool, DbError> {
    let text = json(facts)?;
    let seen = Query::new("UPDATE compute_hosts SET facts = $2, seen_at = $3 WHERE name = $1");
    if tx.execute(seen.bind(&facts.name).bind(&text).bind(now)).await? == 1 {
        return Ok(false);
    }
    let number = numbers::next(tx, "host").await?;
    let insert = Query::new(
        "INSERT INTO compute_hosts (name, id, service_id, number, facts, seen_at, disabled, forced_down, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, FALSE, FALSE, $6) ON CONFLICT (name) DO NOTHING",
    );
    let insert = insert
        .bind(&facts.name)
        .bind(Host::hypervisor_id(&facts.name))
        .bind(Host::service_id(&facts.name))
        .bind(number)
        .bind(text)
        .bind(now);
    Ok(tx.execute(insert).await? == 1)
}

/// Notes that these hosts were heard of; answers those that are known.
pub(crate) async fn heard_of(db: &Db, names: &[String], now: Timestamp) -> Result<BTreeSet<String>, DbError> {
    let mut tx = db.begin().await?;
    let mut heard = BTreeSet::new();
    let ordered: BTreeSet<&String> = names.iter().collect();
    for name in ordered {
        let seen = Query::new("UPDATE compute_hosts SET seen_at = $2 WHERE name = $1").bind(name).bind(now);
        if tx.execute(seen).await? == 1 {
            heard.insert(name.clone());
        }
    }
    tx.commit().await?;
    Ok(heard)
}

/// Writes what admins decide.
pub(crate) async fn update(tx: &mut Tx, host: &Host) -> Result<(), DbError> {
    let update = Query::new(
        "UPDATE compute_hosts SET disabled = $2, disabled_reason = $3, forced_down = $4 WHERE name = $1",
    );
    let update = update
        .bind(host.name())
        .bind(host.disabled)
        .bind(host.disabled_reason.clone())
        .bind(host.forced_down);
    tx.execute(update).await.map(drop)
}
