//! Snapshots of groups, and what is in them.

use kogge_db::{DbError, Executor as _, Query, Record as _, Tx};
use kogge_ids::{GroupSnapshotId, VolumeGroupId};

use crate::model::snapshot::Snapshot;
use crate::model::status::SnapshotStatus;

/// Whether a group has snapshots.
pub(crate) async fn has_any(tx: &mut Tx, group: VolumeGroupId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS x FROM volume_group_snapshots WHERE group_id = $1 LIMIT 1");
    Ok(tx.optional(query.bind(group)).await?.is_some())
}

/// Whether a volume is being made of a snapshot in it.
pub(crate) async fn is_being_copied(tx: &mut Tx, id: GroupSnapshotId) -> Result<bool, DbError> {
    let query = Query::new(
        "SELECT 1 AS x FROM volumes WHERE status = 'creating' AND snapshot_id IN \
         (SELECT id FROM volume_snapshots WHERE group_snapshot_id = $1) LIMIT 1",
    );
    Ok(tx.optional(query.bind(id)).await?.is_some())
}

/// What is in it, locked in the order of the ids.
pub(crate) async fn lock_parts(tx: &mut Tx, id: GroupSnapshotId) -> Result<Vec<Snapshot>, DbError> {
    let query = Query::new("SELECT id FROM volume_snapshots WHERE group_snapshot_id = $1 ORDER BY id");
    let mut found = Vec::new();
    for row in tx.all(query.bind(id)).await? {
        found.extend(Snapshot::lock(tx, &row.parse("id")?).await?);
    }
    Ok(found)
}

/// What those in it are doing.
pub(crate) async fn statuses(tx: &mut Tx, id: GroupSnapshotId) -> Result<Vec<SnapshotStatus>, DbError> {
    let query = Query::new("SELECT status FROM volume_snapshots WHERE group_snapshot_id = $1");
    tx.all(query.bind(id)).await?.iter().map(|row| row.parse("status")).collect()
}
