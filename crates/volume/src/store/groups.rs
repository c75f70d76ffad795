//! Groups: found by name of their type, with what is in them.

use kogge_db::{DbError, Executor, Query, Record as _, Tx};
use kogge_ids::{VolumeGroupId, VolumeId};

use crate::model::group::GroupType;
use crate::model::volume::Volume;

/// The type of groups of this name.
pub(crate) async fn type_named(db: impl Executor, name: &str) -> Result<Option<GroupType>, DbError> {
    let select = GroupType::select().and("name = ?", name);
    db.find(GroupType::TABLE, select.query(), GroupType::from_row).await
}

/// The volumes of a group, locked in the order of their ids.
pub(crate) async fn volumes_of(tx: &mut Tx, id: VolumeGroupId) -> Result<Vec<Volume>, DbError> {
    let ids = Query::new("SELECT id FROM volumes WHERE group_id = $1 ORDER BY id").bind(id);
    let mut found = Vec::new();
    for row in tx.all(ids).await? {
        let volume = Volume::lock(tx, &row.parse("id")?).await?;
        found.extend(volume.filter(|volume| volume.group_id == Some(id)));
    }
    Ok(found)
}

/// Whether a group has volumes.
pub(crate) async fn has_volumes(tx: &mut Tx, id: VolumeGroupId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS x FROM volumes WHERE group_id = $1 LIMIT 1");
    Ok(tx.optional(query.bind(id)).await?.is_some())
}

/// Whether a volume has snapshots.
pub(crate) async fn has_snapshots(tx: &mut Tx, id: VolumeId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS x FROM volume_snapshots WHERE volume_id = $1 LIMIT 1");
    Ok(tx.optional(query.bind(id)).await?.is_some())
}
