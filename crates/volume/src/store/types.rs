//! Volume types: by name, as far as a project may use them.

use kogge_db::{DbError, Executor, Query, Record as _, Tx};
use kogge_ids::VolumeTypeId;

use crate::model::volume_type::VolumeType;

/// The type of this name.
pub(crate) async fn named(db: impl Executor, name: &str) -> Result<Option<VolumeType>, DbError> {
    let select = VolumeType::select().and("name = ?", name);
    db.find(VolumeType::TABLE, select.query(), VolumeType::from_row).await
}

/// The types with these ids.
pub(crate) async fn with_ids(
    db: impl Executor,
    ids: impl IntoIterator<Item = VolumeTypeId>,
) -> Result<Vec<VolumeType>, DbError> {
    let select = VolumeType::select().and_in("id", ids);
    db.list(VolumeType::TABLE, select.query(), VolumeType::from_row).await
}

/// Whether a project was given access to a type.
pub(crate) async fn has_access(db: impl Executor, id: VolumeTypeId, project: &str) -> Result<bool, DbError> {
    let query =
        Query::new("SELECT COUNT(*) AS n FROM volume_type_access WHERE type_id = $1 AND project_id = $2");
    Ok(db.one(query.bind(id).bind(project)).await?.int("n")? > 0)
}

/// Notes that a type of this name was seeded; false where it was before.
pub(crate) async fn note_seed(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let note = Query::new("INSERT INTO volume_type_seeds (name) VALUES ($1) ON CONFLICT DO NOTHING");
    Ok(tx.execute(note.bind(name)).await? > 0)
}
