//! What became of a volume, for operators.

use kogge_db::{Direction, Record as _};
use kogge_ids::VolumeId;
use kogge_resource::story::Line;

use crate::Volumes;
use crate::error::Result;
use crate::model::backup::Backup;
use crate::model::message::Message;
use crate::model::snapshot::Snapshot;
use crate::model::story::{Known, story};
use crate::model::volume::Volume;
use crate::model::volume_type::VolumeType;
use crate::store::attachments;

/// So many things of a kind are told of, the newest.
const MOST: u32 = 200;

impl Volumes {
    /// What became of a volume; nothing where there is none of this id.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn story(&self, id: VolumeId) -> Result<Option<Vec<Line>>> {
        let db = self.db();
        let Some(volume) = Volume::get(db, &id).await? else { return Ok(None) };
        let kind = VolumeType::get(db, &volume.type_id).await?;
        let snapshots = Snapshot::select().and("volume_id = ?", id);
        let backups = Backup::select().and("volume_id = ?", id);
        let messages = Message::select().and("resource_id = ?", id.to_string());
        let newest = "created_at";
        let known = Known {
            type_name: kind.map_or_else(|| volume.type_id.to_string(), |kind| kind.name),
            ties: attachments::of_volume(db, id).await?,
            snapshots: Snapshot::all(db, snapshots.order_by(newest, Direction::Descending).slice(MOST, 0))
                .await?,
            backups: Backup::all(db, backups.order_by(newest, Direction::Descending).slice(MOST, 0)).await?,
            messages: Message::all(db, messages.order_by(newest, Direction::Descending).slice(MOST, 0))
                .await?,
            volume,
        };
        Ok(Some(story(&known, self.now())))
    }
}
