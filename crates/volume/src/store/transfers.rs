//! Of transfers: the snapshots that go along, and what stands against one.

use kogge_db::{DbError, Direction, Executor, Query, Record as _, Select, Tx};
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

/// Whether something is being made of a volume's data.
pub(crate) async fn is_being_read(tx: &mut Tx, volume: VolumeId) -> Result<bool, DbError> {
    let query = Query::new(
        "SELECT (SELECT COUNT(*) FROM volume_snapshots WHERE volume_id = $1 AND status = 'creating') \
         + (SELECT COUNT(*) FROM volumes WHERE source_id = $1 AND status = 'creating') \
         + (SELECT COUNT(*) FROM volume_backups WHERE volume_id = $1 AND status = 'creating') AS n",
    );
    Ok(tx.one(query.bind(volume)).await?.int("n")? > 0)
}

/// Forgets the offers of a volume.
pub(crate) async fn forget(tx: &mut Tx, volume: VolumeId) -> Result<(), DbError> {
    let query = Query::new("DELETE FROM volume_transfers WHERE volume_id = $1");
    tx.execute(query.bind(volume)).await.map(drop)
}
