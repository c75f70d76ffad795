//! Backups: what builds on which, and whose data they are.

use std::collections::BTreeSet;

use kogge_clock::Timestamp;
use kogge_db::{DbError, Direction, Executor, Record as _, Select};
use kogge_ids::{BackupId, ProjectId, VolumeId};

use crate::model::backup::Backup;

/// Those of these backups that others build on.
pub(crate) async fn with_increments(
    db: impl Executor,
    ids: impl IntoIterator<Item = BackupId>,
) -> Result<BTreeSet<BackupId>, DbError> {
    let select = Select::new("DISTINCT parent_id", Backup::TABLE).and_in("parent_id", ids);
    let found = db.list(Backup::TABLE, select.query(), |row| row.parse("parent_id")).await?;
    Ok(found.into_iter().collect())
}

/// The newest whole backup of a volume in a project, whose data are older than `before`: what an increment builds on.
pub(crate) async fn latest(
    db: impl Executor,
    volume: VolumeId,
    project: &ProjectId,
    before: Option<Timestamp>,
) -> Result<Option<BackupId>, DbError> {
    let select = Select::new("id", Backup::TABLE)
        .and("volume_id = ?", volume)
        .and("project_id = ?", project)
        .and("status = ?", "available")
        .and_fixed("made")
        .and_some("data_at < ?", before)
        .order_by("data_at", Direction::Descending)
        .order_by("id", Direction::Descending)
        .slice(1, 0);
    Ok(select.fetch(db, |row| row.parse("id")).await?.items.pop())
}

/// The backups whose data these are.
pub(crate) async fn of_data(db: impl Executor, data: BackupId) -> Result<Vec<BackupId>, DbError> {
    let select =
        Select::new("id", Backup::TABLE).and("data_id = ?", data).order_by("id", Direction::Ascending);
    db.list(Backup::TABLE, select.query(), |row| row.parse("id")).await
}

/// Whether a volume is being made of a backup.
pub(crate) async fn is_read(db: impl Executor, id: BackupId) -> Result<bool, DbError> {
    let select =
        Select::new("COUNT(*) AS n", "volumes").and("backup_id = ?", id).and_fixed("status = 'creating'");
    Ok(db.one(select.query()).await?.int("n")? > 0)
}
