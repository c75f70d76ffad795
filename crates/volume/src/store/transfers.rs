//! Of transfers: the snapshots that go along.

use kogge_db::{DbError, Direction, Executor, Record as _, Select, Tx};
use kogge_ids::{VolumeId, VolumeSnapshotId};

use crate::model::snapshot::Snapshot;

/// The snapshots of a volume, locked, the latest last.
pub(crate) async fn snapshots(tx: &mut Tx, volume: VolumeId) -> Result<Vec<Snapshot>, DbError> {
    let select = Select::new("id", Snapshot::TABLE)
        .and("volume_id = ?", volume)
        .order_by("created_at", Direction::Ascending)
        .order_by("id", Direction::Ascending);
    let ids: Vec<VolumeSnapshotId> =
        (&mut *tx).list(Snapshot::TABLE, select.query(), |row| row.parse("id")).await?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(Snapshot::lock(tx, &id).await?);
    }
    Ok(found)
}
