//! Volume types: by name, as far as a project may use them.

use kogge_db::{DbError, Executor, Query, Record as _, Tx, record};
use kogge_ids::{ProjectId, QosSpecId, VolumeTypeId};

use crate::model::quota::PER_TYPE;
use crate::model::volume_type::VolumeType;

record! {
    /// The type of a project's volumes for which nobody named one.
    pub(crate) DefaultType in "volume_default_types" {
        /// The project.
        project_id: ProjectId,
        /// The type.
        type_id: VolumeTypeId,
    }
}

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

/// The projects with access to a type, in order.
pub(crate) async fn with_access(db: impl Executor, id: VolumeTypeId) -> Result<Vec<String>, DbError> {
    let query =
        Query::new("SELECT project_id FROM volume_type_access WHERE type_id = $1 ORDER BY project_id");
    db.list("volume_type_access", query.bind(id), |row| row.text("project_id")).await
}

/// Gives a project access; false where it had it.
pub(crate) async fn give_access(tx: &mut Tx, id: VolumeTypeId, project: &str) -> Result<bool, DbError> {
    let query = Query::new(
        "INSERT INTO volume_type_access (type_id, project_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    );
    Ok(tx.execute(query.bind(id).bind(project)).await? == 1)
}

/// Takes access away; false where the project had none.
pub(crate) async fn take_access(tx: &mut Tx, id: VolumeTypeId, project: &str) -> Result<bool, DbError> {
    let query = Query::new("DELETE FROM volume_type_access WHERE type_id = $1 AND project_id = $2");
    Ok(tx.execute(query.bind(id).bind(project)).await? == 1)
}

/// The default type of a project, if it has one.
pub(crate) async fn default_of(db: impl Executor, project: &str) -> Result<Option<VolumeType>, DbError> {
    let select = VolumeType::select()
        .and("id IN (SELECT type_id FROM volume_default_types WHERE project_id = ?)", project);
    db.find(VolumeType::TABLE, select.query(), VolumeType::from_row).await
}

/// Sets the default type of a project.
pub(crate) async fn put_default(tx: &mut Tx, row: &DefaultType) -> Result<(), DbError> {
    if !row.insert(tx).await? {
        row.save(tx).await?;
    }
    Ok(())
}

/// Whether a type is some project's default.
pub(crate) async fn is_default(tx: &mut Tx, id: VolumeTypeId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS x FROM volume_default_types WHERE type_id = $1 LIMIT 1");
    Ok(tx.optional(query.bind(id)).await?.is_some())
}

/// Whether volumes are of a type.
pub(crate) async fn has_volumes(tx: &mut Tx, id: VolumeTypeId) -> Result<bool, DbError> {
    let query = Query::new("SELECT 1 AS x FROM volumes WHERE type_id = $1 LIMIT 1");
    Ok(tx.optional(query.bind(id)).await?.is_some())
}

/// Whether anything is of a type, or is to be: volumes, snapshots, or groups that take volumes of it.
pub(crate) async fn is_used(tx: &mut Tx, id: VolumeTypeId) -> Result<bool, DbError> {
    let query = Query::new(
        "SELECT 1 AS x FROM volumes WHERE type_id = $1 \
         UNION ALL SELECT 1 AS x FROM volume_snapshots WHERE type_id = $1 \
         UNION ALL SELECT 1 AS x FROM volumes WHERE status = 'retyping' AND doing LIKE $2 \
         UNION ALL SELECT 1 AS x FROM volume_groups WHERE type_ids LIKE $2 LIMIT 1",
    );
    Ok(tx.optional(query.bind(id).bind(format!("%{id}%"))).await?.is_some())
}

/// Types with these qualities of service.
pub(crate) async fn with_qos(db: impl Executor, qos: QosSpecId) -> Result<Vec<VolumeType>, DbError> {
    let select = VolumeType::select().and("qos_id = ?", qos).order_by("name", kogge_db::Direction::Ascending);
    db.list(VolumeType::TABLE, select.query(), VolumeType::from_row).await
}

/// Gives the limits of a type to its new name, or takes them away with it.
pub(crate) async fn rename_limits(tx: &mut Tx, from: &str, to: Option<&str>) -> Result<(), DbError> {
    for resource in PER_TYPE {
        if let Some(to) = to {
            let clear = Query::new("DELETE FROM volume_quota_limits WHERE resource = $1");
            tx.execute(clear.bind(format!("{resource}_{to}"))).await?;
            let rename = Query::new("UPDATE volume_quota_limits SET resource = $2 WHERE resource = $1");
            tx.execute(rename.bind(format!("{resource}_{from}")).bind(format!("{resource}_{to}"))).await?;
        } else {
            let clear = Query::new("DELETE FROM volume_quota_limits WHERE resource = $1");
            tx.execute(clear.bind(format!("{resource}_{from}"))).await?;
        }
    }
    Ok(())
}

/// Takes away what is still noted of a type that nothing is of.
pub(crate) async fn forget_usage(tx: &mut Tx, id: VolumeTypeId) -> Result<(), DbError> {
    let forget = Query::new("DELETE FROM volume_usage WHERE type_id = $1").bind(id);
    tx.execute(forget).await.map(drop)
}

/// Takes qualities of service away from all types that have them.
pub(crate) async fn forget_qos(tx: &mut Tx, qos: QosSpecId) -> Result<(), DbError> {
    let forget = Query::new("UPDATE volume_types SET qos_id = NULL WHERE qos_id = $1").bind(qos);
    tx.execute(forget).await.map(drop)
}

/// Ids and names of all types.
pub(crate) async fn names(db: impl Executor) -> Result<Vec<(String, String)>, DbError> {
    let query = Query::new("SELECT id, name FROM volume_types ORDER BY name");
    db.list(VolumeType::TABLE, query, |row| Ok((row.text("id")?, row.text("name")?))).await
}
