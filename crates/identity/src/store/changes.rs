//! What other processes wrote: only that is read, however much there is.

use std::collections::{BTreeMap, BTreeSet};

use kogge_clock::Timestamp;
use kogge_db::{DbError, Executor, Query, Row, Select, Source, Tx};

use super::{load, take_in};
use crate::error::Result;
use crate::model::{Change, Kind};
use crate::snapshot::Snapshot;

/// So many writes are remembered.
const REMEMBERED: i64 = 1000;
/// Records that are asked for at once.
const AT_ONCE: usize = 500;

type Changed = BTreeMap<Kind, BTreeSet<String>>;

/// Says to other processes which records the write of this number changes.
pub(crate) async fn note(tx: &mut Tx, version: i64, changes: &[Change]) -> Result<(), DbError> {
    for change in changes {
        let (kind, id) = change.record();
        let insert =
            "INSERT INTO identity_changes (version, kind, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        tx.execute(Query::new(insert).bind(version).bind(kind.name()).bind(id)).await?;
    }
    let forget = Query::new("DELETE FROM identity_changes WHERE version <= $1");
    tx.execute(forget.bind(version - REMEMBERED)).await.map(drop)
}

/// `known` with all writes up to the number `newest`.
pub(crate) async fn catch_up(
    source: &mut Source<'_>,
    known: &Snapshot,
    newest: i64,
    opened: Timestamp,
) -> Result<Snapshot> {
    let Some(changed) = since(source, known.version, newest).await? else {
        return load(source, opened).await;
    };
    let mut next = known.clone();
    let damage = source.damage_book();
    for (kind, ids) in changed {
        let ids: Vec<String> = ids.into_iter().collect();
        for part in ids.chunks(AT_ONCE) {
            let select = Select::new("id, doc", kind.table()).and_in("id", part.iter().map(String::as_str));
            let rows = source.all(select.query()).await?;
            next.forget_unreadable(kind, part);
            let there: BTreeSet<String> = rows.iter().map(Row::key).collect();
            for id in part.iter().filter(|id| !there.contains(*id)) {
                next.apply(&Change::Delete(kind, id.clone()));
            }
            take_in(&mut next, kind, &rows, &damage, opened);
        }
    }
    next.settle();
    next.version = newest;
    Ok(next)
}

/// What the writes behind `known` changed; `None` where not all of them are remembered, or by kinds that only a newer
/// version knows.
async fn since(source: &mut Source<'_>, known: i64, newest: i64) -> Result<Option<Changed>, DbError> {
    let query =
        Query::new("SELECT version, kind, id FROM identity_changes WHERE version > $1 AND version <= $2");
    let rows = source.all(query.bind(known).bind(newest)).await?;
    let (mut changed, mut versions) = (Changed::new(), BTreeSet::new());
    for row in &rows {
        versions.insert(row.int("version")?);
        let Some(kind) = Kind::named(row.str("kind")?) else { return Ok(None) };
        changed.entry(kind).or_default().insert(row.text("id")?);
    }
    let whole = i64::try_from(versions.len()).is_ok_and(|count| count == newest - known);
    Ok(whole.then_some(changed))
}

#[cfg(test)]
mod tests;
