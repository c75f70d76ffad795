//! Snapshots: what is due, and what is under way.

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Record as _, Select};
use kogge_ids::{GroupSnapshotId, VolumeId};

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

/// Whether the data of a volume are being copied into a snapshot, or soon will be: until then nobody may change them.
pub(crate) async fn being_made(db: impl Executor, volume: VolumeId) -> Result<bool, DbError> {
    let select = Select::new("COUNT(*) AS n", Snapshot::TABLE)
        .and("volume_id = ?", volume)
        .and("status = ?", "creating")
        .and_fixed("NOT made")
        .and("due_at < ?", crate::model::doing::NEVER);
    Ok(db.one(select.query()).await?.int("n")? > 0)
}

/// The snapshots that are part of a group's.
pub(crate) async fn of_group(db: impl Executor, group: GroupSnapshotId) -> Result<Vec<Snapshot>, DbError> {
    let select = Snapshot::select().and("group_snapshot_id = ?", group).order_by("id", Direction::Ascending);
    db.list(Snapshot::TABLE, select.query(), Snapshot::from_row).await
}
