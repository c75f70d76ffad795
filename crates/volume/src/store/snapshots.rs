//! Snapshots of a volume.

use kogge_db::{DbError, Executor as _, Query, Record as _, Tx};
use kogge_ids::VolumeId;

use crate::model::snapshot::Snapshot;

/// The snapshots of a volume, locked.
pub(crate) async fn lock_of_volume(tx: &mut Tx, volume: VolumeId) -> Result<Vec<Snapshot>, DbError> {
    let ids = Query::new("SELECT id FROM volume_snapshots WHERE volume_id = $1 ORDER BY id").bind(volume);
    let mut found = Vec::new();
    for row in tx.all(ids).await? {
        found.extend(Snapshot::lock(tx, &row.parse("id")?).await?);
    }
    Ok(found)
}
