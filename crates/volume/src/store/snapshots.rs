//! Snapshots of a volume.

use kogge_db::{DbError, Executor, Query, Record as _, Tx};
use kogge_ids::{VolumeId, VolumeSnapshotId};

use crate::model::snapshot::Snapshot;

/// Whether a volume is being made of a snapshot.
pub(crate) async fn is_being_copied(db: impl Executor, id: VolumeSnapshotId) -> Result<bool, DbError> {
    let query =
        Query::new("SELECT 1 AS x FROM volumes WHERE snapshot_id = $1 AND status = 'creating' LIMIT 1");
    Ok(db.optional(query.bind(id)).await?.is_some())
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
