//! Snapshots: what is due, and what is under way.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Query, Record as _, Select, Tx};
use kogge_ids::VolumeId;

use crate::model::snapshot::Snapshot;

/// Most that are due at once; the others come with the next look.
pub(crate) const BATCH: u32 = 1000;

/// The ids of the rows of a table that have something to do now, the longest due first.
pub(crate) async fn due(
    db: impl Executor,
    table: &'static str,
    now: Timestamp,
) -> Result<Vec<String>, DbError> {
    let select = Select::new("id", table)
        .and("due_at <= ?", now.as_micros())
        .order_by("due_at", Direction::Ascending)
        .slice(BATCH, 0);
    Ok(select.fetch(db, |row| row.text("id")).await?.items)
}

/// The snapshots of a volume, locked.
pub(crate) async fn lock_of_volume(tx: &mut Tx, volume: VolumeId) -> Result<Vec<Snapshot>, DbError> {
    let ids = Query::new("SELECT id FROM volume_snapshots WHERE volume_id = $1 ORDER BY id").bind(volume);
    let mut found = Vec::new();
    for row in tx.all(ids).await? {
        found.extend(Snapshot::lock(tx, &row.parse("id")?).await?);
    }
    Ok(found)
}
