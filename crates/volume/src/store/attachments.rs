//! Attachments: found by their volume, server or host.

use kogge_db::{DbError, Direction, Executor, Query, Record as _, Row, Select};
use kogge_ids::{AttachmentId, ServerId, VolumeId};

use crate::model::attachment::Attachment;
use crate::model::doing::{Doing, Job};

/// The attachments of a volume, the oldest first.
pub(crate) async fn of_volume(db: impl Executor, volume: VolumeId) -> Result<Vec<Attachment>, DbError> {
    of_volumes(db, [volume]).await
}

/// The attachments of these volumes, the oldest first.
pub(crate) async fn of_volumes(
    db: impl Executor,
    volumes: impl IntoIterator<Item = VolumeId>,
) -> Result<Vec<Attachment>, DbError> {
    let select = Attachment::select()
        .and_in("volume_id", volumes)
        .order_by("created_at", Direction::Ascending)
        .order_by("id", Direction::Ascending);
    db.list(Attachment::TABLE, select.query(), Attachment::from_row).await
}

/// The attachments that a service of ours made, with the server that each is for.
pub(crate) async fn held_by(
    db: impl Executor,
    holder: &'static str,
    most: u32,
) -> Result<Vec<(AttachmentId, VolumeId, String)>, DbError> {
    let select = Select::new("id, volume_id, server_id", Attachment::TABLE)
        .and("holder = ?", holder)
        .order_by("id", Direction::Ascending)
        .slice(most, 0);
    let read = |row: &Row| {
        Ok((row.parse("id")?, row.parse("volume_id")?, row.opt_text("server_id")?.unwrap_or_default()))
    };
    db.list(Attachment::TABLE, select.query(), read).await
}

/// When the first of the copies was asked for that are being made of a volume `v`: snapshots, and backups of what is in use.
macro_rules! first_copy {
    () => {
        "(SELECT MIN(c.created_at) FROM (SELECT volume_id, created_at FROM volume_snapshots WHERE status = 'creating' \
         UNION ALL SELECT volume_id, created_at FROM volume_backups WHERE status = 'creating') c \
         WHERE c.volume_id = v.id) AS first"
    };
}

/// Whether a copy is being made of a volume that was asked for before this moment, or at it.
pub(crate) async fn is_copied_since(db: impl Executor, id: VolumeId, moment: i64) -> Result<bool, DbError> {
    let query = Query::new(concat!("SELECT ", first_copy!(), " FROM volumes v WHERE v.id = $1"));
    let rows = db.list(Attachment::TABLE, query.bind(id), |row| row.opt_time("first")).await?;
    Ok(rows.into_iter().flatten().any(|first| first.as_micros() <= moment))
}

/// The attachments of a service of ours whose volumes are to grow in use, with the GiB that they should have. What is copied
/// keeps its size until the copy is there.
pub(crate) async fn growing(
    db: impl Executor,
    holder: &'static str,
) -> Result<Vec<(AttachmentId, ServerId, i64)>, DbError> {
    let query = Query::new(concat!(
        "SELECT a.id, a.server_id, v.size_gib, v.doing, ",
        first_copy!(),
        " FROM volumes v \
         JOIN volume_attachments a ON a.volume_id = v.id \
         WHERE v.status = 'extending' AND a.holder = $1 AND a.status = 'attached' ORDER BY a.id",
    ));
    let read = |row: &Row| {
        let job: Job<Doing> = row.json("doing")?;
        let waits = row.opt_time("first")?.is_some_and(|first| first.as_micros() <= job.since);
        Ok((!waits).then_some((row.parse("id")?, row.parse("server_id")?, row.int("size_gib")?)))
    };
    let found = db.list(Attachment::TABLE, query.bind(holder), read).await?;
    Ok(found.into_iter().flatten().collect())
}
