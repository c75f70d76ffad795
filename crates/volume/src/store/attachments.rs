//! Attachments: found by their volume, server or host.

use kogge_db::{DbError, Direction, Executor, Record as _};
use kogge_ids::VolumeId;

use crate::model::attachment::Attachment;

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
