//! Hosts: facts are written by `register_hosts`, the rest by admins.

use std::collections::BTreeSet;

use kogge_clock::Timestamp;
use kogge_db::record::Json;
use kogge_db::{Db, DbError, Direction, Executor, Query, Record as _, Tx};
use kogge_node_api::HostFacts;

use crate::model::host::Host;
use crate::store::{json, numbers};

/// All hosts by name.
pub(crate) async fn list(db: impl Executor) -> Result<Vec<Host>, DbError> {
    Host::all(db, Host::select().order_by("name", Direction::Ascending)).await
}

/// Some hosts by name.
pub(crate) async fn named(db: impl Executor, names: &BTreeSet<&str>) -> Result<Vec<Host>, DbError> {
    Host::all(db, Host::select().and_in("name", names.iter().copied())).await
}

/// Notes that a host is there; true where it is new.
pub(crate) async fn register(tx: &mut Tx, facts: &HostFacts, now: Timestamp) -> Result<bool, DbError> {
    let text = json(facts)?;
    let seen = Query::new("UPDATE compute_hosts SET facts = $2, seen_at = $3 WHERE name = $1");
    if tx.execute(seen.bind(&facts.name).bind(&text).bind(now)).await? == 1 {
        return Ok(false);
    }
    let new = Host {
        name: facts.name.clone(),
        id: Host::hypervisor_id(&facts.name),
        service: Host::service_id(&facts.name),
        number: numbers::next(tx, "host").await?,
        facts: Json(facts.clone()),
        disabled: false,
        disabled_reason: None,
        forced_down: false,
        seen_at: now,
        created_at: now,
    };
    new.insert(tx).await
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
