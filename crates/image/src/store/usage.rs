//! What each project has, as one row that changes with its images.

use kogge_db::{DbError, Executor, Query, Row, Tx};

use crate::model::image::Image;
use crate::model::status::Status;

/// What a project has, or what one image adds to that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Images.
    pub(crate) images: i64,
    /// Bytes of data, also of deleted images that servers still need.
    pub(crate) stored: i64,
    /// Bytes staged for imports.
    pub(crate) staged: i64,
    /// Images whose data are coming in.
    pub(crate) uploading: i64,
}

impl Usage {
    /// What an image adds.
    fn of(image: &Image) -> Self {
        Self {
            images: 1,
            stored: image.data.as_ref().map_or(0, |data| data.size),
            staged: image.staged.as_ref().map_or(0, |staged| staged.size),
            uploading: i64::from(image.status.is_moving()),
        }
    }

    /// What the image of a row adds.
    fn of_row(row: &Row) -> Result<Self, DbError> {
        let (size, with_data) = (row.opt_int("size")?.unwrap_or(0), row.opt_text("checksum")?.is_some());
        let moving = row.text("status")?.parse().is_ok_and(Status::is_moving);
        Ok(Self {
            images: 1,
            stored: if with_data { size } else { 0 },
            staged: if with_data { 0 } else { size },
            uploading: i64::from(moving),
        })
    }

    fn minus(self, other: Self) -> Self {
        Self {
            images: self.images - other.images,
            stored: self.stored - other.stored,
            staged: self.staged - other.staged,
            uploading: self.uploading - other.uploading,
        }
    }
}

/// What an image adds, and to which project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Share {
    owner: Option<String>,
    usage: Usage,
}

impl Share {
    pub(super) fn of(image: &Image) -> Self {
        Self { owner: image.owner.clone(), usage: Usage::of(image) }
    }

    /// The share of the image as it is written down; nothing for one that is not there.
    pub(super) async fn written(tx: &mut Tx, image: kogge_ids::ImageId) -> Result<Self, DbError> {
        let query = Query::new("SELECT owner, status, size, checksum FROM images WHERE id = $1").bind(image);
        let Some(row) = tx.optional(query).await? else { return Ok(Self::default()) };
        Ok(Self { owner: row.opt_text("owner")?, usage: Usage::of_row(&row)? })
    }
}

/// Counts that an image's share is no longer `before` but `after`. Projects change in the order of their ids, so that
/// two transactions never wait for each other.
pub(super) async fn change(tx: &mut Tx, before: Share, after: Share) -> Result<(), DbError> {
    if before.owner == after.owner {
        return add(tx, after.owner.as_deref(), after.usage.minus(before.usage)).await;
    }
    let mut both = [(before.owner, Usage::default().minus(before.usage)), (after.owner, after.usage)];
    both.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (owner, usage) in both {
        add(tx, owner.as_deref(), usage).await?;
    }
    Ok(())
}

/// Counts bytes, or fewer, of data that are kept though their image goes away.
pub(super) async fn keep(tx: &mut Tx, owner: Option<&str>, bytes: i64) -> Result<(), DbError> {
    add(tx, owner, Usage { stored: bytes, ..Usage::default() }).await
}

/// Adds to what a project has; its row stays locked until the transaction ends.
async fn add(tx: &mut Tx, project: Option<&str>, more: Usage) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO image_usage (project, images, stored, staged, uploading)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (project) DO UPDATE SET images = image_usage.images + excluded.images,
            stored = image_usage.stored + excluded.stored, staged = image_usage.staged + excluded.staged,
            uploading = image_usage.uploading + excluded.uploading";
    let Some(project) = project.filter(|_| more != Usage::default()) else { return Ok(()) };
    let query = Query::new(SQL).bind(project).bind(more.images).bind(more.stored);
    tx.execute(query.bind(more.staged).bind(more.uploading)).await.map(drop)
}

/// What a project has.
pub(crate) async fn get(db: impl Executor, project: &str) -> Result<Usage, DbError> {
    let query = Query::new("SELECT * FROM image_usage WHERE project = $1").bind(project);
    let Some(row) = db.optional(query).await? else { return Ok(Usage::default()) };
    Ok(Usage {
        images: row.int("images")?,
        stored: row.int("stored")?,
        staged: row.int("staged")?,
        uploading: row.int("uploading")?,
    })
}
